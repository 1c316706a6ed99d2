//! The role `sink`.

use std::time::Duration;

pub use crate::bindings::sink::exports::dongting::sink::sink::{Attempt, Guest, Outcome};
pub use crate::message::{Error, Message};
pub use crate::{config, events, http, log, records, state};

/// Delivers one attempt after the other, each with its own outcome.
pub fn each(batch: &[Attempt], one: impl FnMut(&Attempt) -> Outcome) -> Result<Vec<Outcome>, Error> {
    Ok(batch.iter().map(one).collect())
}

impl Outcome {
    /// Tried again, not before a pause.
    #[must_use]
    pub fn retry_after(reason: &str, pause: Duration) -> Self {
        Self::Retry((reason.to_owned(), Some(u32::try_from(pause.as_millis()).unwrap_or(u32::MAX))))
    }

    /// What the status of an HTTP receiver says: it has the message, refuses it for good, or wants it later.
    #[must_use]
    pub fn of_status(status: u16, said: &str) -> Self {
        match status {
            200..=299 => Self::Delivered,
            // Too early, too many requests, a time-out: the message may be right.
            408 | 425 | 429 | 500..=599 => Self::Retry((format!("{status}: {said}"), None)),
            _ => Self::Rejected(format!("{status}: {said}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses() {
        assert!(matches!(Outcome::of_status(202, ""), Outcome::Delivered));
        assert!(matches!(Outcome::of_status(503, "full"), Outcome::Retry((why, None)) if why == "503: full"));
        assert!(matches!(Outcome::of_status(422, "no such county"), Outcome::Rejected(_)));
        assert!(matches!(
            Outcome::retry_after("busy", Duration::from_secs(2)),
            Outcome::Retry((_, Some(2000)))
        ));
    }
}
