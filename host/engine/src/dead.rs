//! Dead letters: what cannot be processed is kept with its reason until a person re-drives or discards it.

use dongting_bus::PublishError;
use dongting_manifest::DeadLetter;
use dongting_manifest::message::Reject;

use crate::installed::Installed;
use crate::publisher::Publisher;

impl Installed {
    /// Keeps part of a document that a source or decoder could not understand, or the whole of it.
    pub async fn reject(&self, publisher: &Publisher, reject: Reject) -> Result<(), PublishError> {
        self.dead_letter(publisher, &self.letter(reject)).await
    }

    pub fn letter(&self, reject: Reject) -> DeadLetter {
        DeadLetter {
            installation: self.id().to_owned(),
            reason: reject.reason,
            plugin: self.reference.clone(),
            traceparent: String::new(),
            region: Some(self.installation.region),
            origin: None,
            attributes: Vec::new(),
            content_type: "application/octet-stream".to_owned(),
            payload: reject.raw,
        }
    }

    pub async fn dead_letter(&self, publisher: &Publisher, letter: &DeadLetter) -> Result<(), PublishError> {
        if publisher.dead_letter(letter).await? {
            tracing::warn!(
                installation = self.id(),
                reason = letter.reason,
                "A dead letter of `{}`",
                self.id()
            );
            self.status.count(|counts| &counts.rejects, 1);
        }
        Ok(())
    }
}
