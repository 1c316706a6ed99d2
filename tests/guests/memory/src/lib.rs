//! Takes memory until it gets no more.

#![cfg(any(target_family = "wasm", test))]
#![allow(unsafe_code, reason = "the exports that the macro generates")]

use dongting_sdk::transform::{Applied, Error, Guest, Message};

struct Plugin;

impl Guest for Plugin {
    fn apply(batch: Vec<Message>) -> Result<Applied, Error> {
        let mut taken = Vec::new();
        loop {
            taken.push(std::hint::black_box(vec![1u8; 1 << 20]));
            if taken.len() > 4096 {
                return Err(Error::Other(format!("{} MiB were given to {}", taken.len(), batch.len())));
            }
        }
    }
}

dongting_sdk::export_transform!(Plugin);
