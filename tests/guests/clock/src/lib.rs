//! Says what time it is and what chance gives: both follow from the inputs.

#![cfg(any(target_family = "wasm", test))]
#![allow(unsafe_code, reason = "the exports that the macro generates")]

use dongting_sdk::transform::{Applied, Error, Guest, Message};
use std::hash::BuildHasher;

struct Plugin;

impl Guest for Plugin {
    fn apply(batch: Vec<Message>) -> Result<Applied, Error> {
        let now = std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .map_err(|error| Error::Other(error.to_string()))?;
        let chance = std::collections::hash_map::RandomState::new().hash_one("x");
        let said = format!("{} {chance} {}", now.as_micros(), std::env::vars().count());
        Err(Error::Reject(format!("{said} {}", batch.len())))
    }
}

dongting_sdk::export_transform!(Plugin);
