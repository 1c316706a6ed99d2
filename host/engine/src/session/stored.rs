//! What a step made, on the bus before a byte of its answer leaves; and what becomes of a connection where that is not to be had.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use dongting_manifest::message::Reject;
use dongting_manifest::{Message, Timestamp};
use dongting_sandbox::{Outcome, Refusal, Step};
use dongting_store::Told;

use super::connection::Connection;
use super::transcript::answered;
use crate::installed::chain;
use crate::publish::Inputs;

/// Why a connection ends at once. The device has no answer to what it said last, and says it again on its next connection.
#[derive(Debug)]
pub enum Over {
    /// Its instance may not be called any more.
    Faulted(Refusal),
    /// What it made cannot be stored now.
    Unstored(String),
    Interrupted,
}

impl fmt::Display for Over {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Faulted(refusal) => refusal.fmt(f),
            Self::Unstored(why) => write!(f, "what it said cannot be stored now: {why}"),
            Self::Interrupted => f.write_str("a call was interrupted"),
        }
    }
}

impl Connection {
    /// Stores all that a step made. The bytes that made the instance fault are kept as a dead letter.
    pub(super) async fn stored(
        &mut self,
        outcome: Outcome<Step>,
        (told, bytes): (Told, Vec<u8>),
        now: Timestamp,
    ) -> Result<Step, Over> {
        let installed = Arc::clone(&self.installed);
        let inputs = Inputs { messages: &[], received: now };
        let made: Result<_, Refusal> = installed.log(outcome).result.and_then(|mut step| {
            let messages = installed.messages(&inputs, std::mem::take(&mut step.drafts))?;
            Ok((messages, step))
        });
        let (messages, mut step) = match made {
            Ok(made) => made,
            Err(refusal) => {
                let said = std::iter::once(refusal.to_string());
                self.transcript.add((told.clone(), &bytes, now), &[], said, None);
                if told == Told::Received {
                    let reason = format!("these bytes of a device ended its connection: {refusal}");
                    self.keep(&[], vec![Reject { reason, raw: bytes }]).await?;
                }
                return Err(Over::Faulted(refusal));
            }
        };
        let rejects = std::mem::take(&mut step.rejects);
        let reasons: Vec<String> = rejects.iter().map(|reject| reject.reason.clone()).collect();
        self.keep(&messages, rejects).await?;
        self.transcript.add((told, &bytes, now), &messages, reasons.into_iter(), answered(&step));
        if installed.pin.lease().is_ok() && installed.connections.listening().is_some() {
            installed.status.active();
        }
        Ok(step)
    }

    async fn keep(&mut self, messages: &[Message], rejects: Vec<Reject>) -> Result<(), Over> {
        let installed = Arc::clone(&self.installed);
        let publisher = &self.shared.publisher;
        let unstored = |error| Over::Unstored(chain(&error));
        for reject in rejects {
            // One by one: who has many waits for them, and not the others of its installation.
            while let Err(wait) = installed.connections.rejects.take(1) {
                tokio::time::sleep(wait.max(Duration::from_millis(10))).await;
            }
            installed.reject(publisher, reject).await.map_err(unstored)?;
        }
        if messages.is_empty() {
            return Ok(());
        }
        // It keeps nothing in SQL, so nothing has to be committed with them.
        installed.publish(publisher, messages).await.map_err(unstored)
    }
}
