//! Delivers by HTTP, with a number in each body that it counts up with what has arrived, and keeps.

#![cfg(any(target_family = "wasm", test))]
#![allow(unsafe_code, reason = "the exports that the macro generates")]

use dongting_sdk::sink::{Attempt, Error, Guest, Outcome};
use dongting_sdk::{config, http, state};

struct Plugin;

#[derive(serde::Deserialize)]
struct Settings {
    url: String,
}

impl Guest for Plugin {
    fn deliver(batch: Vec<Attempt>) -> Result<Vec<Outcome>, Error> {
        let settings: Settings = config::settings()?;
        let url = format!("{}/effect", settings.url);
        batch.iter().map(|attempt| deliver(&url, attempt)).collect()
    }
}

fn deliver(url: &str, attempt: &Attempt) -> Result<Outcome, Error> {
    let place = state::get::<u64>("arrived")?.unwrap_or(0) + 1;
    let said = String::from_utf8_lossy(&attempt.message.body);
    // Longer than what the host takes of a body at once.
    let body = format!("{place}\n{said}\n{}", "x".repeat(20_000));
    let later = |reason: String| Outcome::Retry((reason, Some(200)));
    match http::post(url, &[("idempotency-key", &attempt.key)], body.as_bytes()) {
        Ok(answer) if answer.status == 200 => {
            state::set("arrived", &place)?;
            Ok(Outcome::Delivered)
        }
        Ok(answer) if answer.status == 422 => {
            Ok(Outcome::Rejected(String::from_utf8_lossy(&answer.body).into_owned()))
        }
        Ok(answer) => Ok(later(format!("the receiver answers {}", answer.status))),
        Err(reason) => Ok(later(reason)),
    }
}

dongting_sdk::export_sink!(Plugin);
