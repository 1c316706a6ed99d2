//! Delivers to the ledger by HTTP, with the attempt's key. For the chaos run.

#![cfg(any(target_family = "wasm", test))]
#![allow(unsafe_code, reason = "the exports that the macro generates")]

use dongting_sdk::sink::{Attempt, Error, Guest, Outcome};
use dongting_sdk::{config, http};

struct Plugin;

#[derive(serde::Deserialize)]
struct Settings {
    url: String,
}

impl Guest for Plugin {
    fn deliver(batch: Vec<Attempt>) -> Result<Vec<Outcome>, Error> {
        let settings: Settings = config::settings()?;
        let url = format!("{}/effect", settings.url);
        Ok(batch.iter().map(|attempt| deliver(&url, attempt)).collect())
    }
}

fn deliver(url: &str, attempt: &Attempt) -> Outcome {
    let number = attempt.number.to_string();
    let headers = [
        ("content-type", "application/json"),
        ("idempotency-key", attempt.key.as_str()),
        ("attempt", number.as_str()),
    ];
    match http::post(url, &headers, &attempt.message.body) {
        Ok(answer) => match answer.status {
            200..=299 => Outcome::Delivered,
            400..=499 => Outcome::Rejected(String::from_utf8_lossy(&answer.body).into_owned()),
            status => Outcome::Retry((format!("the receiver answers {status}"), None)),
        },
        // What broke off may have arrived; the receiver knows the key.
        Err(reason) => Outcome::Unknown(reason),
    }
}

dongting_sdk::export_sink!(Plugin);
