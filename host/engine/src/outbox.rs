//! Committed outputs on their way to the bus, in their order.

use dongting_bus::Bus;
use dongting_manifest::Message;
use dongting_store::Store;

use crate::installed::{Installed, chain};

const BATCH: u32 = 256;

/// Publishes everything that is pending for the installation and deletes what the bus has stored.
pub async fn drain(installed: &Installed, bus: &Bus, store: &Store) -> Result<(), String> {
    loop {
        let pending = store.pending(installed.id(), BATCH).await.map_err(|error| chain(&error))?;
        if pending.is_empty() {
            return Ok(());
        }
        let messages: Vec<Message> = pending.iter().map(|one| one.message.clone()).collect();
        installed.publish(bus, &messages).await.map_err(|error| chain(&error))?;
        let positions: Vec<i64> = pending.iter().map(|one| one.position).collect();
        store.confirmed(&positions).await.map_err(|error| chain(&error))?;
    }
}
