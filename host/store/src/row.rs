//! A message as a row: its attributes as one JSON text, its body beside it.

use dongting_manifest::{Message, Region, Timestamp};
use serde::{Deserialize, Serialize};

use crate::StoreError;

#[derive(Serialize, Deserialize)]
struct Attributes {
    id: String,
    source: String,
    r#type: String,
    subject: String,
    time: Timestamp,
    received: Timestamp,
    key: String,
    revision: String,
    partition: String,
    causation: Vec<String>,
    plugin: String,
    traceparent: String,
    content_type: String,
    extensions: Vec<(String, String)>,
}

pub fn attributes(message: &Message) -> Result<String, StoreError> {
    let attributes = Attributes {
        id: message.id.clone(),
        source: message.source.clone(),
        r#type: message.r#type.clone(),
        subject: message.subject.to_string(),
        time: message.time,
        received: message.received,
        key: message.key.clone(),
        revision: message.revision.clone(),
        partition: message.partition.clone(),
        causation: message.causation.clone(),
        plugin: message.plugin.clone(),
        traceparent: message.traceparent.clone(),
        content_type: message.content_type.clone(),
        extensions: message.extensions.clone(),
    };
    serde_json::to_string(&attributes).map_err(|error| StoreError::Damaged(error.to_string()))
}

pub fn message(attributes: &str, body: Vec<u8>) -> Result<Message, StoreError> {
    let a: Attributes =
        serde_json::from_str(attributes).map_err(|error| StoreError::Damaged(error.to_string()))?;
    let subject = a.subject.parse().map_err(|error| StoreError::Damaged(format!("{error}")))?;
    Ok(Message {
        id: a.id,
        source: a.source,
        r#type: a.r#type,
        subject,
        time: a.time,
        received: a.received,
        key: a.key,
        revision: a.revision,
        partition: a.partition,
        causation: a.causation,
        plugin: a.plugin,
        traceparent: a.traceparent,
        content_type: a.content_type,
        extensions: a.extensions,
        body,
    })
}

/// A region as the number of its six digits, so that what lies in a region is a range.
pub fn region(region: Region) -> i64 {
    let [p, c, d] = region.digits();
    i64::from(p) * 10_000 + i64::from(c) * 100 + i64::from(d)
}
