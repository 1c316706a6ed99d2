//! Lets messages pass in their order, counted, except those of partitions that the settings close: they are to be tried again.

#![cfg(any(target_family = "wasm", test))]
#![allow(unsafe_code, reason = "the exports that the macro generates")]

use dongting_sdk::transform::{Applied, Draft, Error, Guest, Kind, Message};
use dongting_sdk::{config, state};

struct Plugin;

#[derive(serde::Deserialize)]
struct Settings {
    #[serde(default)]
    closed: Vec<String>,
    #[serde(default)]
    traps: bool,
}

impl Guest for Plugin {
    fn apply(batch: Vec<Message>) -> Result<Applied, Error> {
        let settings: Settings = config::settings()?;
        let mut applied = Applied { drafts: Vec::new(), rejected: Vec::new() };
        for (input, message) in (0u32..).zip(&batch) {
            let poison = message.body.ends_with(b"poison\"");
            if settings.traps || poison {
                let nothing = batch.len().checked_sub(batch.len() + 1);
                #[allow(clippy::unwrap_used, reason = "it is to trap")]
                return Err(Error::Other(nothing.unwrap().to_string()));
            }
            if settings.closed.contains(&message.partition) {
                return Err(Error::Retry((format!("{} is closed", message.partition), None)));
            }
            let count: u64 = state::get("count")?.unwrap_or(0) + 1;
            state::set("count", &count)?;
            let said = String::from_utf8_lossy(&message.body).into_owned();
            let mut draft = Draft::json(
                "em.test.assessment.v1",
                ("test", Kind::Assessment),
                &message.region,
                (&message.key, message.time),
                &(count, said),
            )?;
            draft.from = vec![input];
            applied.drafts.push(draft);
        }
        Ok(applied)
    }
}

dongting_sdk::export_transform!(Plugin);
