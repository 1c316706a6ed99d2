//! Dead letters driven again: what could not be processed goes through its installation once more, as it is enabled now.

use std::sync::Arc;

use dongting_bus::{BusError, StoredDeadLetter, cloudevents};
use dongting_manifest::dead_letter::DocumentHead;
use dongting_manifest::installation::Code;
use dongting_manifest::plugin::Role;
use dongting_manifest::{DeadLetter, Installation, Lane, Origin, Timestamp, Version};
use dongting_sandbox::{Document, Refusal};
use dongting_store::{Commit, Input, Output};

use crate::decoder::PushError;
use crate::given::Noted;
use crate::host::Host;
use crate::installed::{InstallError, Installed, chain, install};
use crate::item::{End, From, Item};
use crate::transform::Effects;

#[derive(Debug, thiserror::Error)]
pub enum RedriveError {
    #[error("there is no dead letter {0}")]
    Unknown(u64),
    #[error("the installation `{0}` does not run here: enable it, then re-drive")]
    NotInstalled(String),
    /// What a source read or a device sent, and nobody asks for anew. The letter stays, until a release decodes such things.
    #[error(
        "the installation `{0}` decodes no documents, so this letter cannot be driven again: enable a release that has the role decoder as well, or name it for this letter; or download its payload and push it to an installation that decodes it; or discard the letter"
    )]
    NoDecoder(String),
    /// The letter stays. The reason may be another than at first.
    #[error("it was refused again: {0}")]
    Refused(String),
    /// The letter stays.
    #[error("it cannot be processed now: {0}")]
    Later(String),
    /// The letter stays.
    #[error("the release named cannot take it: {0}")]
    Release(#[from] InstallError),
    /// The letter stays.
    #[error(
        "the release named reads what the installation keeps in state_version {reads}, and it is kept in {kept}: name one of state_version {kept}, or enable the other release first"
    )]
    OtherForm { reads: u32, kept: u32 },
    #[error("the dead letters cannot be reached now")]
    Bus(#[from] BusError),
}

impl Host {
    /// Gives a dead letter to its installation once more, and removes it when everything made of it is stored. A kill in
    /// between leaves it, and driven once more it changes nothing: ids follow from the input, and its place among the dead
    /// letters is a fence like that of a message on a lane. `code` names a release that takes it in place of the one that is enabled,
    /// under the same grants. Returns the ids of the messages made.
    pub async fn redrive(&self, sequence: u64, code: Option<Code>) -> Result<Vec<String>, RedriveError> {
        // One after the other: whoever comes second finds no letter any more.
        let _turn = self.redriving.lock().await;
        let found = self.shared.publisher.bus().dead_letter_at(sequence).await?;
        let StoredDeadLetter { letter, stored_at, .. } = found.ok_or(RedriveError::Unknown(sequence))?;
        let enabled = self
            .installed(&letter.installation)
            .ok_or_else(|| RedriveError::NotInstalled(letter.installation.clone()))?;
        let installed = match code {
            Some(code) => Arc::new(self.named(&enabled, code).await?),
            None => Arc::clone(&enabled),
        };
        let made = match letter.origin.clone() {
            Some(origin) => self.redrive_message(&installed, sequence, &letter, &origin).await,
            None => self.redrive_document(&installed, sequence, (letter, stored_at)).await,
        };
        if !Arc::ptr_eq(&installed.pin, &enabled.pin) {
            installed.pin.release(self.store()).await;
        }
        let made = made?;
        self.shared.publisher.bus().discard_dead_letter(sequence).await?;
        // It will not come again, so its fence has done its work.
        let place = self.place_of_letter(sequence).await?;
        let forgotten = self.shared.store.forget_applied(installed.id(), &place).await;
        forgotten.map_err(|error| RedriveError::Later(chain(&error)))?;
        let (id, plugin) = (installed.id(), &installed.reference);
        tracing::info!(installation = id, plugin, sequence, "Dead letter {sequence} was driven again");
        Ok(made)
    }

    /// The release that takes a letter in place of the one that is enabled. Where that keeps nothing, it has no lease that this one could use.
    async fn named(&self, enabled: &Installed, code: Code) -> Result<Installed, RedriveError> {
        let mut named = self.in_place_of(enabled, code, None).await?;
        if named.is_pinned() && !enabled.is_pinned() {
            let lent = self.shared.leases.lend(named.id(), self.store()).await;
            named.pin = Arc::new(lent.map_err(|error| RedriveError::Later(chain(&error)))?);
        }
        self.keep_grants(&named).await;
        Ok(named)
    }

    /// Another release for what one installation does. It works beside the one that is enabled, on the same state and in its turn.
    pub(crate) async fn in_place_of(
        &self,
        enabled: &Installed,
        code: Code,
        allow_downgrade: Option<Version>,
    ) -> Result<Installed, RedriveError> {
        let (release, component) = match code {
            Code::Release(release) => (Some(release), None),
            Code::File(file) => (None, Some(file)),
        };
        let before = enabled.installation.as_ref().clone();
        let allow_downgrade = allow_downgrade.or(before.allow_downgrade);
        let code = Installation { release, component, shadow: None, shadow_release: None, ..before };
        let installation = Installation { allow_downgrade, ..code };
        let round = self.round();
        let status = Arc::clone(&enabled.status);
        let mut installed = install(&round, self.store(), Arc::new(installation), status).await?;
        installed.take_place_of(enabled);
        // It works on what the enabled one keeps, and one letter is no reason to change the form of that.
        let (reads, kept) = (installed.manifest.state_version, enabled.manifest.state_version);
        if installed.stateful && reads != kept {
            return Err(RedriveError::OtherForm { reads, kept });
        }
        Ok(installed)
    }

