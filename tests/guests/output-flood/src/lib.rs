//! Says as much as it is told to: so many drafts of so many bytes, with attributes, and so many rejects of its first input.

#![cfg(any(target_family = "wasm", test))]
#![allow(unsafe_code, reason = "the exports that the macro generates")]

use dongting_sdk::transform::{Applied, Error, Guest, Message};
use dongting_sdk::transform::{Draft, Kind, Rejected};

struct Plugin;

#[derive(serde::Deserialize)]
struct Flood {
    drafts: usize,
    bytes: usize,
    rejects: usize,
    /// A name, a text, how often the text is said, and how many attributes say it; of several each name ends in a number.
    #[serde(default)]
    attributes: Vec<(String, String, usize, usize)>,
}

impl Guest for Plugin {
    fn apply(batch: Vec<Message>) -> Result<Applied, Error> {
        let mut applied = Applied { drafts: Vec::new(), rejected: Vec::new() };
        for message in &batch {
            let flood: Flood = message.json().map_err(Error::Other)?;
            for number in 0..flood.drafts {
                let key = format!("{} {number}", message.key);
                let about = (key.as_str(), message.time);
                let topic = ("test", Kind::Assessment);
                let mut draft = Draft::json("em.test.assessment.v1", topic, &message.region, about, &())?;
                draft.body = vec![b'1'; flood.bytes];
                for (name, text, times, count) in &flood.attributes {
                    let numbered =
                        |number| if *count == 1 { name.clone() } else { format!("{name}{number}") };
                    draft
                        .extensions
                        .extend((0..*count).map(|number| (numbered(number), text.repeat(*times))));
                }
                applied.drafts.push(draft);
            }
            let reject = || Rejected { input: 0, reason: "again".to_owned() };
            applied.rejected.extend((0..flood.rejects).map(|_| reject()));
        }
        Ok(applied)
    }
}

dongting_sdk::export_transform!(Plugin);
