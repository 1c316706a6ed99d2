//! JSON documents of an installation: their collections, and the keys by which they are found.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

pub const MAX_BODY_BYTES: usize = 256 * 1024;
pub const MAX_ID_BYTES: usize = 256;
pub const MAX_TEXT_BYTES: usize = 256;
const MAX_COLLECTIONS: usize = 32;
const MAX_INDEXES: usize = 8;
const MAX_POINTER_BYTES: usize = 128;

/// The name of the index that every document is in, under an empty key: it orders by id.
pub const BY_ID: &str = "";
/// Behind every digit of a key.
const END: char = '~';

/// A collection, as `plugin.toml` declares it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Collection {
    /// JSON Pointers.
    #[serde(default)]
    pub indexes: Vec<String>,
}

pub type Collections = BTreeMap<String, Collection>;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    pub id: String,
    pub revision: u64,
    pub body: Vec<u8>,
    /// What it counts against the limit.
    pub bytes: u64,
}

/// A document to be stored, in the place of any with its id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    pub record: Record,
    /// Index and key.
    pub keys: Vec<(String, String)>,
}

/// What a call wrote, by collection and id.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Writes {
    /// What the installation's records were when the call first used them.
    pub before: Extent,
    pub after: Extent,
    /// None is deleted.
    pub records: BTreeMap<(String, String), Option<Written>>,
}

/// All records of an installation together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Extent {
    /// The last revision that was given to one.
    pub revision: u64,
    pub bytes: u64,
}

/// Documents whose keys in an index lie between two.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    pub collection: String,
    pub index: String,
    pub first: String,
    pub last: String,
    /// Key and id of the last document of the page before.
    pub after: (String, String),
    pub limit: u32,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Page {
    /// With their keys, in their order.
    pub records: Vec<(String, Record)>,
    /// Whether nothing is behind it.
    pub complete: bool,
}

impl Query {
    /// Whether it asks for the document with this key and id.
    #[must_use]
    pub fn takes(&self, key: &str, id: &str) -> bool {
        (self.first.as_str()..=self.last.as_str()).contains(&key)
            && (key, id) > (&*self.after.0, &*self.after.1)
    }
}

impl Page {
    /// Puts the documents in their order and leaves as many as were asked for and `max_bytes` of bodies hold, but one in any case.
    pub fn cut(&mut self, limit: u32, max_bytes: usize) {
        self.records.sort_by(|(key, one), (other_key, other)| (key, &one.id).cmp(&(other_key, &other.id)));
        let mut held = 0usize;
        let fit = self.records.iter().enumerate().take_while(|(n, (_, one))| {
            held = held.saturating_add(one.body.len());
            *n == 0 || (*n < limit as usize && held <= max_bytes)
        });
        let fit = fit.count();
        self.complete &= fit == self.records.len();
        self.records.truncate(fit);
    }
}

impl Collection {
    /// The keys of a document, or why it cannot be stored.
    pub fn keys(&self, body: &[u8]) -> Result<Vec<(String, String)>, String> {
        let document: Value =
            serde_json::from_slice(body).map_err(|error| format!("the document is no JSON: {error}"))?;
        let mut keys = vec![(BY_ID.to_owned(), String::new())];
        for index in &self.indexes {
            let key = match document.pointer(index) {
                Some(Value::Bool(value)) => boolean(*value),
                Some(Value::Number(value)) => match value.as_f64().and_then(number) {
                    Some(key) => key,
                    None => continue,
                },
                Some(Value::String(value)) => text(value).ok_or_else(|| {
                    format!("the text at `{index}` has over {MAX_TEXT_BYTES} bytes and cannot be indexed")
                })?,
                _ => continue,
            };
            keys.push((index.clone(), key));
        }
        Ok(keys)
    }
}

/// The keys of a document that is kept already. What it lacks for an index keeps it out of that index and nothing else.
#[must_use]
pub fn keys(collections: &Collections, collection: &str, body: &[u8]) -> Vec<(String, String)> {
    let keys = collections.get(collection).and_then(|declared| declared.keys(body).ok());
    keys.unwrap_or_else(|| vec![(BY_ID.to_owned(), String::new())])
}

/// What a document and its keys count.
#[must_use]
pub fn size(collection: &str, id: &str, body: &[u8], keys: &[(String, String)]) -> u64 {
    let keys: usize = keys.iter().map(|(_, key)| key.len()).sum();
    (collection.len() + id.len() + body.len() + keys) as u64
}

/// Tells declarations apart, so that documents that were stored under others are indexed anew.
#[must_use]
pub fn declared(collections: &Collections) -> String {
    let lines = collections.iter().map(|(name, collection)| format!("{name} {:?}", collection.indexes));
    lines.collect::<Vec<_>>().join("\n")
}

/// What is wrong with the collections of a manifest.
#[must_use]
pub fn fault(collections: &Collections) -> Option<String> {
    if collections.len() > MAX_COLLECTIONS {
        return Some(format!("{} collections; at most {MAX_COLLECTIONS} are kept", collections.len()));
    }
    collections.iter().find_map(|(name, collection)| {
        if !crate::name::is_token(name) {
            return Some(format!("`{name}` is no name of a collection: 1 to 32 of a-z, 0-9 and -"));
        }
        if collection.indexes.len() > MAX_INDEXES {
            return Some(format!("`{name}` has over {MAX_INDEXES} indexes"));
        }
        let bad = |index: &&String| !index.starts_with('/') || index.len() > MAX_POINTER_BYTES;
        let bad = collection.indexes.iter().find(bad)?;
        Some(format!("`{bad}` is no JSON Pointer of at most {MAX_POINTER_BYTES} bytes, for example /level"))
    })
}

/// Keys are hexadecimal behind a letter for the type, so that every database orders them alike and none minds what stands in them.
#[must_use]
pub fn boolean(value: bool) -> String {
    format!("b{}", u8::from(value))
}

/// None for what is no number.
#[must_use]
pub fn number(value: f64) -> Option<String> {
    // The bits of a positive number are ordered as it is; those of a negative one the other way round. Minus nothing is nothing.
    let bits = (value + 0.0).to_bits();
    let ordered = if bits >> 63 == 0 { bits | (1 << 63) } else { !bits };
    (!value.is_nan()).then(|| format!("n{ordered:016x}"))
}

/// None for a text that is too long.
#[must_use]
pub fn text(value: &str) -> Option<String> {
    (value.len() <= MAX_TEXT_BYTES).then(|| format!("s{}", hex::encode(value)))
}

/// The first and the last key of a range whose bounds, where it has any, are keys.
#[must_use]
pub fn range(first: Option<String>, last: Option<String>) -> (String, String) {
    // A range that is open on one side ends with the type of its other bound.
    let of = |bound: &Option<String>| bound.as_ref().and_then(|key| key.get(..1)).map(str::to_owned);
    let begin = first.clone().or_else(|| of(&last)).unwrap_or_default();
    let end = last.unwrap_or_else(|| format!("{}{END}", of(&first).unwrap_or_default()));
    (begin, end)
}

#[cfg(test)]
mod tests;
