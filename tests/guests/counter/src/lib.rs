//! Counts its inputs in the state, and rejects one whose body says so.

#![cfg(any(target_family = "wasm", test))]
#![allow(unsafe_code, reason = "the exports that the macro generates")]

use dongting_sdk::state;
use dongting_sdk::transform::{Applied, Error, Guest, Message};
use dongting_sdk::transform::{Draft, Kind, Rejected};

struct Plugin;

impl Guest for Plugin {
    fn apply(batch: Vec<Message>) -> Result<Applied, Error> {
        let mut applied = Applied { drafts: Vec::new(), rejected: Vec::new() };
        for (input, message) in (0u32..).zip(&batch) {
            if message.body == b"\"reject\"" {
                applied.rejected.push(Rejected { input, reason: "it says so itself".to_owned() });
                continue;
            }
            let count: u64 = state::get("count")?.unwrap_or(0) + 1;
            state::set("count", &count)?;
            let mut draft = Draft::json(
                "em.test.assessment.v1",
                ("test", Kind::Assessment),
                &message.region,
                (&message.key, message.time),
                &count,
            )?;
            draft.from = vec![input];
            applied.drafts.push(draft);
        }
        Ok(applied)
    }
}

dongting_sdk::export_transform!(Plugin);
