//! A source at work: polled on its schedule, its cursor stored after its messages.

use std::sync::Arc;
use std::time::Duration;

use dongting_manifest::Timestamp;
use dongting_manifest::message::Reject;
use dongting_sandbox::{Polled, Refusal};
use dongting_store::cursor::Cursor;
use tokio::sync::watch;

use crate::backoff;
use crate::installed::Installed;
use crate::outbox;
use crate::publish::Inputs;
use crate::worker::Shared;

/// A source may ask to be polled sooner than its schedule, but not more often than this.
const SOONEST: Duration = Duration::from_millis(100);
const LATEST: Duration = Duration::from_secs(24 * 3600);

/// Polls until it is aborted.
pub async fn run(mut current: watch::Receiver<Arc<Installed>>, shared: Arc<Shared>) {
    let mut failures = 0u32;
    loop {
        let installed = Arc::clone(&current.borrow_and_update());
        installed.pin.wait().await;
        let pause = match poll(&installed, &shared).await {
            Ok(next) => {
                failures = 0;
                installed.status.active();
                next
            }
            Err((reason, wish)) => {
                failures = failures.saturating_add(1);
                installed.failing(reason);
                backoff::pause(failures, wish, u64::from(failures))
            }
        };
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            // Another release is polled at once.
            _ = current.changed() => {}
        }
    }
}

/// One poll: call, publish, and only then move the cursor. After a crash in between the same poll runs again and makes the
/// same messages, which the bus knows by their ids (as far as the catalogue says when it made a statement; see the adapter).
async fn poll(installed: &Installed, shared: &Shared) -> Result<Duration, (String, Option<Duration>)> {
    let Shared { publisher, store, .. } = shared;
    let every = Duration::from_secs_f64(installed.installation.every_seconds);
    outbox::drain(installed, shared).await.map_err(|error| (error, None))?;
    let cursor = store.cursor(installed.id()).await.map_err(said)?;
    let now = Timestamp::now();
    let call = installed.call(now, &["poll", cursor.text.as_deref().unwrap_or(""), &now.to_string()]);
    let outcome = installed.log(installed.plugin.poll(call, cursor.text.as_deref()).await);
    let polled = match outcome.result {
        Ok(polled) => polled,
        Err(Refusal::Retry { reason, after }) => return Err((reason, after)),
        // The answer as a whole makes no sense. It is kept, with the cursor where it was, and the schedule goes on.
        Err(Refusal::Reject(reason)) => {
            let raw = reason.clone().into_bytes();
            installed.reject(publisher, Reject { reason: reason.clone(), raw }).await.map_err(said)?;
            return Err((reason, Some(every)));
        }
        Err(other) => return Err((other.to_string(), None)),
    };
    let Polled { drafts, rejects, cursor: next_cursor, complete_until, next } = polled;
    let inputs = Inputs { messages: &[], received: now };
    let messages = installed.messages(&inputs, drafts).map_err(|fault| (fault.to_string(), None))?;
    for reject in rejects {
        installed.reject(publisher, reject).await.map_err(said)?;
    }
    installed.publish(publisher, &messages).await.map_err(said)?;
    let moved = Cursor {
        text: next_cursor.or(cursor.text.clone()),
        complete_until: complete_until.or(cursor.complete_until),
    };
    if moved != cursor
        && !store.move_cursor(installed.id(), cursor.text.as_deref(), &moved).await.map_err(said)?
    {
        return Err(("another poll moved the cursor meanwhile".to_owned(), None));
    }
    Ok(next.unwrap_or(every).clamp(SOONEST, LATEST))
}

fn said(error: impl std::error::Error) -> (String, Option<Duration>) {
    (crate::installed::chain(&error), None)
}
