//! Asks the history what the body of its input says, and repeats the answer: keys of the messages and whether they are all; or, of a detail, their bodies.

#![cfg(any(target_family = "wasm", test))]
#![allow(unsafe_code, reason = "the exports that the macro generates")]

use dongting_sdk::history::{self, Selection};
use dongting_sdk::transform::{Applied, Draft, Error, Guest, Kind, Message};

struct Plugin;

/// The input's body, as JSON in a string: `latest` or `series`, and of what.
#[derive(serde::Deserialize)]
#[serde(default)]
struct Question {
    domain: String,
    /// Of `status`, and else of `observation`.
    detail: Option<String>,
    region: String,
    prefix: Option<String>,
    span: Option<(i64, i64)>,
    limit: u32,
    times: u32,
}

impl Default for Question {
    fn default() -> Self {
        Self {
            domain: "test".into(),
            detail: None,
            region: "430100".into(),
            prefix: None,
            span: None,
            limit: 10,
            times: 1,
        }
    }
}

impl Guest for Plugin {
    fn apply(batch: Vec<Message>) -> Result<Applied, Error> {
        let mut applied = Applied { drafts: Vec::new(), rejected: Vec::new() };
        for (input, message) in (0u32..).zip(&batch) {
            let Ok(question) = message.json::<Question>() else { continue };
            let kind = if question.detail.is_some() { Kind::Status } else { Kind::Observation };
            let mut selection = Selection::new(&question.domain, kind, &question.region);
            selection.topic.detail = question.detail.clone();
            selection.key_prefix = question.prefix;
            let ask = || match question.span {
                Some(span) => history::series(&selection, span, question.limit),
                None => history::latest(&selection, question.limit),
            };
            let mut answer = ask();
            for _ in 1..question.times {
                answer = ask();
            }
            let said = match answer {
                Ok(found) if question.detail.is_some() => {
                    let bodies = found.messages.iter().map(|one| String::from_utf8_lossy(&one.body));
                    bodies.collect::<Vec<_>>().join(" ")
                }
                Ok(found) => {
                    let keys: Vec<&str> = found.messages.iter().map(|one| one.key.as_str()).collect();
                    format!("{} {}", keys.join(" "), found.complete)
                }
                Err(Error::Other(why)) => why,
                Err(error) => return Err(error),
            };
            let about = (message.key.as_str(), message.time);
            let subject = ("test", Kind::Assessment);
            let mut draft = Draft::json("em.test.assessment.v1", subject, &message.region, about, &said)?;
            draft.from = vec![input];
            applied.drafts.push(draft);
        }
        Ok(applied)
    }
}

dongting_sdk::export_transform!(Plugin);
