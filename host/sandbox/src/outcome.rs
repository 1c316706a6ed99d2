//! What a call comes to: the guest's answer or the host's verdict, with what it logged, wrote and used.

use std::collections::BTreeMap;
use std::time::Duration;

use dongting_manifest::exchange::Exchange;
use dongting_manifest::message::Reject;
use dongting_manifest::record;
use dongting_manifest::timer::Timer;
use dongting_manifest::{Draft, Message, Timestamp};

#[derive(Debug)]
pub struct Outcome<T> {
    pub result: Result<T, Refusal>,
    pub log: Vec<LogLine>,
    /// Lines beyond the limit, counted and dropped.
    pub log_dropped: u32,
    /// Nothing where the call gave nothing.
    pub writes: Writes,
    /// Up to which batch the history was read, where it was.
    pub history: Option<u64>,
    /// What it asked of the network, and was answered.
    pub exchanges: Vec<Exchange>,
    /// Why it cannot be made again.
    pub unkept: Option<Unkept>,
    pub cpu: Duration,
}

impl<T> Outcome<T> {
    pub fn map<U>(self, map: impl FnOnce(T) -> U) -> Outcome<U> {
        let Self { result, log, log_dropped, writes, history, exchanges, unkept, cpu } = self;
        Outcome { result: result.map(map), log, log_dropped, writes, history, exchanges, unkept, cpu }
    }
}

/// What let into a call what no record has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unkept {
    /// What it was answered was too much to be kept, and is not in its exchanges.
    Answers,
    /// It waited for time to pass, too: what came first, that or an answer, is not written down.
    Time,
}

/// What a call wrote, by capability; to be committed with its messages.
#[derive(Debug, Default)]
pub struct Writes {
    /// Keys set, and keys deleted (none).
    pub state: BTreeMap<String, Option<Vec<u8>>>,
    /// Timers set, and timers cancelled (none).
    pub timers: BTreeMap<String, Option<Timer>>,
    pub records: record::Writes,
}

impl Writes {
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.state.is_empty() && self.timers.is_empty() && self.records.records.is_empty()
    }
}

/// Why a call gave nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The guest: not now.
    #[error("the plugin asks for another try: {reason}")]
    Retry { reason: String, after: Option<Duration> },
    /// The guest: never.
    #[error("{0}")]
    Reject(String),
    /// The guest, in a way the contract has no word for; handled like a retry.
    #[error("{0}")]
    Other(String),
    /// The host.
    #[error(transparent)]
    Fault(#[from] Fault),
}

/// The host's verdict on a call.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    #[error("the plugin trapped: {0}")]
    Trap(String),
    #[error("the plugin did not answer within {0:?}")]
    Deadline(Duration),
    #[error("the plugin used more than {0:?} of CPU time")]
    Cpu(Duration),
    #[error("the plugin wanted more than its {0} MiB of memory")]
    Memory(u32),
    #[error("the plugin cannot be instantiated: {0}")]
    Instantiate(String),
    #[error("the plugin's output is refused: {0}")]
    Output(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogLevel {
    Debug,
    Info,
    Warn,
    Error,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    pub level: LogLevel,
    pub text: String,
}

/// A source's answer.
#[derive(Debug)]
pub struct Polled {
    pub drafts: Vec<Draft>,
    pub rejects: Vec<Reject>,
    pub cursor: Option<String>,
    pub complete_until: Option<Timestamp>,
    pub next: Option<Duration>,
}

/// What a decoder is given.
#[derive(Debug, Clone)]
pub struct Document {
    pub transport: String,
    pub name: Option<String>,
    pub content_type: Option<String>,
    pub received: Timestamp,
    pub body: Vec<u8>,
}

/// A decoder's answer.
#[derive(Debug)]
pub struct Decoded {
    pub drafts: Vec<Draft>,
    pub rejects: Vec<Reject>,
    pub reply: Option<Reply>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    pub content_type: String,
    pub body: Vec<u8>,
}

/// What a session wants done after a call, in this order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Step {
    pub drafts: Vec<Draft>,
    pub rejects: Vec<Reject>,
    /// Bytes for the device, once all before is stored.
    pub send: Vec<u8>,
    /// When to be called again, if nothing comes.
    pub wake: Option<Duration>,
    /// Nothing more, once the bytes are out.
    pub close: bool,
}

/// Why a connection has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// The device closed it.
    Peer,
    /// The plugin has.
    Asked,
    /// Nothing came for too long.
    Idle,
    /// The device took nothing for too long.
    Stalled,
    Broken(String),
    /// Another release has taken over.
    Replaced,
    /// The installation's work here has ended.
    Stopped,
}

/// A transform's answer.
#[derive(Debug)]
pub struct Applied {
    pub drafts: Vec<Draft>,
    pub rejected: Vec<Rejected>,
}

/// An input that a transform cannot process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejected {
    pub input: usize,
    pub reason: String,
}

/// A message on its way outward.
pub struct Attempt<'m> {
    pub message: &'m Message,
    /// The same in every attempt.
    pub key: String,
    /// 1 the first time.
    pub number: u32,
}

/// What came of an attempt, as the sink sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Delivered {
    Done,
    /// Never.
    Rejected(String),
    /// It has not arrived; later.
    Retry {
        reason: String,
        after: Option<Duration>,
    },
    /// It may have arrived.
    Unknown(String),
}

/// What a service is asked.
#[derive(Debug, Clone)]
pub struct Request {
    /// `http` or `nats`.
    pub transport: String,
    pub method: String,
    pub path: String,
    pub query: Option<String>,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    pub received: Timestamp,
    pub body: Vec<u8>,
}

/// A service's answer.
#[derive(Debug)]
pub struct Response {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    pub drafts: Vec<Draft>,
}
