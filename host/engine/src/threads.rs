//! Threads that go before all others, for what an alert waits for; and threads below all others, for what plugins compute for bulk lanes, for
//! reading the bulk lane's history, and for compiling; and further below, for what candidates compute beside what is at work. Nothing that
//! others wait for may be held while one of the lower ones waits for a core.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::task::Poll;
use std::time::Duration;

use dongting_manifest::Lane;
use dongting_priority::Priority;
use dongting_sandbox::{Meter, Metered};
use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;
use tokio::task::JoinSet;

use crate::worker::Shared;

/// What a call may compute before all else. Most take a tenth of it; the clock that interrupts them ticks as often.
const BRIEFLY: Duration = Duration::from_millis(5);

/// Ends its threads when it is dropped.
pub struct Threads {
    pub handle: Handle,
    _alive: oneshot::Sender<()>,
}

impl Threads {
    /// A runtime of its own, kept by a thread of its own: one that is dropped among async tasks would panic.
    pub fn start(name: &'static str, priority: Priority) -> std::io::Result<Self> {
        let (alive, ended) = oneshot::channel::<()>();
        let (sender, receiver) = mpsc::channel();
        std::thread::Builder::new().name(name.to_owned()).spawn(move || {
            if let Err(error) = priority.take() {
                tracing::warn!(
                    "The threads for what is {name} have the priority of all others, so an alert may wait for a core. Let the host schedule them (LimitRTPRIO=2 in its unit, or CAP_SYS_NICE): {error}"
                );
            }
            // Each by itself: one for what blocks is started by whoever asks for it, and inherits from that.
            let take = move || drop(priority.take());
            match Builder::new_multi_thread().enable_all().thread_name(name).on_thread_start(take).build() {
                Ok(runtime) => {
                    let _ = sender.send(Ok(runtime.handle().clone()));
                    // Ends with an error, when the other side is dropped.
                    let _ = runtime.block_on(ended);
                    runtime.shutdown_background();
                }
                Err(error) => {
                    let _ = sender.send(Err(error));
                }
            }
        })?;
        let handle = receiver.recv().map_err(std::io::Error::other)??;
        Ok(Self { handle, _alive: alive })
    }
}

impl Shared {
    /// Where work for a lane is done, but for what plugins compute.
    pub fn threads(&self, lane: Lane) -> &Handle {
        if lane == Lane::Bulk { &self.usual } else { &self.urgent.handle }
    }

    /// What a plugin computes for a lane. None where it was interrupted.
    pub async fn compute<T: Send + 'static>(
        &self,
        lane: Lane,
        brief: &Brief,
        call: impl Future<Output = T> + Send + 'static,
    ) -> Option<T> {
        if lane == Lane::Bulk {
            on(&self.bulk.handle, call).await
        } else {
            brief.call(call, &self.usual).await
        }
    }
}

/// None where it was interrupted. Dropped, it ends the work.
pub async fn on<T: Send + 'static>(
    threads: &Handle,
    work: impl Future<Output = T> + Send + 'static,
) -> Option<T> {
    let mut works = JoinSet::new();
    works.spawn_on(work, threads);
    works.join_next().await?.ok()
}

/// Calls on threads that go before all others, as long as they are brief: what computes for longer goes on elsewhere, and what is called
/// after it begins there, until one was brief again.
#[derive(Default)]
pub struct Brief {
    long: AtomicBool,
}

impl Brief {
    async fn call<T: Send + 'static>(
        &self,
        call: impl Future<Output = T> + Send + 'static,
        elsewhere: &Handle,
    ) -> Option<T> {
        let meter = Arc::new(Meter::default());
        let mut call = Metered::new(call, Arc::clone(&meter));
        let is_long = || meter.used() > BRIEFLY;
        let mut done = None;
        if !self.long.load(Ordering::Relaxed) {
            let here = poll_fn(|context| match Pin::new(&mut call).poll(context) {
                Poll::Ready(done) => Poll::Ready(Some(done)),
                Poll::Pending if is_long() => Poll::Ready(None),
                Poll::Pending => Poll::Pending,
            });
            done = here.await;
        }
        if done.is_none() {
            done = on(elsewhere, call).await;
        }
        self.long.store(is_long(), Ordering::Relaxed);
        done
    }
}

#[cfg(test)]
mod tests {
    use rustix::process::getpriority_process;

    use super::*;

    /// Computes for so long, yields, and tells the name of the thread on which it ended.
    async fn computing(length: Duration) -> String {
        let meter = Arc::new(Meter::default());
        let work = async {
            for number in 0..u64::MAX {
                std::hint::black_box(number);
                if number.is_multiple_of(100_000) {
                    tokio::task::yield_now().await;
                    if meter.used() >= length {
                        break;
                    }
                }
            }
        };
        Metered::new(work, Arc::clone(&meter)).await;
        std::thread::current().name().unwrap_or_default().to_owned()
    }

    #[tokio::test]
    async fn what_computes_for_long_goes_on_elsewhere_and_the_next_begins_there() {
        let (brief, elsewhere) = (Brief::default(), Threads::start("elsewhere", Priority::Bulk).unwrap());
        let ended_on = async |length| brief.call(computing(length), &elsewhere.handle).await.unwrap();
        let here = ended_on(Duration::ZERO).await;
        assert_ne!(here, "elsewhere");
        assert_eq!(ended_on(4 * BRIEFLY).await, "elsewhere");
        assert_eq!(ended_on(Duration::ZERO).await, "elsewhere");
        assert_eq!(ended_on(Duration::ZERO).await, here);
    }

    /// A runtime starts a thread for what blocks from that of whoever asks for it.
    #[tokio::test]
    async fn what_blocks_has_the_priority_of_its_threads_and_not_of_who_asks() {
        let threads = Threads::start("bulk", Priority::Bulk).unwrap();
        let nice = || (Priority::taken(), getpriority_process(None).unwrap());
        assert_eq!(nice(), (None, 0));
        assert_eq!(threads.handle.spawn_blocking(nice).await.unwrap(), (Some(Priority::Bulk), 10));
        assert_eq!(threads.handle.spawn(async move { nice() }).await.unwrap(), (Some(Priority::Bulk), 10));
    }

    #[tokio::test]
    async fn a_call_that_is_dropped_ends_wherever_it_is() {
        let (brief, elsewhere) = (Brief::default(), Threads::start("elsewhere", Priority::Bulk).unwrap());
        let (alive, ended) = oneshot::channel::<()>();
        let (there, mut is_there) = oneshot::channel::<()>();
        let call = async move {
            let _alive = alive;
            computing(4 * BRIEFLY).await;
            let _ = there.send(());
            std::future::pending::<()>().await;
        };
        tokio::select! {
            _ = brief.call(call, &elsewhere.handle) => panic!("it never ends by itself"),
            _ = &mut is_there => {}
        }
        assert!(ended.await.is_err());
    }
}
