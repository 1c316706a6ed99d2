//! The role `session`.
//!
//! The functions have no `self`: a connection's instance is the plugin's alone, so what it knows of the connection lies in a
//! `thread_local!` of its own.

use std::time::Duration;

pub use crate::bindings::session::dongting::session::types::{Ending, Peer, Step};
pub use crate::bindings::session::exports::dongting::session::session::Guest;
pub use crate::message::{Draft, Error, Kind, Reject, Timestamp};
pub use crate::{config, events, geo, log};

/// Nothing is to be done.
impl Default for Step {
    fn default() -> Self {
        Self { drafts: Vec::new(), rejects: Vec::new(), send: Vec::new(), wake: None, close: false }
    }
}

impl Step {
    /// Bytes for the device. Those of an acknowledgement leave when all drafts of the step are stored.
    #[must_use]
    pub fn sending(bytes: impl Into<Vec<u8>>) -> Self {
        Self { send: bytes.into(), ..Self::default() }
    }

    /// Calls `tick` after so long, if nothing comes before.
    #[must_use]
    pub fn waking(mut self, after: Duration) -> Self {
        self.wake = Some(u32::try_from(after.as_millis()).unwrap_or(u32::MAX));
        self
    }

    /// Keeps a part of the stream that cannot be understood.
    pub fn reject(&mut self, reason: impl Into<String>, raw: impl Into<Vec<u8>>) {
        self.rejects.push(Reject { reason: reason.into(), raw: raw.into() });
    }

    /// Ends the connection once all is sent.
    #[must_use]
    pub fn closing(mut self) -> Self {
        self.close = true;
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_put_together() {
        let mut step = Step::sending(*b"ok").waking(Duration::from_secs(5));
        step.reject("no frame", *b"?");
        let step = step.closing();
        assert_eq!((step.send.as_slice(), step.wake, step.close), (b"ok".as_slice(), Some(5000), true));
        assert_eq!(step.rejects[0].raw, b"?");
        assert!(step.drafts.is_empty() && Step::default().wake.is_none());
        assert_eq!(Step::default().waking(Duration::MAX).wake, Some(u32::MAX));
    }
}
