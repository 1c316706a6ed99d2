//! Counts the readings of each partition and says the count beside the reading's own number: they are the same as long as none was lost,
//! doubled or out of its order. One that says it is poison traps. For the chaos run.

#![cfg(any(target_family = "wasm", test))]
#![allow(unsafe_code, reason = "the exports that the macro generates")]

use dongting_sdk::state;
use dongting_sdk::transform::{Applied, Draft, Error, Guest, Kind, Message};

struct Plugin;

#[derive(serde::Deserialize)]
struct Reading {
    partition: String,
    n: u64,
    #[serde(default)]
    poison: bool,
}

impl Guest for Plugin {
    fn apply(batch: Vec<Message>) -> Result<Applied, Error> {
        let mut applied = Applied { drafts: Vec::with_capacity(batch.len()), rejected: Vec::new() };
        for (input, message) in (0u32..).zip(&batch) {
            let reading: Reading = message.json().map_err(Error::Reject)?;
            if reading.poison {
                let nothing = batch.len().checked_sub(batch.len() + 1);
                #[allow(clippy::unwrap_used, reason = "it is to trap")]
                return Err(Error::Other(nothing.unwrap().to_string()));
            }
            let count: u64 = state::get(&reading.partition)?.unwrap_or(0) + 1;
            state::set(&reading.partition, &count)?;
            let said = serde_json::json!({ "partition": reading.partition, "n": reading.n, "count": count });
            let mut draft = Draft::json(
                "em.ledger.assessment.v1",
                ("ledger", Kind::Assessment),
                &message.region,
                (&message.key, message.time),
                &said,
            )?;
            draft.from = vec![input];
            draft.partition = Some(reading.partition);
            applied.drafts.push(draft);
        }
        Ok(applied)
    }
}

dongting_sdk::export_transform!(Plugin);
