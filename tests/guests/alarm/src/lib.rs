//! Makes an assessment of each document and a warning of each assessment, and counts the warnings. For the run under overload.

#![cfg(any(target_family = "wasm", test))]
#![allow(unsafe_code, reason = "the exports that the macro generates")]

use dongting_sdk::decoder::{Decoded, Document};
use dongting_sdk::transform::{Applied, Draft, Error, Kind, Message};
use dongting_sdk::{decoder, state, transform};

struct Plugin;

#[derive(serde::Deserialize, serde::Serialize)]
struct Alarm {
    n: u64,
}

impl decoder::Guest for Plugin {
    fn decode(document: Document) -> Result<Decoded, Error> {
        let alarm: Alarm = serde_json::from_slice(&document.body)
            .map_err(|error| Error::Reject(format!("this is no alarm: {error}")))?;
        let at = (&*alarm.n.to_string(), document.received);
        let draft = Draft::json("em.alarm.assessment.v1", ("alarm", Kind::Assessment), "430100", at, &alarm)?;
        Ok(Decoded { drafts: vec![draft], rejects: Vec::new(), reply: None })
    }
}

impl transform::Guest for Plugin {
    fn apply(batch: Vec<Message>) -> Result<Applied, Error> {
        let mut applied = Applied { drafts: Vec::with_capacity(batch.len()), rejected: Vec::new() };
        let mut count: u64 = state::get("count")?.unwrap_or(0);
        for (input, message) in (0u32..).zip(&batch) {
            let alarm: Alarm = message.json().map_err(Error::Reject)?;
            count += 1;
            let at = (&*message.key, message.time);
            let mut draft =
                Draft::json("em.alarm.warning.v1", ("alarm", Kind::Warning), &message.region, at, &alarm)?;
            draft.from = vec![input];
            applied.drafts.push(draft);
        }
        state::set("count", &count)?;
        Ok(applied)
    }
}

dongting_sdk::export_decoder!(Plugin);
dongting_sdk::export_transform!(Plugin);
