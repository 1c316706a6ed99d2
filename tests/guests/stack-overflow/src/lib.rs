//! Calls itself without end.

#![cfg(any(target_family = "wasm", test))]
#![allow(unsafe_code, reason = "the exports that the macro generates")]

use dongting_sdk::transform::{Applied, Error, Guest, Message};

struct Plugin;

impl Guest for Plugin {
    fn apply(batch: Vec<Message>) -> Result<Applied, Error> {
        Err(Error::Other(format!("{} deep", deeper(batch.len()))))
    }
}

/// Uses what the call below it returns, so that no compiler makes a loop of it.
fn deeper(depth: usize) -> usize {
    if std::hint::black_box(depth) == usize::MAX {
        return depth;
    }
    deeper(depth + 1).wrapping_add(std::hint::black_box(depth))
}

dongting_sdk::export_transform!(Plugin);
