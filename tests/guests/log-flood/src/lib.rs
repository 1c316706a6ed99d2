//! Logs more than it may.

#![cfg(any(target_family = "wasm", test))]
#![allow(unsafe_code, reason = "the exports that the macro generates")]
#![allow(clippy::print_stdout, reason = "standard output is part of the flood")]

use dongting_sdk::transform::{Applied, Error, Guest, Message};

struct Plugin;

impl Guest for Plugin {
    fn apply(batch: Vec<Message>) -> Result<Applied, Error> {
        for line in 0..10_000 {
            dongting_sdk::log::info(&format!("line {line} of {}", batch.len()));
        }
        println!("and on standard output");
        Ok(Applied { drafts: Vec::new(), rejected: Vec::new() })
    }
}

dongting_sdk::export_transform!(Plugin);
