//! Threads for what plugins compute for bulk lanes, and for compiling, below all others: it keeps no alert, no view and no request waiting for
//! a core. Nothing that others wait for may be held while one of these threads waits.

use std::sync::mpsc;

use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;

/// The nice value of the threads. The scheduler gives one at 0 nine times as much where both want a core, and at once.
const NICE: i32 = 10;

/// Ends its threads when it is dropped.
pub struct Bulk {
    pub handle: Handle,
    _alive: oneshot::Sender<()>,
}

impl Bulk {
    /// A runtime of its own, kept by a thread of its own: one that is dropped among async tasks would panic.
    pub fn start() -> std::io::Result<Self> {
        let (alive, ended) = oneshot::channel::<()>();
        let (sender, receiver) = mpsc::channel();
        std::thread::Builder::new().name("bulk".to_owned()).spawn(move || {
            let runtime =
                Builder::new_multi_thread().enable_all().thread_name("bulk").on_thread_start(lower).build();
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
fn lower() {
    if let Err(error) = rustix::process::setpriority_process(None, NICE) {
        tracing::warn!("Bulk work runs at the priority of all else: {error}");
    }
}
