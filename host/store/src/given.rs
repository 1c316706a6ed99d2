//! What a call was given that was no message of a lane, as its record has it: a document, a request, a form. Bodies by their digests.

use dongting_manifest::{Region, Timestamp};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Given {
    Document(GivenDocument),
    Request(GivenRequest),
    Form(GivenForm),
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
