//! The glue between the contract and the pure part.

use dongting_sdk::sink::{Attempt, Error, Guest, Outcome};
use dongting_sdk::{config, http};

use crate::telegram::{self, Verdict};

struct Plugin;

#[derive(serde::Deserialize)]
struct Settings {
    url: String,
}

impl Guest for Plugin {
    fn deliver(batch: Vec<Attempt>) -> Result<Vec<Outcome>, Error> {
        let settings: Settings = config::settings()?;
        Ok(batch
            .iter()
            .map(|attempt| deliver(&settings.url, attempt))
            .collect())
    }
}

fn deliver(url: &str, attempt: &Attempt) -> Outcome {
    let message = &attempt.message;
    let telegram = match telegram::write(&message.region, message.time, &message.body) {
        Ok(telegram) => telegram,
        Err(reason) => return Outcome::Rejected(reason),
    };
    let headers = [
        ("content-type", "text/plain; charset=utf-8"),
        // The receiver takes a telegram once, however often it is sent.
        ("idempotency-key", attempt.key.as_str()),
    ];
    match http::post(url, &headers, telegram.as_bytes()) {
        Ok(answer) => match telegram::verdict(answer.status) {
            Verdict::Taken => Outcome::Delivered,
            Verdict::Wrong => Outcome::Rejected(format!(
                "the duty system answers {}: {}",
                answer.status,
                String::from_utf8_lossy(&answer.body)
            )),
            Verdict::Busy => {
                Outcome::Retry((format!("the duty system answers {}", answer.status), None))
            }
        },
        // It may have arrived before the connection broke.
        Err(reason) => Outcome::Unknown(reason),
    }
}

dongting_sdk::export_sink!(Plugin);
