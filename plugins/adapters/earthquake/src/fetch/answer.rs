//! What an HTTP answer means.

use std::time::Duration;

use crate::document::{self, Document};
use crate::settings::Format;

/// A service may ask for patience, but not for a day without data.
const MAX_PATIENCE: Duration = Duration::from_secs(3600);

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    pub content_type: Option<String>,
    pub content_encoding: Option<String>,
    pub location: Option<String>,
    pub retry_after: Option<String>,
    pub body: Vec<u8>,
}

/// Why a poll gave nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Ask again later, with the same cursor.
    #[error("{reason}")]
    Retry { reason: String, after: Option<Duration> },
    /// The answer as a whole cannot be understood, or the settings are wrong.
    #[error("{0}")]
    Reject(String),
}

pub enum Meaning {
    Document(Document),
    Nothing,
    /// 400 with the service's words.
    BadRequest(String),
}

impl Answer {
    pub fn meaning(&self, format: Format, nothing_is_404: bool) -> Result<Meaning, Refusal> {
        match self.status {
            200 => self.document(format).map(Meaning::Document),
            204 => Ok(Meaning::Nothing),
            404 if nothing_is_404 => Ok(Meaning::Nothing),
            404 => Err(Refusal::Reject("the feed answered 404: there is nothing at this address".to_owned())),
            400 => Ok(Meaning::BadRequest(format!("the feed answered 400: {}", self.words()))),
            413 => Err(Refusal::Reject(
                "the feed answered 413: too many events asked for; lower lookback_hours or max_events"
                    .to_owned(),
            )),
            status @ (408 | 425 | 429 | 500..=599) => Err(Refusal::Retry {
                reason: format!("the feed answered {status}: {}", self.words()),
                after: self.patience(),
            }),
            status @ 300..=399 => {
                let place = self.location.as_deref().map_or("nowhere", host);
                let place: String = place.chars().take(100).collect();
                Err(Refusal::Reject(format!(
                    "the feed answered {status} and sends to {place}; redirects are not followed, set `url` to the address itself"
                )))
            }
            status => Err(Refusal::Reject(format!("the feed answered {status}: {}", self.words()))),
        }
    }

    fn document(&self, format: Format) -> Result<Document, Refusal> {
        if let Some(encoding) =
            self.content_encoding.as_deref().filter(|e| !e.eq_ignore_ascii_case("identity"))
        {
            let encoding: String = encoding.chars().take(40).collect();
            return Err(Refusal::Reject(format!("the feed answered in {encoding}, which was not asked for")));
        }
        let is_html = self
            .content_type
            .as_deref()
            .is_some_and(|media| media.trim_start().to_ascii_lowercase().starts_with("text/html"));
        // A list served with the wrong type is still a list; a page is told by its type only where nothing else is known.
        document::read(format, &self.body).map_err(|error| {
            let reason = match error {
                document::Unreadable::Html { .. } => error.to_string(),
                _ if is_html => document::Unreadable::Html { expected: format.name() }.to_string(),
                other => other.to_string(),
            };
            Refusal::Reject(reason)
        })
    }

    /// `Retry-After`: seconds. The other form, a date, would be read by a clock that need not agree with the service's.
    fn patience(&self) -> Option<Duration> {
        let seconds: u64 = self.retry_after.as_deref()?.trim().parse().ok()?;
        Some(Duration::from_secs(seconds).min(MAX_PATIENCE))
    }

    /// The first lines of what the service says, for the operator: FDSN services give the reason in the second.
    fn words(&self) -> String {
        let head = self.body.get(..self.body.len().min(400)).unwrap_or_default();
        let text = String::from_utf8_lossy(head);
        let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).take(2).collect();
        if lines.is_empty() {
            return "no words".to_owned();
        }
        lines.join("; ").chars().filter(|c| !c.is_control()).take(200).collect()
    }
}

fn host(location: &str) -> &str {
    let rest = location.split_once("://").map_or(location, |(_, rest)| rest);
    rest.trim_start_matches('/').split(['/', '?', '#']).next().unwrap_or(rest)
}
