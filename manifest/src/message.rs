//! A message on the bus and the draft that a plugin hands over for it. The shape is `wit/deps/message@0.1.0`.

use sha2::{Digest, Sha256};

use crate::{Kind, Region, Subject, Timestamp};

/// Body of a draft or message: what the bus carries inline.
pub const MAX_BODY_BYTES: usize = 512 * 1024;

/// The largest document that is let in and the largest part of one that can be rejected: what is refused must fit a dead
/// letter, and NATS takes 8 MiB with the headers.
pub const MAX_RAW_BYTES: usize = 7 * 1024 * 1024;
pub const MAX_KEY_BYTES: usize = 256;
/// The extension attribute that names the installation whose call made a message.
pub const INSTALLATION: &str = "installation";

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    pub id: String,
    pub source: String,
    pub r#type: String,
    pub subject: Subject,
    pub time: Timestamp,
    pub received: Timestamp,
    pub key: String,
    pub revision: String,
    pub partition: String,
    pub causation: Vec<String>,
    /// `name@version#digest`.
    pub plugin: String,
    /// W3C trace context.
    pub traceparent: String,
    pub content_type: String,
    /// Extension attributes beyond those that have a field here.
    pub extensions: Vec<(String, String)>,
    pub body: Vec<u8>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    pub r#type: String,
    pub domain: String,
    pub kind: Kind,
    pub detail: Option<String>,
    pub region: Region,
    pub time: Timestamp,
    pub key: String,
    pub revision: Option<String>,
    pub partition: Option<String>,
    pub from: Vec<u32>,
    pub content_type: Option<String>,
    pub extensions: Vec<(String, String)>,
    pub body: Vec<u8>,
}

/// Part of an input that a plugin cannot understand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reject {
    pub reason: String,
    pub raw: Vec<u8>,
}

/// The CloudEvents attributes that the host alone writes; a draft may not carry an extension of such a name.
pub const HOST_ATTRIBUTES: [&str; 20] = [
    "installation",
    "id",
    "source",
    "specversion",
    "type",
    "subject",
    "time",
    "datacontenttype",
    "dataschema",
    "data",
    "dataref",
    "region",
    "received",
    "key",
    "revision",
    "partitionkey",
    "causationid",
    "plugin",
    "traceparent",
    "tracestate",
];

/// Hash of parts, each preceded by its length so that no two lists of parts run together: 40 hexadecimal digits.
#[must_use]
pub fn hash<'p>(parts: impl IntoIterator<Item = &'p [u8]>) -> String {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update((part.len() as u64).to_be_bytes());
        hasher.update(part);
    }
    let mut digest = hex::encode(hasher.finalize());
    digest.truncate(40);
    digest
}

/// `ce-id`: the same statement has the same id, by whatever path it came.
#[must_use]
pub fn id(source: &str, r#type: &str, key: &str, revision: &str) -> String {
    hash([source, r#type, key, revision].map(str::as_bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_do_not_run_together() {
        assert_eq!(id("s", "t", "k", "r"), id("s", "t", "k", "r"));
        assert_ne!(id("s", "t", "kr", ""), id("s", "t", "k", "r"));
        assert_ne!(id("st", "", "k", "r"), id("s", "t", "k", "r"));
        assert_eq!(id("s", "t", "k", "r").len(), 40);
    }
}
