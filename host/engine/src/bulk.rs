//! Threads below all others: for what plugins compute for bulk lanes, for reading the bulk lane's history, and for compiling; and further
//! below, for what candidates compute beside what is at work. It keeps no alert, no view and no request waiting for a core. Nothing that
//! others wait for may be held while one of these threads waits.

use std::sync::mpsc;

use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;

/// Nice values. The scheduler gives a thread at 0 nine times as much as one of bulk work where both want a core, and at once; and that seven
/// times as much as one beside it.
const BULK: i32 = 10;
const BESIDE: i32 = 19;

/// Ends its threads when it is dropped.
pub struct Bulk {
    pub handle: Handle,
    _alive: oneshot::Sender<()>,
}

impl Bulk {
    pub fn start() -> std::io::Result<Self> {
        Self::threads("bulk", BULK)
    }

    /// For what nobody waits for at all.
    pub fn beside() -> std::io::Result<Self> {
        Self::threads("beside", BESIDE)
    }

    /// A runtime of its own, kept by a thread of its own: one that is dropped among async tasks would panic.
    fn threads(name: &'static str, nice: i32) -> std::io::Result<Self> {
        let (alive, ended) = oneshot::channel::<()>();
        let (sender, receiver) = mpsc::channel();
        std::thread::Builder::new().name(name.to_owned()).spawn(move || {
            let runtime = Builder::new_multi_thread()
                .enable_all()
                .thread_name(name)
                .on_thread_start(move || lower(nice))
                .build();
            match runtime {
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

/// On Linux this is the calling thread's alone.
fn lower(nice: i32) {
    if let Err(error) = rustix::process::setpriority_process(None, nice) {
        tracing::warn!("What is to run below all else runs at the priority of all else: {error}");
    }
}
