//! Says of each input how many came with it: what no transform may depend on.

#![cfg(any(target_family = "wasm", test))]
#![allow(unsafe_code, reason = "the exports that the macro generates")]

use dongting_sdk::transform::*;

struct Plugin;

impl Guest for Plugin {
    fn apply(batch: Vec<Message>) -> Result<Applied, Error> {
        let count = batch.len();
        each(&batch, |message| {
            let about = (message.key.as_str(), message.time);
            let topic = ("test", Kind::Assessment);
            Draft::json("em.test.assessment.v1", topic, &message.region, about, &count)
                .map(|draft| vec![draft])
        })
    }
}

dongting_sdk::export_transform!(Plugin);
