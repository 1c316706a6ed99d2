//! A decoder at work: one delivered document, answered once its messages are stored.

use std::sync::Arc;
use std::time::Duration;

use dongting_manifest::message::{Reject, hash};
use dongting_manifest::plugin::Role;
use dongting_manifest::{Lane, Timestamp};
use dongting_sandbox::{Decoded, Document, Outcome, Refusal, Reply};
use dongting_store::Input;

use crate::given::{Heard, told_in_reply};
use crate::installed::{Installed, chain};
use crate::item::End;
use crate::publish::Inputs;
use crate::transform::Effects;
use crate::worker::Shared;
use crate::{outbox, threads};

/// What the deliverer is told.
#[derive(Debug)]
pub struct Accepted {
    /// Ids of the messages made of the document.
    pub messages: Vec<String>,
    /// Reasons of the parts that were kept as dead letters.
    pub rejects: Vec<String>,
    pub reply: Option<Reply>,
}

#[derive(Debug, thiserror::Error)]
pub enum PushError {
    #[error("the token opens no installation of this name")]
    Token,
    /// Kept as a dead letter; delivering it again is of no use.
    #[error("{0}")]
    Rejected(String),
    /// Deliver it again later.
    #[error("{reason}")]
    Later { reason: String, after: Duration },
}

pub const LATER: Duration = Duration::from_secs(5);

fn interrupted() -> PushError {
    PushError::Later { reason: "the call was interrupted".to_owned(), after: LATER }
}

/// Calls the decoder and stores what it gave. A document that it refuses, or that makes it fault, is `Rejected`; it becomes a dead letter
/// where it is not one already: `letter` is its place then.
async fn decoded(
    installed: &Installed,
    shared: &Shared,
    document: Document,
    letter: Option<Input>,
) -> Result<Accepted, PushError> {
    let later = |reason: String| PushError::Later { reason, after: LATER };
    let received = document.received;
    let (place, turn) = installed.entered(shared).await.map_err(later)?;
    if let Some(letter) = &letter {
        let used = shared.store.applied(installed.id(), std::slice::from_ref(letter)).await;
        if !used.map_err(|error| later(chain(&error)))?.is_empty() {
            // Committed by an earlier try that did not live to remove the letter.
            outbox::drain(installed, shared).await.map_err(later)?;
            return Ok(Accepted { messages: Vec::new(), rejects: Vec::new(), reply: None });
        }
    }
    // Whoever drives a letter again has a reason to.
    if letter.is_none()
        && let Some((reason, after)) = installed.rests()
    {
        return Err(PushError::Later { reason, after });
    }
    let note = installed.note_document(&document);
    let call = installed.call_to_decode(received, note.digest());
    let plugin = Arc::clone(&installed.plugin);
    let computing = async move { plugin.decode(&place, call, document).await };
    let computed = shared.compute(installed.lane(), &installed.brief, computing).await;
    let mut outcome = installed.log(computed.ok_or_else(interrupted)?);
    let heard = Heard::of(&mut outcome);
    let Outcome { result, writes, .. } = outcome;
    let made = result.and_then(|Decoded { drafts, rejects, reply }| {
        let outputs = installed.messages(&Inputs { messages: &[], received }, drafts)?;
        Ok((outputs, rejects, reply))
    });
    let trial = letter.is_none() && installed.was_asked(&made);
    let (outputs, rejects, reply) = match made {
        Ok(made) => made,
        Err(refusal @ Refusal::Fault(_)) if trial => return Err(later(refusal.to_string())),
        Err(Refusal::Retry { reason, after }) => {
            return Err(PushError::Later { reason, after: after.unwrap_or(LATER) });
        }
        Err(Refusal::Other(reason)) => return Err(later(reason)),
        Err(refusal) => {
            let reason = refusal.to_string();
            if letter.is_none() {
                let effects = Effects { ends: vec![End::Dead(reason.clone())], ..Effects::default() };
                let reject = Reject { reason: reason.clone(), raw: note.raw() };
                let noted = installed.noted(note, heard, &effects, None);
                installed.store(shared, turn, (effects, vec![reject], None), noted).await.map_err(later)?;
            }
            return Err(PushError::Rejected(reason));
        }
    };
    let reasons: Vec<String> = rejects.iter().map(|reject| reject.reason.clone()).collect();
    let messages = outputs.iter().map(|message| message.id.clone()).collect();
    let ends = reasons.iter().cloned().map(End::Dead).collect();
    let effects = Effects { outputs, ends, writes, ..Effects::default() };
    let noted = installed.noted(note, heard, &effects, told_in_reply(reply.as_ref()));
    // A letter of which a part is refused again stays, and is not used up.
    let used = letter.filter(|_| rejects.is_empty());
    installed.store(shared, turn, (effects, rejects, used), noted).await.map_err(later)?;
    installed.status.active();
    Ok(Accepted { messages, rejects: reasons, reply })
}

impl Installed {
    /// Decodes one delivered document and publishes what it gave. One that is refused is kept: nothing that was delivered is lost.
    pub async fn decode(
        self: &Arc<Self>,
        shared: &Arc<Shared>,
        document: Document,
    ) -> Result<Accepted, PushError> {
        let (installed, state) = (Arc::clone(self), Arc::clone(shared));
        let work = async move { decoded(&installed, &state, document, None).await };
        if self.lane() == Lane::Bulk {
            return work.await;
        }
        let done = threads::on(shared.threads(self.lane()), work).await;
        done.unwrap_or_else(|| Err(interrupted()))
    }

    /// Decodes a document that is kept already.
    pub(crate) async fn decode_again(
        &self,
        shared: &Shared,
        document: Document,
        letter: Input,
    ) -> Result<Accepted, PushError> {
        decoded(self, shared, document, Some(letter)).await
    }

    /// Whether `token` opens this decoder.
    pub fn takes(&self, token: &str) -> bool {
        self.has(Role::Decoder) && self.opens(token)
    }

    /// Whether `token` is the installation's. Takes as long for a wrong token as for the right one.
    pub fn opens(&self, token: &str) -> bool {
        let Some(own) = &self.installation.push_token else { return false };
        // Equal-length hashes are compared, so that neither length nor content shows in the time taken.
        let (a, b) = (hash([own.as_bytes()]), hash([token.as_bytes()]));
        a.bytes().zip(b.bytes()).fold(0, |difference, (a, b)| difference | (a ^ b)) == 0
    }

    /// A document that came over HTTP, with the instant of its coming.
    pub fn document(name: Option<String>, content_type: Option<String>, body: Vec<u8>) -> Document {
        Document { transport: "http".to_owned(), name, content_type, received: Timestamp::now(), body }
    }
}