    async fn place_of_letter(&self, sequence: u64) -> Result<Input, BusError> {
        let stream_created = self.shared.publisher.bus().lane(Lane::Dead).await?.created;
        let stream = dongting_bus::lane::stream(Lane::Dead).to_owned();
        Ok(Input { stream, stream_created, sequence })
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
        let Input { stream, stream_created, .. } = self.place_of_letter(sequence).await?;
        let origin = Origin { stream, stream_created, sequence, subject: origin.subject.clone() };
        let item = Item { message, origin, tries: 1, from: From::Dead };
        let inputs = vec![item.input()];
        let turn = installed.turn(&self.shared).await;
        let _turn = turn.map_err(|error| RedriveError::Later(chain(&error)))?;
        let used = self.shared.store.applied(installed.id(), &inputs).await;
        if !used.map_err(|error| RedriveError::Later(chain(&error)))?.is_empty() {
            // Committed by an earlier try that did not live to remove the letter; its messages are in the outbox or gone.
            crate::outbox::drain(installed, &self.shared).await.map_err(RedriveError::Later)?;
            return Ok(Vec::new());
        }
        let lease = installed.lease().map_err(RedriveError::Later)?;
        let items = [item];
        let ran = installed.run(&self.shared, &items).await.map_err(RedriveError::Later)?;
        let mut effects = ran.map_err(|refusal| match refusal {
            refusal @ (Refusal::Retry { .. } | Refusal::Other(_)) => RedriveError::Later(refusal.to_string()),
            refusal => RedriveError::Refused(refusal.to_string()),
        })?;
        let dispatched: Vec<_> = items
            .iter()
            .zip(&effects.ends)
            .filter_map(|(item, end)| item.dispatched(installed, end))
            .filter(|_| installed.is_sink())
            .collect();
        let noted = installed.record(&self.shared.store, &items, &mut effects).await;
        let noted = noted.map_err(RedriveError::Later)?;
        let Effects { outputs, ends, writes, .. } = effects;
        match ends.into_iter().next() {
            Some(End::Dead(reason)) => return Err(RedriveError::Refused(reason)),
            Some(End::Later { reason, .. }) => return Err(RedriveError::Later(reason)),
            Some(End::Done) | None => {}
        }
        let made = outputs.iter().map(|message| message.id.clone()).collect();
        let mut commit = Commit::new(installed.id());
        commit.lease = lease;
        commit.attempts = inputs.iter().map(|input| (input.clone(), true)).collect();
        commit.inputs = inputs;
        commit.dispatched = dispatched;
        if let Some(Noted { call, bodies }) = noted {
            installed.keep(&self.shared, &bodies).await;
            commit.call = Some(call);
        }
        installed.write(&mut commit, writes);
        commit.outputs = outputs.into_iter().map(Output::Message).collect();
        crate::outbox::commit(installed, &self.shared, commit).await.map_err(RedriveError::Later)?;
        installed.status.active();
        Ok(made)
    }

    async fn redrive_document(
        &self,
        installed: &Installed,
        sequence: u64,
        (letter, stored_at): (DeadLetter, Timestamp),
    ) -> Result<Vec<String>, RedriveError> {
        if !installed.has(Role::Decoder) {
            return Err(RedriveError::NoDecoder(letter.installation));
        }
        let document = as_it_came(letter, stored_at);
        match installed.decode_again(&self.shared, document, self.place_of_letter(sequence).await?).await {
            Ok(accepted) if accepted.rejects.is_empty() => Ok(accepted.messages),
            // It stays even if other parts of it were published: a reject of these very bytes is this letter, not a second one.
            Ok(accepted) => Err(RedriveError::Refused(accepted.rejects.join("; "))),
            Err(PushError::Later { reason, .. }) => Err(RedriveError::Later(reason)),
            Err(error) => Err(RedriveError::Refused(error.to_string())),
        }
    }
}

/// The document of a letter. One of an earlier version does not say how it came; it was stored when it came.
fn as_it_came(letter: DeadLetter, stored_at: Timestamp) -> Document {
    let DeadLetter { document, content_type, payload: body, .. } = letter;
    let Some(DocumentHead { transport, name, received }) = document else {
        return Document { received: stored_at, ..Installed::document(None, None, body) };
    };
    let content_type = Some(content_type).filter(|said| !said.is_empty());
    Document { transport, name, content_type, received, body }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn a_document_comes_again_as_it_came() {
        let at = |micros| Timestamp::from_micros(micros).unwrap();
        let name = Some("水位.csv".to_owned());
        let head = DocumentHead { transport: "file".to_owned(), name, received: at(5) };
        let letter = DeadLetter {
            installation: "gauges".to_owned(),
            reason: "no level".to_owned(),
            plugin: String::new(),
            traceparent: String::new(),
            region: None,
            origin: None,
            attributes: Vec::new(),
            document: Some(head),
            content_type: "text/csv".to_owned(),
            payload: b"1,2".to_vec(),
        };
        let told = |letter: DeadLetter| {
            let Document { transport, name, content_type, received, body } = as_it_came(letter, at(9));
            assert_eq!(body, b"1,2");
            (transport, name, content_type, received)
        };
        let expected = ("file".to_owned(), Some("水位.csv".to_owned()), Some("text/csv".to_owned()), at(5));
        assert_eq!(told(letter.clone()), expected);
        // Its sender said nothing of its content.
        let silent = DeadLetter { content_type: String::new(), ..letter.clone() };
        assert_eq!(told(silent).2, None);
        // An earlier version has kept nothing of it, and called it all the same.
        let content_type = "application/octet-stream".to_owned();
        let earlier = DeadLetter { document: None, content_type, ..letter };
        assert_eq!(told(earlier), ("http".to_owned(), None, None, at(9)));
    }
}
