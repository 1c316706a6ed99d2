//! Messages and dead letters as rows: their attributes as one JSON text, the body beside it. And lists of placeholders.

use dongting_manifest::dead_letter::DocumentHead;
use dongting_manifest::{DeadLetter, Message, Origin, Region, Timestamp};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::StoreError;

/// All of a message but its body.
#[derive(Serialize, Deserialize)]
pub struct Attributes {
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

impl Attributes {
    pub fn of(message: &Message) -> Self {
        Self {
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
        }
    }

    pub fn with(self, body: Vec<u8>) -> Result<Message, StoreError> {
        let subject = self.subject.parse().map_err(|error| StoreError::Damaged(format!("{error}")))?;
        Ok(Message {
            id: self.id,
            source: self.source,
            r#type: self.r#type,
            subject,
            time: self.time,
            received: self.received,
            key: self.key,
            revision: self.revision,
            partition: self.partition,
            causation: self.causation,
            plugin: self.plugin,
            traceparent: self.traceparent,
            content_type: self.content_type,
            extensions: self.extensions,
            body,
        })
    }
}

pub fn attributes(message: &Message) -> Result<String, StoreError> {
    json(&Attributes::of(message))
}

pub fn message(attributes: &str, body: Vec<u8>) -> Result<Message, StoreError> {
    from_json::<Attributes>(attributes)?.with(body)
}

pub fn json(value: &impl Serialize) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|error| StoreError::Damaged(error.to_string()))
}

pub fn from_json<T: DeserializeOwned>(text: &str) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|error| StoreError::Damaged(error.to_string()))
}

/// All of a dead letter but its payload.
#[derive(Serialize, Deserialize)]
pub struct LetterAttributes {
    installation: String,
    reason: String,
    plugin: String,
    traceparent: String,
    region: Option<String>,
    /// Stream, its creation, sequence, subject.
    origin: Option<(String, Timestamp, u64, String)>,
    attributes: Vec<(String, String)>,
    /// How the document came: transport, name, when. A row of an earlier version has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    document: Option<(String, Option<String>, Timestamp)>,
    content_type: String,
}

impl LetterAttributes {
    pub fn of(letter: &DeadLetter) -> Self {
        let origin = letter.origin.clone();
        let document = letter.document.clone();
        Self {
            installation: letter.installation.clone(),
            reason: letter.reason.clone(),
            plugin: letter.plugin.clone(),
            traceparent: letter.traceparent.clone(),
            region: letter.region.map(|region| region.to_string()),
            origin: origin.map(|at| (at.stream, at.stream_created, at.sequence, at.subject)),
            attributes: letter.attributes.clone(),
            document: document.map(|head| (head.transport, head.name, head.received)),
            content_type: letter.content_type.clone(),
        }
    }

    pub fn with(self, payload: Vec<u8>) -> DeadLetter {
        DeadLetter {
            installation: self.installation,
            reason: self.reason,
            plugin: self.plugin,
            traceparent: self.traceparent,
            region: self.region.and_then(|region| region.parse().ok()),
            origin: self.origin.map(|(stream, stream_created, sequence, subject)| Origin {
                stream,
                stream_created,
                sequence,
                subject,
            }),
            attributes: self.attributes,
            document: self.document.map(|(transport, name, received)| DocumentHead {
                transport,
                name,
                received,
            }),
            content_type: self.content_type,
            payload,
        }
    }
}

/// Values that a statement of rows binds, at most.
const VALUES: usize = 512;
/// And one that lists values behind others. Where it only reads, sqlx binds them by their names, and SQLite looks for each from the first one
/// on: twice as many cost four times as much.
const LISTED: usize = 128;
/// Lengths that a piece has: 1, 2, 4, … `VALUES`.
pub const POWERS: usize = VALUES.ilog2() as usize + 1;

/// Cut into what one statement binds, so many values for each.
pub fn pieces<T>(rest: &[T], values: usize) -> impl Iterator<Item = &[T]> {
    powers(rest, VALUES / values)
}

/// Cut into what one statement lists.
pub fn lists<T>(rest: &[T]) -> impl Iterator<Item = &[T]> {
    powers(rest, LISTED)
}

/// Each piece is as long as a power of two, so that the statements are few: they stay prepared.
fn powers<T>(mut rest: &[T], most: usize) -> impl Iterator<Item = &[T]> {
    let power = |count: usize| count.checked_ilog2().map_or(0, |log| 1 << log);
    let most = power(most);
    std::iter::from_fn(move || {
        let (piece, behind) = rest.split_at_checked(most.min(power(rest.len())))?;
        rest = behind;
        Some(piece).filter(|piece| !piece.is_empty())
    })
}

/// `$first, $first+1, …`, `count` of them.
pub fn placeholders(first: usize, count: usize) -> String {
    (first..first + count).map(|n| format!("${n}")).collect::<Vec<_>>().join(", ")
}

/// `rows` of `columns` each, likewise: `($1, $2), ($3, $4), …`.
pub fn rows(first: usize, columns: usize, rows: usize) -> String {
    let row = |row: usize| placeholders(first + row * columns, columns);
    (0..rows).map(|at| format!("({})", row(at))).collect::<Vec<_>>().join(", ")
}

/// A sequence as a column.
pub fn sequence(sequence: u64) -> i64 {
    i64::try_from(sequence).unwrap_or(i64::MAX)
}

/// A region as the number of its six digits, so that what lies in a region is a range.
pub fn region(region: Region) -> i64 {
    let [p, c, d] = region.digits();
    i64::from(p) * 10_000 + i64::from(c) * 100 + i64::from(d)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_few_and_all_is_in_them() {
        let rows: Vec<u32> = (0..57).collect();
        let lengths = |values| pieces(&rows, values).map(<[u32]>::len).collect::<Vec<_>>();
        assert_eq!(lengths(1), [32, 16, 8, 1]);
        assert_eq!(lengths(30), [16, 16, 16, 8, 1]);
        assert_eq!(pieces(&rows, 30).flatten().copied().collect::<Vec<_>>(), rows);
        assert_eq!(lists(&[0; 300]).map(<[i32]>::len).collect::<Vec<_>>(), [128, 128, 32, 8, 4]);
        assert_eq!(pieces::<u32>(&[], 4).count(), 0);
    }
}
