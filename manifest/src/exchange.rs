//! What a call asked for over HTTP and what it was answered, as far as the plugin saw it.

use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exchange {
    pub method: String,
    pub url: String,
    /// What went with it; none where that was not written down.
    pub sent: Option<Sent>,
    pub answer: Result<Answer, Failure>,
}

/// What went with a request, whether or not it arrived.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sent {
    /// In the order of their names, with values as the bytes that they are.
    pub headers: Vec<(String, Vec<u8>)>,
    /// Digest of the whole body.
    pub body: String,
    /// What a person is shown of it.
    pub start: Vec<u8>,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Answer {
    pub status: u16,
    /// Values as the bytes that they are.
    pub headers: Vec<(String, Vec<u8>)>,
    /// As far as it was read.
    pub body: Vec<u8>,
    /// Why it ended before its end.
    pub broken: Option<Failure>,
}

/// Why there was no answer, or no more of it. A plugin is told no more than this of the network, so that a replay can tell it the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Failure {
    Denied,
    LimitReached,
    UriInvalid,
    DnsTimeout,
    DnsError,
    NotFound,
    AddressProhibited,
    ConnectTimeout,
    Refused,
    Unavailable,
    Tls,
    AnswerTimeout,
    ReadTimeout,
    Incomplete,
    /// Than this many bytes.
    TooLarge(u64),
    Terminated,
    Protocol,
}
