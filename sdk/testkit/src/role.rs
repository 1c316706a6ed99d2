//! What the roles are given and what they answer.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::message::Bytes;
use crate::{Message, Reject};

/// What a decoder is given.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Document {
    /// `http`, `file`, `mqtt` or `udp`.
    pub transport: String,
    pub name: Option<String>,
    pub content_type: Option<String>,
    pub body: Bytes,
}

/// A decoder's answer.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Decoded {
    pub messages: Vec<Message>,
    pub rejects: Vec<Reject>,
    pub reply: Option<Reply>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Reply {
    pub content_type: String,
    pub body: Bytes,
}

/// What a session's connection came to.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Conversed {
    pub messages: Vec<Message>,
    pub rejects: Vec<Reject>,
    /// Bytes for the device.
    pub sent: Bytes,
    /// The plugin has ended it.
    pub closed: bool,
}

/// A source's answer.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Polled {
    pub messages: Vec<Message>,
    pub rejects: Vec<Reject>,
    pub cursor: Option<String>,
    pub complete_until: Option<Timestamp>,
    pub next_millis: Option<u64>,
}

/// A transform's answer.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Applied {
    pub messages: Vec<Message>,
    pub rejected: Vec<Rejected>,
}

/// An input that a transform cannot process.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Rejected {
    pub input: usize,
    pub reason: String,
}

/// What came of one message of a sink's batch.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(tag = "is", rename_all = "camelCase")]
pub enum Delivery {
    Delivered,
    Rejected {
        reason: String,
    },
    #[serde(rename_all = "camelCase")]
    Retry {
        reason: String,
        after_millis: Option<u64>,
    },
    Unknown {
        reason: String,
    },
}

/// What a service is asked.
#[derive(Debug, Clone)]
pub struct Request {
    /// `http` or `nats`.
    pub transport: String,
    pub method: String,
    pub path: String,
    pub query: Option<String>,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

/// A service's answer.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Response {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Bytes,
    pub messages: Vec<Message>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct View {
    pub id: String,
    /// `zh` and `en`.
    pub title: std::collections::BTreeMap<String, String>,
    pub order: u32,
    /// `<domain> <kind>`.
    pub reads: Vec<String>,
}

/// A view's answer to a form.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Acted {
    pub text: String,
    pub messages: Vec<Message>,
}

impl Document {
    /// As it is pushed over HTTP under a name.
    #[must_use]
    pub fn new(name: &str, body: impl Into<Vec<u8>>) -> Self {
        Self {
            transport: "http".to_owned(),
            name: Some(name.to_owned()),
            content_type: None,
            body: Bytes(body.into()),
        }
    }

    #[must_use]
    pub fn content_type(self, content_type: &str) -> Self {
        Self { content_type: Some(content_type.to_owned()), ..self }
    }
}

impl Request {
    #[must_use]
    pub fn get(path: &str) -> Self {
        Self::new("GET", path, Vec::new())
    }

    #[must_use]
    pub fn post(path: &str, body: impl Into<Vec<u8>>) -> Self {
        Self::new("POST", path, body.into())
    }

    fn new(method: &str, path: &str, body: Vec<u8>) -> Self {
        let (path, query) = match path.split_once('?') {
            Some((path, query)) => (path, Some(query.to_owned())),
            None => (path, None),
        };
        Self {
            transport: "http".to_owned(),
            method: method.to_owned(),
            path: path.to_owned(),
            query,
            headers: Vec::new(),
            body,
        }
    }

    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_lowercase(), value.to_owned()));
        self
    }

    pub(crate) fn value(&self) -> Value {
        let headers: Map<String, Value> =
            self.headers.iter().map(|(name, value)| (name.clone(), value.clone().into())).collect();
        json!({
            "transport": self.transport,
            "method": self.method,
            "path": self.path,
            "query": self.query,
            "headers": headers,
            "bodyHex": hex::encode(&self.body),
        })
    }
}

impl Response {
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body.0).into_owned()
    }
}
