//! Dead letters: what cannot be processed is kept with its reason until a person re-drives or discards it.

use dongting_bus::PublishError;
use dongting_manifest::DeadLetter;
use dongting_manifest::dead_letter::DocumentHead;
use dongting_manifest::message::Reject;
use dongting_store::Given;

use crate::installed::Installed;
use crate::publisher::Publisher;

impl Installed {
    /// Keeps part of what a source read or a device sent and nobody could understand, or the whole of it.
    pub async fn reject(&self, publisher: &Publisher, reject: Reject) -> Result<(), PublishError> {
        self.dead_letter(publisher, &self.letter(reject)).await
    }

    /// Of what a source read or a device sent.
    pub fn letter(&self, reject: Reject) -> DeadLetter {
        DeadLetter {
            installation: self.id().to_owned(),
            reason: reject.reason,
            plugin: self.reference.clone(),
            traceparent: String::new(),
            region: Some(self.installation.region),
            origin: None,
            attributes: Vec::new(),
            document: None,
            content_type: "application/octet-stream".to_owned(),
            payload: reject.raw,
        }
    }

    /// Of what a call was given or a part of it. A document's says how it came, since a re-drive must give it as it was.
    pub fn letter_of(&self, given: Option<&Given>, reject: Reject) -> DeadLetter {
        let letter = self.letter(reject);
        let Some(Given::Document(document)) = given else { return letter };
        DeadLetter {
            document: Some(DocumentHead {
                transport: document.transport.clone(),
                name: document.name.clone(),
                received: document.received,
            }),
            content_type: document.content_type.clone().unwrap_or_default(),
            ..letter
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
