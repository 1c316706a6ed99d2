//! A decoder at work: one delivered document, answered once its messages are stored.

use std::time::Duration;

use dongting_manifest::Timestamp;
use dongting_manifest::message::{Reject, hash};
use dongting_manifest::plugin::Role;
use dongting_sandbox::{Document, Outcome, Refusal, Reply};

use crate::installed::{Installed, chain};
use crate::outbox;
use crate::publish::Inputs;
use crate::worker::Shared;

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

/// Decodes and publishes. A document that the plugin refuses, or that makes it fault, is `Rejected`, and the caller's to keep.
async fn decoded(installed: &Installed, shared: &Shared, document: Document) -> Result<Accepted, PushError> {
    let later = |reason: String| PushError::Later { reason, after: LATER };
    let received = document.received;
    let _turn = installed.turn(shared).await.map_err(|error| later(chain(&error)))?;
    let call = installed.call(received, &["decode", &hash([document.body.as_slice()])]);
    let outcome = installed.log(installed.plugin.decode(call, document).await);
    let Outcome { result, writes, .. } = outcome;
    let decoded = match result {
        Ok(decoded) => decoded,
        Err(Refusal::Retry { reason, after }) => {
            return Err(PushError::Later { reason, after: after.unwrap_or(LATER) });
        }
        Err(Refusal::Other(reason)) => return Err(later(reason)),
        Err(refusal) => return Err(PushError::Rejected(refusal.to_string())),
    };
    let inputs = Inputs { messages: &[], received };
    let messages = installed
        .messages(&inputs, decoded.drafts)
        .map_err(|fault| PushError::Rejected(fault.to_string()))?;
    let rejects: Vec<String> = decoded.rejects.iter().map(|reject| reject.reason.clone()).collect();
    let ids = messages.iter().map(|message| message.id.clone()).collect();
    outbox::store(installed, shared, (messages, decoded.rejects), writes).await.map_err(later)?;
    installed.status.active();
    Ok(Accepted { messages: ids, rejects, reply: decoded.reply })
}

impl Installed {
    /// Decodes one delivered document and publishes what it gave. One that is refused is kept: nothing that was delivered is lost.
    pub async fn decode(&self, shared: &Shared, document: Document) -> Result<Accepted, PushError> {
        let raw = document.body.clone();
        let done = decoded(self, shared, document).await;
        if let Err(PushError::Rejected(reason)) = &done {
            let reject = Reject { reason: reason.clone(), raw };
            self.reject(&shared.publisher, reject)
                .await
                .map_err(|error| PushError::Later { reason: chain(&error), after: LATER })?;
        }
        done
    }

    /// Decodes a document that is kept already.
    pub(crate) async fn decode_again(
        &self,
        shared: &Shared,
        document: Document,
    ) -> Result<Accepted, PushError> {
        decoded(self, shared, document).await
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
