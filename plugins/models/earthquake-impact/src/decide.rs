//! Which warnings a statement raises, changes and takes back, given what was said before.
//!
//! Statements come late, twice and in any order. Each has its place in one order; the newest that was seen is remembered, and what
//! is not newer changes nothing. So what stands in the end is what the newest statement asks for, however they came.

use std::collections::BTreeMap;

use dongting_events::earthquake::{Earthquake, Status};
use dongting_events::warning::MsgType;
use serde::{Deserialize, Serialize};

use crate::digest;
use crate::warning::Colour;

/// What is kept of an event. A deleted event keeps its place in the order, so that no older statement brings it back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventState {
    pub place: Place,
    /// The instant of the last messages, microseconds since 1970.
    pub sent: i64,
    /// Where the assessments went: everybody who had one gets the next.
    pub region: String,
    /// By county; only what stands. A county that was cancelled is not kept.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub warned: BTreeMap<String, Standing>,
}

/// A statement's place among the statements about one event: the later holds; of two made at one instant the deletion, then the
/// reviewed one; then any fixed order will do.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Place {
    /// `updated`, microseconds since 1970.
    pub updated: i64,
    pub rank: u8,
    pub digest: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Level {
    pub colour: Colour,
    pub intensity: u8,
}

/// The last warning for a county; its identifier follows from event, county and instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    #[serde(flatten)]
    pub level: Level,
    pub sent: i64,
}

/// One warning to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    pub county: String,
    pub msg_type: MsgType,
    /// What holds from now on; for a cancellation what held.
    pub level: Level,
    /// The warning that this one updates or cancels.
    pub replaces: Option<Standing>,
}

/// The statement's `updated` has been read as `updated`, in microseconds.
#[must_use]
pub fn place(statement: &Earthquake, updated: i64) -> Place {
    let rank = match statement.status {
        Status::Automatic => 0,
        Status::Reviewed => 1,
        Status::Deleted => 2,
    };
    let digest = digest::of_json(statement).chars().take(16).collect();
    Place { updated, rank, digest }
}

/// Whether a statement is news.
#[must_use]
pub fn is_newer(state: Option<&EventState>, place: &Place) -> bool {
    state.is_none_or(|state| state.place < *place)
}

/// The instant of the messages: the statement's own, but never that of messages already sent, which they
/// would else not come after.
#[must_use]
pub fn sent(state: Option<&EventState>, place: &Place) -> i64 {
    state.map_or(place.updated, |state| place.updated.max(state.sent.saturating_add(1)))
}

/// What to send so that `wanted` stands, in the order of the counties' codes, and what stands then.
#[must_use]
pub fn decide(
    standing: &BTreeMap<String, Standing>,
    wanted: &BTreeMap<String, Level>,
    sent: i64,
) -> (BTreeMap<String, Standing>, Vec<Change>) {
    let mut stands = BTreeMap::new();
    let mut changes = BTreeMap::new();
    for (county, level) in wanted {
        let before = standing.get(county).copied();
        let now = match before {
            Some(before) if before.level == *level => before,
            _ => {
                let msg_type = if before.is_some() { MsgType::Update } else { MsgType::Alert };
                changes.insert(
                    county,
                    Change { county: county.clone(), msg_type, level: *level, replaces: before },
                );
                Standing { level: *level, sent }
            }
        };
        stands.insert(county.clone(), now);
    }
    for (county, before) in standing.iter().filter(|(county, _)| !wanted.contains_key(*county)) {
        changes.insert(
            county,
            Change {
                county: county.clone(),
                msg_type: MsgType::Cancel,
                level: before.level,
                replaces: Some(*before),
            },
        );
    }
    (stands, changes.into_values().collect())
}

#[cfg(test)]
mod tests;
