//! Messages that wait in their order.

use dongting_engine::{Parkings, Waiting};
use serde::Serialize;
use utoipa::ToSchema;

/// What an installation has parked.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ParkedList {
    /// Of the partitions, all of them.
    pub partitions: u64,
    /// Of the messages, all of them.
    pub messages: u64,
    /// The partitions that wait longest.
    pub waiting: Vec<ParkedPartition>,
}

/// A partition, told by its first message, which holds back the others.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ParkedPartition {
    /// Of the lane.
    pub stream: String,
    pub partition: String,
    pub messages: u64,
    /// Id of the first.
    pub message: String,
    /// When the first arrived.
    #[schema(format = DateTime)]
    pub since: String,
    pub tries: u32,
    /// When it is tried again.
    #[schema(format = DateTime)]
    pub next_try: String,
    pub reason: String,
}

impl From<Parkings> for ParkedList {
    fn from(parked: Parkings) -> Self {
        Self {
            partitions: parked.partitions,
            messages: parked.messages,
            waiting: parked.first.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<Waiting> for ParkedPartition {
    fn from(waiting: Waiting) -> Self {
        Self {
            stream: waiting.stream,
            partition: waiting.partition,
            messages: waiting.messages,
            message: waiting.message,
            since: waiting.received.to_string(),
            tries: waiting.tries,
            next_try: waiting.due.to_string(),
            reason: waiting.reason,
        }
    }
}
