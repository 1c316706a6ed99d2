//! Readings of the ledger, numbered within their partition: polled from it, or pushed by it. For the chaos run.

#![cfg(any(target_family = "wasm", test))]
#![allow(unsafe_code, reason = "the exports that the macro generates")]

use dongting_sdk::decoder::{Decoded, Document};
use dongting_sdk::message::{Draft, Error, Kind, Timestamp};
use dongting_sdk::source::Polled;
use dongting_sdk::{config, decoder, http, source};

struct Plugin;

#[derive(serde::Deserialize)]
struct Settings {
    url: String,
}

#[derive(serde::Deserialize)]
struct Page {
    next: u64,
    readings: Vec<Reading>,
    complete_until: Option<Timestamp>,
}

#[derive(serde::Deserialize, serde::Serialize)]
struct Reading {
    partition: String,
    n: u64,
    /// Passed on: it is for the one who counts.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    poison: bool,
}

impl source::Guest for Plugin {
    fn poll(cursor: Option<String>) -> Result<Polled, Error> {
        let settings: Settings = config::settings()?;
        let url = format!("{}/feed?after={}", settings.url, cursor.as_deref().unwrap_or("0"));
        let later = |reason: String| Error::Retry((reason, Some(200)));
        let answer = http::get(&url, &[]).map_err(later)?;
        if answer.status != 200 {
            return Err(later(format!("the ledger answers {}", answer.status)));
        }
        let page: Page = serde_json::from_slice(&answer.body)
            .map_err(|error| later(format!("the ledger's answer is not understood: {error}")))?;
        // The time follows from the reading, so that a poll that is made again says the same.
        let drafts = page.readings.iter().map(draft).collect::<Result<_, _>>()?;
        let cursor = Some(page.next.to_string());
        Ok(Polled { drafts, rejects: Vec::new(), cursor, complete_until: page.complete_until, next: None })
    }
}

impl decoder::Guest for Plugin {
    fn decode(document: Document) -> Result<Decoded, Error> {
        let readings: Vec<Reading> = serde_json::from_slice(&document.body)
            .map_err(|error| Error::Reject(format!("these are no readings: {error}")))?;
        let drafts = readings.iter().map(draft).collect::<Result<_, _>>()?;
        Ok(Decoded { drafts, rejects: Vec::new(), reply: None })
    }
}

fn draft(reading: &Reading) -> Result<Draft, Error> {
    let key = format!("{}/{}", reading.partition, reading.n);
    let time = Timestamp::try_from(reading.n).unwrap_or_default();
    let topic = ("ledger", Kind::Observation);
    let mut draft = Draft::json("em.ledger.observation.v1", topic, "430100", (&key, time), reading)?;
    draft.partition = Some(reading.partition.clone());
    draft.revision = Some("1".to_owned());
    Ok(draft)
}

dongting_sdk::export_source!(Plugin);
dongting_sdk::export_decoder!(Plugin);
