//! A poll of a catalogue, without the network: which requests, what the answers mean, where the next poll goes on.
//!
//! An FDSN service is asked with `updatedafter` for what was stated since the newest statement seen, with some overlap, because a
//! revision has an old origin time and would be missed by asking for new events. A service that refuses the parameter (400) is asked for
//! the whole look-back window each time. The weakest magnitude is never part of the question: an event revised to below it would
//! silently vanish from the answers, and the warnings made of it would stand for ever.

mod answer;
mod cursor;
mod request;

use jiff::{SignedDuration, Timestamp};

use crate::document::{Document, Reject};
use crate::reading::Reading;
use crate::settings::{Settings, SettingsError};
use answer::Meaning;
pub use answer::{Answer, Refusal};
use cursor::Cursor;
use request::Question;
pub use request::Request;

/// Requests of one poll: pages, and one more for a refused `updatedafter`.
const MAX_REQUESTS: usize = 12;

#[derive(Debug, Clone, PartialEq)]
pub struct Polled {
    /// New or changed since the cursor was made.
    pub readings: Vec<Reading>,
    pub rejects: Vec<Reject>,
    pub cursor: String,
    /// Nothing that was stated before this will come any more.
    pub complete_until: Timestamp,
}

/// The request got no answer; one sentence for the operator.
pub type SendError = String;

/// Polls once. `send` makes one request and must not follow redirects; `now` is the instant of the poll.
pub fn poll(
    settings: &Settings,
    cursor: Option<&str>,
    now: Timestamp,
    mut send: impl FnMut(&Request) -> Result<Answer, SendError>,
) -> Result<Polled, Refusal> {
    let mut cursor = Cursor::read(cursor);
    let mut question = Question::new(settings, &cursor, now)?;
    let mut collected = Document::default();
    for _ in 0..MAX_REQUESTS {
        let request = question.request();
        let answer = send(&request).map_err(|reason| Refusal::Retry { reason, after: None })?;
        match answer.meaning(settings.format, question.takes_404_as_nothing())? {
            Meaning::BadRequest(_) if question.asks_for_updates() => {
                question = question.without_updates();
                continue;
            }
            Meaning::BadRequest(reason) => return Err(Refusal::Reject(reason)),
            Meaning::Nothing => {}
            Meaning::Document(mut page) => {
                let next = question.next_page(&page)?;
                collected.readings.append(&mut page.readings);
                collected.rejects.append(&mut page.rejects);
                if let Some(next) = next {
                    question = next;
                    continue;
                }
            }
        }
        cursor.refuses_updates |= question.was_refused_updates();
        let Document { readings, mut rejects } = collected.without_future(now);
        let readings = cursor.new_or_changed(readings, settings.min_magnitude, now);
        rejects.retain(|reject| cursor.is_new_reject(reject));
        let overlap = SignedDuration::from_secs(i64::from(settings.overlap_seconds));
        return Ok(Polled {
            readings,
            rejects,
            cursor: cursor.write(),
            complete_until: now.saturating_sub(overlap).unwrap_or(Timestamp::MIN),
        });
    }
    Err(Refusal::Reject(format!(
        "more events than {MAX_REQUESTS} requests can fetch; lower lookback_hours or raise max_events"
    )))
}

impl From<SettingsError> for Refusal {
    fn from(error: SettingsError) -> Self {
        Self::Reject(error.to_string())
    }
}

#[cfg(test)]
mod tests;
