//! Does with records what its inputs say, and repeats what it was answered.

#![cfg(any(target_family = "wasm", test))]
#![allow(unsafe_code, reason = "the exports that the macro generates")]

use dongting_sdk::records::{self, Query, Stored, Value};
use dongting_sdk::transform::{Applied, Draft, Error, Guest, Kind, Message};

struct Plugin;

/// The body of an input is a list of these.
#[derive(serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Step {
    /// Collection, id, document as it is put, revision.
    Put(String, String, String, Option<u64>),
    Get(String, String),
    Delete(String, String, Option<u64>),
    /// Collection, index, first, last, limit; every page is fetched.
    Find(String, Option<String>, Bound, Bound, u32),
    After(String),
    /// As many documents of a kilobyte.
    Flood(u32),
    /// One more in the document `all`.
    Count,
}

#[derive(serde::Deserialize)]
#[serde(untagged)]
enum Bound {
    Boolean(bool),
    Number(f64),
    Text(String),
    None(()),
}

impl Guest for Plugin {
    fn apply(batch: Vec<Message>) -> Result<Applied, Error> {
        let mut applied = Applied { drafts: Vec::new(), rejected: Vec::new() };
        for (input, message) in (0u32..).zip(&batch) {
            let Ok(steps) = message.json::<Vec<Step>>() else { continue };
            let said: Vec<String> =
                steps.into_iter().map(|step| run(step).unwrap_or_else(|error| said(&error))).collect();
            let about = (message.key.as_str(), message.time);
            let subject = ("test", Kind::Assessment);
            let mut draft = Draft::json("em.test.assessment.v1", subject, &message.region, about, &said)?;
            draft.from = vec![input];
            applied.drafts.push(draft);
        }
        Ok(applied)
    }
}

fn run(step: Step) -> Result<String, records::Error> {
    Ok(match step {
        Step::Put(collection, id, document, expected) => {
            // As bytes, so that it may be no JSON.
            put(&collection, &id, document.as_bytes(), expected)?.to_string()
        }
        Step::Get(collection, id) => records::get(&collection, &id)?.as_ref().map_or_else(String::new, shown),
        Step::Delete(collection, id, expected) => {
            records::delete(&collection, &id, expected)?;
            String::new()
        }
        Step::Find(collection, index, first, last, limit) => {
            let (first, last) = (first.value(), last.value());
            let mut query = Query { index, first, last, limit, ..Query::all(&collection) };
            let mut pages = Vec::new();
            loop {
                let page = records::find(&query)?;
                let ids: Vec<&str> = page.items.iter().map(|one| one.id.as_str()).collect();
                pages.push(ids.join(" "));
                query.after = page.next;
                if query.after.is_none() {
                    break pages.join(" | ");
                }
            }
        }
        Step::After(cursor) => {
            let query = Query { after: Some(cursor), ..Query::all("stations") };
            records::find(&query)?.items.len().to_string()
        }
        Step::Flood(count) => {
            let document = format!("\"{}\"", "x".repeat(1022));
            for n in 0..count {
                put("counts", &n.to_string(), document.as_bytes(), None)?;
            }
            count.to_string()
        }
        Step::Count => {
            let before = records::get("counts", "all")?;
            let count: u64 = before.as_ref().map(Stored::json).transpose()?.unwrap_or(0) + 1;
            let expected = before.map_or(0, |before| before.revision);
            records::put("counts", "all", &count, Some(expected))?;
            count.to_string()
        }
    })
}

fn put(collection: &str, id: &str, body: &[u8], expected: Option<u64>) -> Result<u64, records::Error> {
    dongting_sdk::bindings::capabilities::dongting::records::records::put(collection, id, body, expected)
}

fn shown(stored: &Stored) -> String {
    format!("{} {}", stored.revision, String::from_utf8_lossy(&stored.body))
}

fn said(error: &records::Error) -> String {
    match error {
        records::Error::Invalid(why) | records::Error::Other(why) => why.clone(),
        records::Error::Conflict(revision) => format!("conflict {revision}"),
        records::Error::Quota => "quota".to_owned(),
    }
}

impl Bound {
    fn value(self) -> Option<Value> {
        match self {
            Self::Boolean(value) => Some(Value::Boolean(value)),
            Self::Number(value) => Some(Value::Number(value)),
            Self::Text(value) => Some(Value::Text(value)),
            Self::None(()) => None,
        }
    }
}

dongting_sdk::export_transform!(Plugin);
