//! A connection's transcript: what its instance was told and what it came to, written down in stretches beside the work. A replay runs it again.

use std::net::SocketAddr;
use std::time::Duration;

use dongting_manifest::message::hash;
use dongting_manifest::{Message, Timestamp};
use dongting_sandbox::{Ending, Step};
use dongting_store::{Body, CallRecord, Given, GivenStep, GivenSteps, Told};
use tokio::time::Instant;

use crate::difference::digest;
use crate::installed::Installed;
use crate::worker::Shared;

/// A stretch is written down when it has so many steps or bytes, or is so old.
const STEPS: usize = 256;
const BYTES: usize = 64 * 1024;
const AGE: Duration = Duration::from_secs(1);
/// No step of a stretch comes so long after its first: a stretch is written down before a step that would.
pub const LONGEST: Duration = Duration::from_secs(10);
/// Bytes of one connection. One that sends more goes on, and can be replayed up to there.
const MOST: usize = 64 << 20;

pub struct Transcript {
    given: GivenSteps,
    bytes: Vec<u8>,
    outputs: Vec<(String, String)>,
    rejects: Vec<Option<String>>,
    /// When the stretch began.
    since: Option<Instant>,
    /// Bytes of the connection that may still be kept; none once it was over.
    left: Option<usize>,
}

impl Transcript {
    pub fn new(peer: SocketAddr, opened: Timestamp) -> Self {
        Self {
            given: GivenSteps { peer, opened, first: 0, steps: Vec::new(), body: String::new() },
            bytes: Vec::new(),
            outputs: Vec::new(),
            rejects: Vec::new(),
            since: None,
            left: Some(MOST),
        }
    }

    /// One step: what it was given, what it made, why parts of it were rejected, and what it answered in short.
    pub fn add(
        &mut self,
        (told, bytes, now): (Told, &[u8], Timestamp),
        made: &[Message],
        rejects: impl Iterator<Item = String>,
        answer: Option<String>,
    ) {
        if self.left.is_none() {
            return;
        }
        let before = self.rejects.len();
        self.rejects.extend(rejects.map(Some));
        self.outputs.extend(made.iter().map(|message| (message.id.clone(), digest(message))));
        self.bytes.extend(bytes);
        self.since.get_or_insert_with(Instant::now);
        let rejects = self.rejects.len() - before;
        let (bytes, outputs) = (bytes.len(), made.len());
        self.given.steps.push(GivenStep { now, told, bytes, outputs, rejects, answer });
    }

    /// When what there is should be written down.
    pub fn due(&self) -> Option<Instant> {
        let full = self.given.steps.len() >= STEPS || self.bytes.len() >= BYTES;
        self.since.map(|since| if full { since } else { since + AGE })
    }

    /// Writes down what there is.
    pub fn write(&mut self, installed: &Installed, shared: &Shared) {
        let (Some(first), Some(left)) = (self.given.steps.first(), self.left) else { return };
        let made_at = Some(first.now);
        self.since = None;
        let next = self.given.first + self.given.steps.len() as u64;
        let steps = std::mem::take(&mut self.given.steps);
        let bytes = std::mem::take(&mut self.bytes);
        self.left = left.checked_sub(bytes.len());
        let unkept = self.left.is_none().then(|| {
            format!("a connection has sent over {} MiB, and what came after that was not kept", MOST >> 20)
        });
        let body = Body::new(bytes);
        let given = GivenSteps { steps, body: body.digest.clone(), ..self.given.clone() };
        self.given.first = next;
        let call = CallRecord {
            made_at,
            given: Some(Given::Steps(given)),
            unkept,
            rejects: std::mem::take(&mut self.rejects),
            outputs: std::mem::take(&mut self.outputs),
            ..installed.record_of_now()
        };
        let bodies = if body.bytes.is_empty() { Vec::new() } else { vec![body] };
        shared.recorder.record_with(installed, call, bodies);
    }
}

/// What a step answered, in short; none where that was nothing.
pub fn answered(step: &Step) -> Option<String> {
    let Step { send, wake, close, .. } = step;
    let wake = wake.map(|wake| wake.as_millis().to_string()).unwrap_or_default();
    let nothing = send.is_empty() && wake.is_empty() && !close;
    (!nothing).then(|| hash([send.as_slice(), wake.as_bytes(), &[u8::from(*close)]]))
}

/// An ending as a record has it.
pub fn written(ending: &Ending) -> String {
    match ending {
        Ending::Peer => "peer".to_owned(),
        Ending::Asked => "asked".to_owned(),
        Ending::Idle => "idle".to_owned(),
        Ending::Stalled => "stalled".to_owned(),
        Ending::Broken(why) => format!("broken: {why}"),
        Ending::Replaced => "replaced".to_owned(),
        Ending::Stopped => "stopped".to_owned(),
    }
}

/// An ending from a record; none of a later host's.
pub fn read(written: &str) -> Option<Ending> {
    Some(match written {
        "peer" => Ending::Peer,
        "asked" => Ending::Asked,
        "idle" => Ending::Idle,
        "stalled" => Ending::Stalled,
        "replaced" => Ending::Replaced,
        "stopped" => Ending::Stopped,
        other => Ending::Broken(other.strip_prefix("broken: ")?.to_owned()),
    })
}

/// What chance in a connection's instance follows from: the first, or the so many-th that was given its state.
pub fn origin(peer: SocketAddr, opened: Timestamp, moves: u32) -> Vec<String> {
    let mut origin = vec!["session".to_owned(), peer.to_string(), opened.to_string()];
    if moves > 0 {
        origin.extend(["resume".to_owned(), moves.to_string()]);
    }
    origin
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endings_are_read_as_they_are_written() {
        let broken = Ending::Broken("reset: by peer".to_owned());
        for ending in [
            Ending::Peer,
            Ending::Asked,
            Ending::Idle,
            Ending::Stalled,
            broken,
            Ending::Replaced,
            Ending::Stopped,
        ] {
            assert_eq!(read(&written(&ending)), Some(ending));
        }
        assert_eq!(read("bored"), None);
    }

    #[test]
    fn an_answer_is_all_that_was_wanted() {
        assert_eq!(answered(&Step::default()), None);
        let wake = Step { wake: Some(Duration::from_secs(1)), ..Step::default() };
        let close = Step { close: true, ..Step::default() };
        let send = Step { send: b"1000".to_vec(), ..Step::default() };
        let all: std::collections::BTreeSet<_> = [&wake, &close, &send].map(answered).into();
        assert!(all.len() == 3 && !all.contains(&None));
    }
}
