//! Counts the documents delivered to it in the state, and makes an observation of each count.

#![cfg(any(target_family = "wasm", test))]
#![allow(unsafe_code, reason = "the exports that the macro generates")]

use dongting_sdk::decoder::{Decoded, Document, Draft, Error, Guest, Kind};
use dongting_sdk::state;

struct Plugin;

impl Guest for Plugin {
    fn decode(document: Document) -> Result<Decoded, Error> {
        let count: u64 = state::get("count")?.unwrap_or(0) + 1;
        state::set("count", &count)?;
        let (topic, about) = (("test", Kind::Observation), (&*count.to_string(), document.received));
        let draft = Draft::json("em.test.observation.v1", topic, "430100", about, &count)?;
        Ok(Decoded { drafts: vec![draft], rejects: Vec::new(), reply: None })
    }
}

dongting_sdk::export_decoder!(Plugin);
