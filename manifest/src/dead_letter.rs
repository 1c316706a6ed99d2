//! What could not be processed, with the reason and all that is needed to try it again.

use crate::message::hash;
use crate::{Region, Timestamp};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetter {
    /// The installation that could not process it.
    pub installation: String,
    /// One sentence for the operator.
    pub reason: String,
    /// `name@version#digest`; empty where no plugin had seen it yet.
    pub plugin: String,
    /// Empty where there is none.
    pub traceparent: String,
    pub region: Option<Region>,
    /// Where the message was; none for a document that never became one.
    pub origin: Option<Origin>,
    /// The `ce-` headers of the message as they came, so that with the payload it can be re-driven. Others
    /// are not kept.
    pub attributes: Vec<(String, String)>,
    /// How the document came; none for a message, for what a source read or a device sent, and in letters of earlier versions.
    pub document: Option<DocumentHead>,
    /// Of the message, or of the document as its sender said; empty where nothing was said.
    pub content_type: String,
    /// The body of the message, or the part of the document that was rejected. Kept whole: one that NATS
    /// cannot take (8 MiB by default, headers included) is refused, not cut.
    pub payload: Vec<u8>,
}

/// All of a document but its content type and its bytes, so that a re-drive gives it to its decoder as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DocumentHead {
    pub transport: String,
    pub name: Option<String>,
    pub received: Timestamp,
}

/// A place in a lane. It names a message for ever.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    pub stream: String,
    pub stream_created: Timestamp,
    pub sequence: u64,
    pub subject: String,
}

impl DeadLetter {
    /// What JetStream knows it by: the same letter written again is not there twice.
    #[must_use]
    pub fn id(&self) -> String {
        let installation = self.installation.as_bytes();
        match &self.origin {
            Some(origin) => hash([
                b"message",
                installation,
                origin.stream.as_bytes(),
                &origin.stream_created.as_micros().to_be_bytes(),
                &origin.sequence.to_be_bytes(),
            ]),
            None => hash([b"document", installation, &self.payload]),
        }
    }
}
