//! CPU time of one call: thread CPU time over the polls of its future. Waiting for the host or for a turn is not in it.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

#[derive(Default)]
pub struct Meter {
    used_nanos: AtomicU64,
    /// Thread CPU clock when the running poll began.
    poll_began_nanos: AtomicU64,
    exceeded: AtomicBool,
}

/// A future whose polls are charged to a meter.
pub struct Metered<F> {
    future: Pin<Box<F>>,
    meter: Arc<Meter>,
}

impl Meter {
    /// Counts anew, for the next step of an instance that is kept.
    pub fn begin(&self) {
        self.used_nanos.store(0, Ordering::Relaxed);
        self.exceeded.store(false, Ordering::Relaxed);
    }

    pub fn used(&self) -> Duration {
        Duration::from_nanos(self.used_nanos.load(Ordering::Relaxed))
    }

    /// Whether the call was stopped for, or ended after, using more than `budget`.
    pub fn over_after(&self, budget: Duration) -> bool {
        self.exceeded.load(Ordering::Relaxed) || self.used() > budget
    }

    /// Called by the epoch callback, on the thread that polls: whether the call is over `budget` by now.
    pub fn over(&self, budget: Duration) -> bool {
        let running = thread_nanos().saturating_sub(self.poll_began_nanos.load(Ordering::Relaxed));
        let used = self.used_nanos.load(Ordering::Relaxed).saturating_add(running);
        let over = u128::from(used) > budget.as_nanos();
        if over {
            self.exceeded.store(true, Ordering::Relaxed);
        }
        over
    }
}

impl<F: Future> Metered<F> {
    pub fn new(future: F, meter: Arc<Meter>) -> Self {
        Self { future: Box::pin(future), meter }
    }
}

impl<F: Future> Future for Metered<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let began = thread_nanos();
        self.meter.poll_began_nanos.store(began, Ordering::Relaxed);
        let polled = self.future.as_mut().poll(context);
        let spent = thread_nanos().saturating_sub(began);
        self.meter.used_nanos.fetch_add(spent, Ordering::Relaxed);
        polled
    }
}

fn thread_nanos() -> u64 {
    let at = clock_gettime(ClockId::ThreadCPUTime);
    u64::try_from(at.tv_sec).unwrap_or(0).saturating_mul(1_000_000_000)
        + u64::try_from(at.tv_nsec).unwrap_or(0)
}
