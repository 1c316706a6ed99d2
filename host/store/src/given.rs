//! What a call was given that was no message of a lane, as its record has it: a document, a request, a form, what came on a connection, and what a sink is
//! told beside its messages. Bodies by their digests.

use std::net::SocketAddr;

use dongting_manifest::{Region, Timestamp};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Given {
    Document(GivenDocument),
    Request(GivenRequest),
    Form(GivenForm),
    Steps(GivenSteps),
    /// One for each of the record's inputs.
    Attempts(Vec<GivenAttempt>),
}

/// What a sink was told of a message beside its words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GivenAttempt {
    /// What a receiver knows the message by.
    pub key: String,
    /// 1 the first time.
    pub number: u32,
}

/// What a sink said of an attempt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Said {
    Done,
    Rejected(String),
    Retry {
        reason: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        after_ms: Option<u64>,
    },
    Unknown(String),
    /// Nothing, since the call as a whole gave nothing.
    Nothing {
        reason: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        after_ms: Option<u64>,
    },
}

/// What a decoder was delivered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GivenDocument {
    pub transport: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_type: Option<String>,
    pub received: Timestamp,
    pub body: String,
}

/// What a service was asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GivenRequest {
    pub transport: String,
    pub method: String,
    pub path: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub query: Option<String>,
    pub headers: Vec<(String, String)>,
    pub received: Timestamp,
    pub body: String,
}

/// What somebody submitted to a view.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GivenForm {
    pub view: String,
    pub action: String,
    pub form: Vec<(String, String)>,
    pub region: Region,
    /// `zh` or `en`.
    pub language: String,
    pub now: Timestamp,
    /// Ids of the messages that were shown, a list for each of the view's reads.
    pub shown: Vec<Vec<String>>,
}

/// What a session's instance was told: a stretch of its connection, step by step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GivenSteps {
    /// The device's address; with the instant at which it connected it names the connection.
    pub peer: SocketAddr,
    pub opened: Timestamp,
    /// The first step's number on the connection, counted from 0. A gap says that steps were not recorded.
    pub first: u64,
    pub steps: Vec<GivenStep>,
    /// All bytes that the steps were given, one behind the other.
    pub body: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GivenStep {
    pub now: Timestamp,
    pub told: Told,
    /// So many bytes of the body.
    #[serde(default, skip_serializing_if = "is_nothing")]
    pub bytes: usize,
    /// So many of the record's outputs.
    #[serde(default, skip_serializing_if = "is_nothing")]
    pub outputs: usize,
    /// So many of the record's rejects.
    #[serde(default, skip_serializing_if = "is_nothing")]
    pub rejects: usize,
    /// Digest of what was sent and wished for, or of the state of one that left; none where that was nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Told {
    Opened,
    Received,
    Tick,
    /// Why the connection ended.
    Closed(String),
    /// Asked for the connection's state.
    Left,
    /// A new instance was given the state, the so many-th of the connection.
    Resumed(u32),
}

impl GivenSteps {
    /// The connection's name.
    #[must_use]
    pub fn connection(&self) -> String {
        format!("{} {}", self.opened, self.peer)
    }
}

fn is_nothing(count: &usize) -> bool {
    *count == 0
}
