//! Counts its polls in the state, asks nobody anything, and says every so manieth count.

#![cfg(any(target_family = "wasm", test))]
#![allow(unsafe_code, reason = "the exports that the macro generates")]

use dongting_sdk::message::{Draft, Error, Kind, Timestamp};
use dongting_sdk::source::Polled;
use dongting_sdk::{config, source, state};

struct Plugin;

#[derive(serde::Deserialize)]
struct Settings {
    every: u64,
}

impl source::Guest for Plugin {
    fn poll(cursor: Option<String>) -> Result<Polled, Error> {
        let Settings { every } = config::settings()?;
        let count: u64 = state::get("count")?.unwrap_or(0) + 1;
        state::set("count", &count)?;
        let mut drafts = Vec::new();
        if count.is_multiple_of(every) {
            let about = (&*count.to_string(), Timestamp::try_from(count).unwrap_or_default());
            let topic = ("test", Kind::Observation);
            drafts.push(Draft::json("em.test.observation.v1", topic, "430100", about, &count)?);
        }
        Ok(Polled { drafts, rejects: Vec::new(), cursor, complete_until: None, next: None })
    }
}

dongting_sdk::export_source!(Plugin);
