//! Dead letters driven again: what could not be processed goes through its installation once more, as it is enabled now.

use dongting_bus::{BusError, DeadLetter, Origin, StoredDeadLetter, cloudevents};
use dongting_manifest::plugin::Role;
use dongting_manifest::{Lane, Message};
use dongting_store::Input;

use crate::decoder::PushError;
use crate::host::Host;
use crate::installed::{Installed, chain};

#[derive(Debug, thiserror::Error)]
pub enum RedriveError {
    #[error("there is no dead letter {0}")]
    Unknown(u64),
    #[error("the installation `{0}` does not run here: enable it, then re-drive")]
    NotInstalled(String),
    #[error("the installation `{0}` decodes no documents: its source asks the system again by itself")]
    NoDecoder(String),
    /// The letter stays. The reason may be another than at first.
    #[error("it was refused again: {0}")]
    Refused(String),
    /// The letter stays.
    #[error("it cannot be processed now: {0}")]
    Later(String),
    #[error("the dead letters cannot be reached now")]
    Bus(#[from] BusError),
}

impl Host {
    /// Gives a dead letter to its installation once more, and removes it when everything made of it is stored. A kill in
    /// between leaves it, and driven once more it changes nothing: ids follow from the input, and its place among the dead
    /// letters is a fence like that of a message on a lane. Returns the ids of the messages made.
    pub async fn redrive(&self, sequence: u64) -> Result<Vec<String>, RedriveError> {
        let found = self.bus.dead_letter_at(sequence).await?;
        let StoredDeadLetter { letter, .. } = found.ok_or(RedriveError::Unknown(sequence))?;
        let installed = self
            .installed(&letter.installation)
            .ok_or_else(|| RedriveError::NotInstalled(letter.installation.clone()))?;
        let made = match letter.origin.clone() {
            Some(origin) => self.redrive_message(&installed, sequence, &letter, &origin).await?,
            None => self.redrive_document(&installed, letter).await?,
        };
        self.bus.discard_dead_letter(sequence).await?;
        tracing::info!(installation = installed.id(), sequence, "Dead letter {sequence} was driven again");
        Ok(made)
    }

    async fn redrive_message(
        &self,
        installed: &Installed,
        sequence: u64,
        letter: &DeadLetter,
        origin: &Origin,
    ) -> Result<Vec<String>, RedriveError> {
        let message = cloudevents::decode(&origin.subject, &letter.attributes, &letter.payload)
            .map_err(|error| RedriveError::Refused(chain(&error)))?;
        let stream_created = self.bus.lane(Lane::Dead).await?.created;
        let stream = dongting_bus::lane::stream(Lane::Dead).to_owned();
        let inputs = [Input { stream, stream_created, sequence }];
        let _turn = installed.turn().await;
        let used = self.store.applied(installed.id(), &inputs).await;
        if !used.map_err(|error| RedriveError::Later(chain(&error)))?.is_empty() {
            // Committed by an earlier try that did not live to remove the letter; its messages are in the outbox or gone.
            crate::outbox::drain(installed, &self.bus, &self.store).await.map_err(RedriveError::Later)?;
            return Ok(Vec::new());
        }
        let batch = [message];
        let effects = installed.apply(&batch).await.map_err(|refusal| match refusal {
            refusal @ (dongting_sandbox::Refusal::Retry { .. } | dongting_sandbox::Refusal::Other(_)) => {
                RedriveError::Later(refusal.to_string())
            }
            refusal => RedriveError::Refused(refusal.to_string()),
        })?;
        if let Some(rejected) = effects.rejected.first() {
            return Err(RedriveError::Refused(rejected.reason.clone()));
        }
        installed.stored(&self.bus, &self.store, &inputs, &effects).await.map_err(RedriveError::Later)?;
        installed.status.active();
        Ok(ids(effects.messages))
    }

    async fn redrive_document(
        &self,
        installed: &Installed,
        letter: DeadLetter,
    ) -> Result<Vec<String>, RedriveError> {
        if !installed.has(Role::Decoder) {
            return Err(RedriveError::NoDecoder(letter.installation));
        }
        let document = Installed::document(None, None, letter.payload);
        match installed.decode_again(&self.bus, document).await {
            Ok(accepted) if accepted.rejects.is_empty() => Ok(accepted.messages),
            // It stays even if other parts of it were published: a reject of these very bytes is this letter, not a second one.
            Ok(accepted) => Err(RedriveError::Refused(accepted.rejects.join("; "))),
            Err(PushError::Later { reason, .. }) => Err(RedriveError::Later(reason)),
            Err(error) => Err(RedriveError::Refused(error.to_string())),
        }
    }
}

fn ids(messages: Vec<Message>) -> Vec<String> {
    messages.into_iter().map(|message| message.id).collect()
}
