//! One call and what came of it.

use std::time::Duration;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::{Bytes, Error};

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Call<T> {
    #[serde(rename = "result")]
    pub outcome: Outcome<T>,
    pub log: Vec<LogLine>,
    /// Lines over the limit.
    pub log_dropped: u32,
    /// What it asked of other systems, in order.
    pub asked: Vec<Asked>,
    cpu_micros: u64,
}

/// The plugin's answer, or the host's verdict.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(tag = "is", rename_all = "camelCase")]
pub enum Outcome<T> {
    Done {
        answer: T,
    },
    /// `Error::Retry`: not now.
    #[serde(rename_all = "camelCase")]
    Retry {
        reason: String,
        after_millis: Option<u64>,
    },
    /// `Error::Reject`: never.
    Reject {
        reason: String,
    },
    /// `Error::Other`: handled as a retry.
    Other {
        reason: String,
    },
    /// The host ended the call or refused what it gave.
    Fault {
        reason: String,
        fault: Fault,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Fault {
    Trap,
    /// It took too long on the wall.
    Deadline,
    /// It used too much CPU time.
    Cpu,
    Memory,
    Instantiate,
    /// It gave what it may not: too much, malformed, or not in its manifest.
    Output,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct LogLine {
    /// `debug`, `info`, `warn`, `error`.
    pub level: String,
    pub text: String,
}

/// A request to another system.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Asked {
    pub method: String,
    pub url: String,
    pub headers: Vec<(String, String)>,
    pub body: Bytes,
    /// Whether the script had an answer.
    pub answered: bool,
}

impl<T> Call<T> {
    pub(crate) fn new(answer: Value) -> Result<Self, Error>
    where
        T: DeserializeOwned,
    {
        read(answer)
    }

    /// The answer of a call that was done and asked for nothing that the script does not know.
    pub fn done(self) -> Result<T, Error> {
        if let Some(asked) = self.asked.iter().find(|asked| !asked.answered) {
            let said =
                format!("it asked for {} {}, which no rule of the script answers", asked.method, asked.url);
            return Err(self.unexpected(&said));
        }
        match self.outcome {
            Outcome::Done { answer } => Ok(answer),
            ref other => Err(self.unexpected(&said(other))),
        }
    }

    /// The answer, if it was done.
    pub fn answer(&self) -> Option<&T> {
        if let Outcome::Done { answer } = &self.outcome { Some(answer) } else { None }
    }

    /// The reason of a call that was rejected.
    pub fn rejected(self) -> Result<String, Error> {
        match self.outcome {
            Outcome::Reject { reason } => Ok(reason),
            ref other => Err(self.unexpected(&format!("it was to reject, and {}", said(other)))),
        }
    }

    /// The reason of a call that wants to be made again.
    pub fn retried(self) -> Result<String, Error> {
        match self.outcome {
            Outcome::Retry { reason, .. } | Outcome::Other { reason } => Ok(reason),
            ref other => Err(self.unexpected(&format!("it was to retry, and {}", said(other)))),
        }
    }

    /// The verdict of the host on a call that went wrong.
    pub fn fault(self) -> Result<Fault, Error> {
        match self.outcome {
            Outcome::Fault { fault, .. } => Ok(fault),
            ref other => Err(self.unexpected(&format!("it was to fault, and {}", said(other)))),
        }
    }

    /// CPU time.
    #[must_use]
    pub fn cpu(&self) -> Duration {
        Duration::from_micros(self.cpu_micros)
    }

    fn unexpected(&self, said: &str) -> Error {
        let mut text = said.to_owned();
        for line in &self.log {
            text.push_str(&format!("\n  {}: {}", line.level, line.text));
        }
        Error::Unexpected(text)
    }
}

fn said<T>(outcome: &Outcome<T>) -> String {
    match outcome {
        Outcome::Done { .. } => "it was done".to_owned(),
        Outcome::Retry { reason, .. } => format!("it asks for another try: {reason}"),
        Outcome::Reject { reason } => format!("it rejects: {reason}"),
        Outcome::Other { reason } => format!("it fails: {reason}"),
        Outcome::Fault { reason, .. } => format!("the host ended it: {reason}"),
    }
}

pub(crate) fn read<T: DeserializeOwned>(value: Value) -> Result<T, Error> {
    serde_json::from_value(value).map_err(|error| Error::Protocol(error.to_string()))
}
