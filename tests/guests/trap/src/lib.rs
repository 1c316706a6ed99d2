//! Traps.

#![cfg(any(target_family = "wasm", test))]
#![allow(unsafe_code, reason = "the exports that the macro generates")]

use dongting_sdk::transform::{Applied, Error, Guest, Message};

struct Plugin;

impl Guest for Plugin {
    fn apply(batch: Vec<Message>) -> Result<Applied, Error> {
        let nothing = batch.len().checked_sub(batch.len() + 1);
        #[allow(clippy::unwrap_used, reason = "it is to trap")]
        let count = nothing.unwrap();
        Err(Error::Other(count.to_string()))
    }
}

dongting_sdk::export_transform!(Plugin);
