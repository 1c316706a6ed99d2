//! Computes for as long as each reading says, and says that it has; what is urgent as a warning. For the run under overload.

#![cfg(any(target_family = "wasm", test))]
#![allow(unsafe_code, reason = "the exports that the macro generates")]

use dongting_sdk::state;
use dongting_sdk::transform::{Applied, Draft, Error, Guest, Kind, Message};

struct Plugin;

#[derive(serde::Deserialize)]
struct Reading {
    /// Rounds of a multiplication each.
    work: u64,
}

impl Guest for Plugin {
    fn apply(batch: Vec<Message>) -> Result<Applied, Error> {
        let mut applied = Applied { drafts: Vec::with_capacity(batch.len()), rejected: Vec::new() };
        let mut count: u64 = state::get("count")?.unwrap_or(0);
        for (input, message) in (0u32..).zip(&batch) {
            let reading: Reading = message.json().map_err(Error::Reject)?;
            let made = (0..reading.work).fold(0xcbf2_9ce4_8422_2325, |made: u64, round| {
                std::hint::black_box((made ^ round).wrapping_mul(0x0000_0100_0000_01b3))
            });
            count += 1;
            let at = (&*message.key, message.time);
            let (r#type, kind) = match message.kind {
                Kind::Assessment => ("em.toil.warning.v1", Kind::Warning),
                _ => ("em.toil.status.v1", Kind::Status),
            };
            let mut draft = Draft::json(r#type, ("toil", kind), &message.region, at, &made)?;
            draft.from = vec![input];
            applied.drafts.push(draft);
        }
        state::set("count", &count)?;
        Ok(applied)
    }
}

dongting_sdk::export_transform!(Plugin);
