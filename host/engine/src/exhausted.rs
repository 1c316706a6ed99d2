//! Messages that JetStream has given up on, since somebody has set `max_deliver` on a consumer: kept as dead letters, and the consumer is
//! given its own settings back.

use std::sync::Weak;
use std::time::Duration;

use dongting_bus::{Advised, BusError, GivenUp, Kept, cloudevents};
use dongting_manifest::DeadLetter;
use dongting_store::{Commit, CommitError, Output};

use crate::host::Host;
use crate::installed::{Installed, chain};
use crate::status::State;
use crate::{item, outbox};

const PAUSE: Duration = Duration::from_secs(1);
/// What concerns no installation of this host may concern one of another, which is asked so often.
const ELSEWHERE: i64 = 5;
const ELSEWHERE_PAUSE: Duration = Duration::from_secs(30);

/// Listens, for as long as the host lives.
pub async fn listen(host: Weak<Host>) {
    let mut failing = false;
    loop {
        let Err(error) = hear(&host, &mut failing).await else { return };
        // While the bus is away, everybody says so.
        if !failing {
            tracing::warn!("What JetStream gives up on cannot be heard now: {}", chain(&error));
        }
        failing = true;
        tokio::time::sleep(PAUSE).await;
    }
}

/// Returns when the host ends, and with an error where listening begins anew.
async fn hear(host: &Weak<Host>, failing: &mut bool) -> Result<(), BusError> {
    let Some(bus) = host.upgrade().map(|host| host.bus().clone()) else { return Ok(()) };
    let mut exhausted = bus.exhausted().await?;
    *failing = false;
    loop {
        let advised = exhausted.next().await?;
        let Some(host) = host.upgrade() else { return Ok(()) };
        host.advised(advised).await?;
    }
}

impl Host {
    /// Ends a word once what it says is kept as a dead letter.
    async fn advised(&self, advised: Advised) -> Result<(), BusError> {
        let Some(enabled) = self.enabled(&advised.given_up.consumer) else {
            // A consumer that is nobody's installation is somebody else's matter.
            return match advised.told {
                ..ELSEWHERE => advised.later(ELSEWHERE_PAUSE).await,
                _ => advised.end().await,
            };
        };
        let Some(installed) = enabled.installed else {
            // What cannot run gives nothing up: it waits with the rest of its work.
            let starting = enabled.status.state() == State::Starting;
            return advised.later(if starting { PAUSE } else { ELSEWHERE_PAUSE }).await;
        };
        if installed.fenced() && installed.lease().is_err() {
            // It is for the host that works for the installation.
            return advised.later(PAUSE).await;
        }
        match self.given_up(&installed, advised.given_up.clone()).await {
            Ok(()) => advised.end().await,
            Err(reason) => {
                let GivenUp { stream, consumer, sequence, .. } = &advised.given_up;
                tracing::error!(
                    "Message {sequence} of {stream} for `{consumer}` cannot be kept as a dead letter yet: {reason}"
                );
                advised.later(PAUSE).await
            }
        }
    }

    async fn given_up(&self, installed: &Installed, given_up: GivenUp) -> Result<(), String> {
        let GivenUp { stream, consumer, sequence, deliveries } = given_up;
        let reason = format!(
            "JetStream gave it up after {deliveries} deliveries: somebody has set max_deliver on the consumer `{consumer}`, which now has its own settings again; re-drive it"
        );
        tracing::warn!(stream, sequence, reason, "A message of `{consumer}` was given up by JetStream");
        // An error says that nobody works yet; who does looks at the consumer and makes it what it was.
        let _ = self.shared.exhausted.send((stream.clone(), consumer.clone()));
        let found = self.bus().kept(&stream, sequence).await.map_err(|error| chain(&error))?;
        // Its lane has forgotten it.
        let Some(Kept { origin, headers, payload }) = found else { return Ok(()) };
        let message = cloudevents::decode(&origin.subject, &headers, &payload).ok();
        let letter = DeadLetter {
            installation: consumer,
            reason,
            plugin: installed.reference.clone(),
            traceparent: message.as_ref().map(|m| m.traceparent.clone()).unwrap_or_default(),
            region: message.as_ref().map(|m| m.subject.region),
            content_type: message.map(|m| m.content_type).unwrap_or_default(),
            origin: Some(origin.clone()),
            attributes: headers,
            document: None,
            payload,
        };
        if !installed.fenced() {
            let kept = installed.dead_letter(&self.shared.publisher, &letter).await;
            return kept.map_err(|error| chain(&error));
        }
        // Its consumer begins anew at times, and would give it again: it is used up by this.
        let mut commit = Commit::new(installed.id());
        commit.lease = installed.lease()?;
        commit.inputs.push(item::input(&origin));
        commit.outputs.push(Output::DeadLetter(letter));
        match self.shared.store.commit(commit).await {
            // Committed before: it is in the outbox, or the last delivery was done after all.
            Ok(_) | Err(CommitError::Applied) => {}
            Err(error) => return Err(chain(&error)),
        }
        outbox::drain(installed, &self.shared).await
    }
}
