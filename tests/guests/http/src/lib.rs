//! Fetches one URL several times at once and says what came of each. Told to, it waits before.

#![cfg(any(target_family = "wasm", test))]
#![allow(unsafe_code, reason = "the exports that the macro generates")]

use dongting_sdk::http;
use dongting_sdk::transform::{Applied, Error, Guest, Message};

struct Plugin;

#[derive(serde::Deserialize)]
struct Asked {
    url: String,
    times: usize,
    /// Waits so long before.
    #[serde(default)]
    wait_ms: u64,
}

impl Guest for Plugin {
    fn apply(batch: Vec<Message>) -> Result<Applied, Error> {
        let mut said = Vec::new();
        for message in &batch {
            let asked: Asked = message.json().map_err(Error::Other)?;
            if asked.wait_ms > 0 {
                std::thread::sleep(std::time::Duration::from_millis(asked.wait_ms));
            }
            let urls = vec![asked.url.as_str(); asked.times];
            said.extend(http::get_all(&urls, &[]).into_iter().map(|answer| match answer {
                Ok(answer) => format!("{} {}", answer.status, answer.body.len()),
                Err(why) => why,
            }));
        }
        Err(Error::Reject(said.join("\n")))
    }
}

dongting_sdk::export_transform!(Plugin);
