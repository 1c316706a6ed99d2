//! Counts its inputs by the part of their body before the slash, each count under a key of its own. `form-two` is its next release, which
//! keeps the counts in another form.

#![cfg(any(target_family = "wasm", test))]
#![allow(unsafe_code, reason = "the exports that the macro generates")]

use dongting_sdk::transform::*;

/// A hundred years in microseconds.
const FAR: i64 = 100 * 365 * 86_400 * 1_000_000;

struct Plugin;

impl Guest for Plugin {
    fn apply(batch: Vec<Message>) -> Result<Applied, Error> {
        each(&batch, |message| {
            let said: String = message.payload()?;
            let name = said.split('/').next().unwrap_or_default().to_owned();
            let key = format!("count/{name}");
            let count: u64 = state::get(&key)?.unwrap_or(0) + 1;
            state::set(&key, &count)?;
            if timers::get(&name)?.is_none() {
                timers::set(&name, message.received + FAR, b"one")?;
            }
            let to = ("test", Kind::Assessment);
            let at = (message.key.as_str(), message.time);
            Draft::json("em.test.assessment.v1", to, &message.region, at, &(name, count, 0))
                .map(|draft| vec![draft])
        })
    }
}

dongting_sdk::export_transform!(Plugin);
