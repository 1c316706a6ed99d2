//! Asks the host twenty times and does nothing with the answers: what time it takes, it waits.

#![cfg(any(target_family = "wasm", test))]
#![allow(unsafe_code, reason = "the exports that the macro generates")]

use dongting_sdk::state;
use dongting_sdk::transform::{Applied, Error, Guest, Message};

struct Plugin;

impl Guest for Plugin {
    fn apply(_: Vec<Message>) -> Result<Applied, Error> {
        for number in 0..20 {
            state::get::<u64>(&format!("key {number}"))?;
        }
        Ok(Applied { drafts: Vec::new(), rejected: Vec::new() })
    }
}

dongting_sdk::export_transform!(Plugin);
