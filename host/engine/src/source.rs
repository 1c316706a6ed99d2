//! A source at work: polled on its schedule, its cursor moved in the transaction that keeps its messages.

use std::sync::Arc;
use std::time::Duration;

use dongting_manifest::Timestamp;
use dongting_manifest::exchange::Exchange;
use dongting_manifest::message::{Reject, hash};
use dongting_manifest::record::Extent;
use dongting_sandbox::{Call, Outcome, Polled, Refusal};
use dongting_store::{Asked, CallRecord, Commit, Complete, Cursor, Move, Output, Poll, Store};
use tokio::sync::watch;

use crate::installed::{Installed, chain};
use crate::publish::Inputs;
use crate::worker::Shared;
use crate::{backoff, completeness, difference, outbox};

/// A source may ask to be polled sooner than its schedule, but not more often than this.
const SOONEST: Duration = Duration::from_millis(100);
const LATEST: Duration = Duration::from_secs(24 * 3600);

/// Polls until it is aborted.
pub async fn run(mut current: watch::Receiver<Arc<Installed>>, shared: Arc<Shared>) {
    let mut failures = 0u32;
    let mut heard = String::new();
    loop {
        let installed = Arc::clone(&current.borrow_and_update());
        if installed.pin.wait().await {
            // Another release may be at work by now.
            continue;
        }
        let pause = match poll(&installed, &shared, &mut heard).await {
            Ok(next) => {
                failures = 0;
                installed.status.active();
                next
            }
            Err(Failed { reason, after }) => {
                failures = failures.saturating_add(1);
                installed.failing(reason);
                backoff::pause(failures, after, u64::from(failures))
            }
        };
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            // Another release is polled at once.
            _ = current.changed() => {}
        }
    }
}

/// A poll that gave nothing, and when the next is wished for.
struct Failed {
    reason: String,
    after: Option<Duration>,
}

impl From<String> for Failed {
    fn from(reason: String) -> Self {
        Self { reason, after: None }
    }
}

/// One poll: a call, one commit of the cursor and the messages, and their way onto the bus. `heard` tells the answers of the poll before.
async fn poll(installed: &Installed, shared: &Shared, heard: &mut String) -> Result<Duration, Failed> {
    let every = Duration::from_secs_f64(installed.installation.every_seconds);
    outbox::drain(installed, shared).await?;
    let place = installed.plugin.polling().await;
    let _turn = installed.turn(shared).await.map_err(|error| chain(&error))?;
    let cursor = shared.store.cursor(installed.id()).await.map_err(|error| chain(&error))?;
    let mut commit = Commit::new(installed.id());
    commit.lease = installed.lease()?;
    let now = Timestamp::now();
    let call = installed.call_to_poll(now, cursor.text.as_deref());
    let outcome = installed.log(installed.plugin.poll(&place, call, cursor.text.as_deref()).await);
    let Outcome { result, writes, history, exchanges, unkept, .. } = outcome;
    let polled = match result {
        Ok(polled) => polled,
        Err(Refusal::Retry { reason, after }) => return Err(Failed { reason, after }),
        // The answer as a whole makes no sense. It is kept, with the cursor where it was, and the schedule goes on.
        Err(Refusal::Reject(reason)) => {
            let raw = reason.clone().into_bytes();
            let reject = Reject { reason: reason.clone(), raw };
            installed.reject(&shared.publisher, reject).await.map_err(|error| chain(&error))?;
            return Err(Failed { reason, after: Some(every) });
        }
        Err(other) => return Err(other.to_string().into()),
    };
    let Polled { drafts, rejects, cursor: next_cursor, complete_until, next } = polled;
    let inputs = Inputs { messages: &[], received: now };
    let mut messages = installed.messages(&inputs, drafts).map_err(|fault| fault.to_string())?;
    let before = cursor.complete_until;
    let release = (installed.manifest.name.as_str(), installed.reference.as_str());
    let (complete_until, said) =
        completeness::moved(&installed.installation, release, now, (before, complete_until))
            .map_err(|fault| fault.to_string())?;
    messages.extend(said);
    let to = Cursor { text: next_cursor.or(cursor.text.clone()), complete_until };
    // Most polls hear what the one before heard, make nothing of it and keep nothing.
    let news = fingerprint(&exchanges);
    if to != cursor || !messages.is_empty() || !rejects.is_empty() || !writes.is_empty() || news != *heard {
        let asked = asked(&shared.store, installed, exchanges).await;
        commit.call = asked.map(|asked| CallRecord {
            poll: Some(Poll {
                now,
                from: cursor.text.clone(),
                to: to.text.clone(),
                complete: Some(Complete { before }),
            }),
            asked,
            unkept: installed.unkept(unkept),
            history,
            records: Some(writes.records.before).filter(|extent| *extent != Extent::default()),
            rejects: rejects.iter().map(|reject| Some(reject.reason.clone())).collect(),
            kept: installed.kept(&writes),
            outputs: messages.iter().map(|one| (one.id.clone(), difference::digest(one))).collect(),
            ..installed.record_of_now()
        });
    }
    if to != cursor {
        commit.cursor = Some(Move { from: cursor.text, to });
    }
    installed.write(&mut commit, writes);
    commit.outputs = messages.into_iter().map(Output::Message).collect();
    let letters = rejects.into_iter().map(|reject| Output::DeadLetter(installed.letter(reject)));
    commit.outputs.extend(letters);
    if commit.holds_something() {
        outbox::commit(installed, shared, commit).await?;
    }
    *heard = news;
    Ok(next.unwrap_or(every).clamp(SOONEST, LATEST))
}

/// What was asked and answered, but for the headers, in which each answer has its own time.
fn fingerprint(exchanges: &[Exchange]) -> String {
    let said = |exchange: &Exchange| match &exchange.answer {
        Ok(answer) => answer.status.to_string(),
        Err(failure) => format!("{failure:?}"),
    };
    let said: Vec<String> = exchanges.iter().map(said).collect();
    let parts = exchanges.iter().zip(&said).flat_map(|(exchange, said)| {
        let body = exchange.answer.as_ref().map_or(&[][..], |answer| &answer.body);
        [exchange.method.as_bytes(), exchange.url.as_bytes(), said.as_bytes(), body]
    });
    hash(parts)
}

/// The exchanges for a call's record. Without them the call is not recorded: the feed goes on.
async fn asked(store: &Store, installed: &Installed, exchanges: Vec<Exchange>) -> Option<Vec<Asked>> {
    match store.keep_answers(exchanges).await {
        Ok(asked) => Some(asked),
        Err(error) => {
            let id = installed.id();
            tracing::warn!(
                installation = id,
                "A poll of `{id}` was not recorded, so it cannot be replayed: {}",
                chain(&error)
            );
            None
        }
    }
}

impl Installed {
    /// The surroundings of a poll. A replay gives it the same.
    pub(crate) fn call_to_poll(&self, now: Timestamp, cursor: Option<&str>) -> Call {
        self.call(now, &["poll", cursor.unwrap_or(""), &now.to_string()])
    }
}
