//! Committed outputs on their way to the bus, in their order.

use dongting_manifest::Message;
use dongting_store::{Output, Pending};

use crate::installed::{Installed, chain};
use crate::worker::Shared;

const BATCH: u32 = 256;

/// Publishes everything that is pending for the installation and deletes what the bus has stored.
pub async fn drain(installed: &Installed, shared: &Shared) -> Result<(), String> {
    // Two at once would both publish the same rows, and the slower one behind newer ones.
    let _drain = installed.drain.lock().await;
    loop {
        let pending = shared.store.pending(installed.id(), BATCH).await.map_err(|error| chain(&error))?;
        if pending.is_empty() {
            return Ok(());
        }
        let mut messages: Vec<Message> = Vec::with_capacity(pending.len());
        let mut positions = Vec::with_capacity(pending.len());
        let mut letters = Vec::new();
        for Pending { position, output } in pending {
            positions.push(position);
            match output {
                Output::Message(message) => messages.push(message),
                Output::DeadLetter(letter) => letters.push(letter),
            }
        }
        installed.publish(&shared.publisher, &messages).await.map_err(|error| chain(&error))?;
        for letter in letters {
            installed.dead_letter(&shared.publisher, &letter).await.map_err(|error| chain(&error))?;
        }
        shared.store.confirmed(&positions).await.map_err(|error| chain(&error))?;
    }
}
