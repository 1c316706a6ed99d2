//! What a replay or a shadow came to.

use std::sync::atomic::Ordering;

use dongting_engine::Replayed;
use dongting_engine::difference::{self, What};
use dongting_manifest::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

#[derive(Debug, Serialize, ToSchema)]
pub struct Replay {
    /// `name@version#digest` of the release that was run.
    pub plugin: String,
    pub calls: u64,
    /// Calls that came to the same, bit for bit.
    pub same: u64,
    pub different: u64,
    /// Calls whose messages, documents or HTTP answers are no longer all kept.
    pub incomplete: u64,
    /// Why the first of those was never complete: what it was given was too much to be kept.
    #[schema(required)]
    pub unkept: Option<String>,
    /// Calls that were made by another release or with other attachments.
    pub otherwise: u64,
    /// The first of them.
    pub differences: Vec<Difference>,
}

/// A candidate that runs beside an installation.
#[derive(Debug, Serialize, ToSchema)]
pub struct Shadow {
    /// `name@version#digest`
    pub plugin: String,
    /// Calls that this host made and the candidate made again, and that were compared.
    pub calls: u64,
    pub different: u64,
    /// Calls that were left out, since the candidate was behind by too many or by too long.
    pub skipped: u64,
    /// Calls of which not all that they were given is kept, so that they cannot be made again.
    pub incomplete: u64,
    /// Why the newest of those is one.
    #[schema(required)]
    pub unkept: Option<String>,
    /// Why it is called no more.
    #[schema(required)]
    pub refused: Option<String>,
    /// The newest last.
    pub differences: Vec<Difference>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct Difference {
    /// When the call was made.
    #[schema(format = DateTime)]
    pub at: String,
    pub what: DifferenceKind,
    /// Of the message, for a sink of the one that is delivered; empty for another verdict, cursor, answer, order, or what is kept, and for a
    /// request that may be for any message of its call.
    pub message: String,
    #[schema(required)]
    pub before: Option<String>,
    #[schema(required)]
    pub after: Option<String>,
}

#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum DifferenceKind {
    Changed,
    Missing,
    New,
    Verdict,
    Cursor,
    Answer,
    Order,
    Kept,
    Request,
}

impl From<(Timestamp, difference::Difference)> for Difference {
    fn from((at, one): (Timestamp, difference::Difference)) -> Self {
        let what = match one.what {
            What::Changed => DifferenceKind::Changed,
            What::Missing => DifferenceKind::Missing,
            What::New => DifferenceKind::New,
            What::Verdict => DifferenceKind::Verdict,
            What::Cursor => DifferenceKind::Cursor,
            What::Answer => DifferenceKind::Answer,
            What::Order => DifferenceKind::Order,
            What::Kept => DifferenceKind::Kept,
            What::Request => DifferenceKind::Request,
        };
        Self { at: at.to_string(), what, message: one.id, before: one.before, after: one.after }
    }
}

impl From<Replayed> for Replay {
    fn from(replayed: Replayed) -> Self {
        Self {
            plugin: replayed.plugin,
            calls: replayed.calls,
            same: replayed.same,
            different: replayed.different,
            incomplete: replayed.incomplete,
            unkept: replayed.unkept,
            otherwise: replayed.otherwise,
            differences: replayed.differences.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<&dongting_engine::shadow::Shadow> for Shadow {
    fn from(shadow: &dongting_engine::shadow::Shadow) -> Self {
        Self {
            plugin: shadow.reference.to_string(),
            calls: shadow.counts.calls.load(Ordering::Relaxed),
            different: shadow.counts.different.load(Ordering::Relaxed),
            skipped: shadow.counts.skipped.load(Ordering::Relaxed),
            incomplete: shadow.counts.incomplete.load(Ordering::Relaxed),
            unkept: shadow.unkept(),
            refused: shadow.refused().map(str::to_owned),
            differences: shadow.differences().into_iter().map(Into::into).collect(),
        }
    }
}
