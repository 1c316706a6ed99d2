//! Never answers.

#![cfg(any(target_family = "wasm", test))]
#![allow(unsafe_code, reason = "the exports that the macro generates")]

use dongting_sdk::transform::{Applied, Error, Guest, Message};

struct Plugin;

impl Guest for Plugin {
    fn apply(batch: Vec<Message>) -> Result<Applied, Error> {
        let mut turns = batch.len();
        loop {
            turns = std::hint::black_box(turns.wrapping_add(1));
        }
    }
}

dongting_sdk::export_transform!(Plugin);
