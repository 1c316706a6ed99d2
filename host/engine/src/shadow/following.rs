//! How a shadow follows: a task for each installation that has one takes the calls as they are written down on this host. Only what the candidate
//! computes is computed below all else; what is asked of the database is asked by usual threads, as for all calls.

use std::sync::Arc;

use dongting_sandbox::{Fault, Refusal};
use dongting_store::Given;
use tokio::sync::watch;

use super::connections::Connections;
use super::{Came, Shadow};
use crate::difference::{Difference, What};
use crate::history;
use crate::installed::{Installed, chain};
use crate::replay::again::{Again, compared, refused};
use crate::replay::{ReplayError, Tried};
use crate::worker::Shared;

const GONE: &str =
    "not all that it was given is kept any more: raise replay_gib, replay_days, history_gib or history_days";

/// Follows the shadows of an installation, one after the other, until it is aborted.
pub async fn run(mut current: watch::Receiver<Arc<Installed>>, shared: Arc<Shared>) {
    loop {
        let installed = Arc::clone(&current.borrow_and_update());
        let shadow = installed.shadow.clone();
        let is_another = |next: &Arc<Installed>| match (&next.shadow, &shadow) {
            (Some(next), Some(shadow)) => !Arc::ptr_eq(next, shadow),
            (next, shadow) => next.is_some() != shadow.is_some(),
        };
        let another = async { current.wait_for(is_another).await.is_ok() };
        let follow = async {
            if let Some(shadow) = &shadow {
                follow(&installed, shadow, &shared).await;
            }
            std::future::pending::<()>().await;
        };
        tokio::select! {
            // Else nobody is left to put another beside it.
            is_there = another => if !is_there { return },
            () = follow => {}
        }
    }
}

/// Until it is called no more.
async fn follow(installed: &Arc<Installed>, shadow: &Shadow, shared: &Shared) {
    let mut connections = Connections::default();
    while let Some(tried) = shadow.tried(installed, shared.beside.handle.clone()) {
        let (position, skipped) = shadow.waiting.next().await;
        shadow.skip(skipped);
        // The semaphore is never closed.
        let _turn = shared.shadows.acquire().await;
        // Trust may have been withdrawn while that was waited for.
        if shadow.called().is_none() {
            return;
        }
        let came = match made(&tried, position, &mut connections, shared).await {
            Ok(came) => came,
            Err(ReplayError::Migration { why, .. }) if is_passing(&why) => {
                vec![Came::Incomplete(why.to_string())]
            }
            // The next call would end no better.
            Err(error @ (ReplayError::Lower { .. } | ReplayError::Migration { .. })) => {
                let (id, reason) = (installed.id(), chain(&error));
                tracing::warn!(installation = id, reason, "The shadow of `{id}` is called no more");
                return shadow.refuse(reason);
            }
            Err(error) => vec![Came::Incomplete(chain(&error))],
        };
        if shadow.called().is_some() {
            came.into_iter().for_each(|one| shadow.count(one));
        }
    }
}

/// Makes the call at a position again; what became of it, or of the steps of a connection that it is.
async fn made(
    tried: &Tried,
    position: i64,
    connections: &mut Connections,
    shared: &Shared,
) -> Result<Vec<Came>, ReplayError> {
    let Some(recorded) = shared.store.call(position).await? else {
        return Ok(vec![Came::Incomplete(GONE.to_owned())]);
    };
    let record = &recorded.record;
    if let Some(Given::Steps(given)) = &record.given {
        return connections.stretch(tried, given, record, &shared.store).await;
    }
    let past = tried.before(&shared.store, recorded.sees_before());
    tried.bring(&past, &recorded).await?;
    let mut again = tried.again(&shared.store, &past, &recorded).await?;
    if matches!(again, Again::Incomplete(None)) {
        // A message is handled as soon as it is on its lane, and read into the history a moment later.
        let _ = history::caught_up(shared).await;
        again = tried.again(&shared.store, &past, &recorded).await?;
    }
    let came = match again {
        Again::Incomplete(why) => Came::Incomplete(why.unwrap_or_else(|| GONE.to_owned())),
        Again::Refused(refusal) if is_passing_fault(&refusal) => Came::Incomplete(refusal.to_string()),
        Again::Refused(refusal) => Came::Compared(recorded.made_at, refused(record, &refusal)),
        Again::Made(effects, more) => {
            let mut found = compared(&shared.store, record, &effects, more.clone()).await?;
            if found.iter().any(lacks_what_was_said) {
                let _ = history::caught_up(shared).await;
                found = compared(&shared.store, record, &effects, more).await?;
            }
            Came::Compared(recorded.made_at, found)
        }
    };
    Ok(vec![came])
}

/// The release at work has published it a moment ago, or the history has forgotten it.
fn lacks_what_was_said(difference: &Difference) -> bool {
    matches!(difference.what, What::Missing | What::Changed) && difference.before.is_none()
}

/// Whether it says nothing of the candidate. What computes below all else may not have had a core in time, and nothing that it waits for
/// depends on the world outside.
pub fn is_passing_fault(refusal: &Refusal) -> bool {
    matches!(refusal, Refusal::Fault(Fault::Deadline(_)))
}

/// Whether the next migration may end otherwise.
fn is_passing(why: &Refusal) -> bool {
    is_passing_fault(why) || matches!(why, Refusal::Retry { .. })
}
