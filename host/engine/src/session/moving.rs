//! An open connection and a release that takes over: between two steps the old instance says what it knows, a new one of the other release goes on
//! with it. Where either does not, the connection finishes where it is, for as long as the operator allows.

use std::sync::Arc;
use std::time::Duration;

use dongting_manifest::message::hash;
use dongting_sandbox::{Ending, Outcome, Refusal, Session, Step};
use dongting_store::Told;
use tokio::time::Instant;

use super::connection::Connection;
use super::stored::Over;
use super::transcript;
use crate::installed::Installed;

/// Why a connection stays.
enum Stays {
    Because(String),
    /// The old instance has faulted over it and can do nothing more.
    Lost(Refusal),
}

impl Connection {
    /// Goes on on the release at work by now, if that can be.
    pub(super) async fn follow(&mut self) -> Result<Option<Ending>, Over> {
        let to = Arc::clone(&self.current.borrow_and_update());
        if Arc::ptr_eq(&to, &self.installed) || !to.is_session() {
            return Ok(None);
        }
        if self.installed.is_alike(&to) {
            // Other grants, or back again: what the instance has of it is the same.
            self.here.stays(&to);
            (self.installed, self.finish) = (to, None);
            return Ok(None);
        }
        match self.handed(&to).await {
            Ok((session, outcome, state)) => {
                let now = self.now;
                // The old instance goes with this.
                self.session = Some(session);
                self.installed = to;
                self.here.moved(&self.installed);
                (self.finish, self.moves) = (None, self.moves + 1);
                let told = Told::Resumed(self.moves);
                let step = self.stored(outcome, (told, state), now).await?;
                Ok(self.sent(step).await)
            }
            Err(Stays::Because(why)) => {
                let drain = Duration::from_secs(to.installation.limits.drain_seconds.into());
                let finish = *self.finish.get_or_insert_with(|| Instant::now() + drain);
                tracing::info!(
                    installation = self.installed.id(),
                    peer = %self.here.peer,
                    seconds = finish.duration_since(Instant::now()).as_secs(),
                    "A connection of `{}` finishes on {}: {why}",
                    self.installed.id(),
                    self.installed.reference
                );
                Ok(None)
            }
            Err(Stays::Lost(refusal)) => Err(Over::Faulted(refusal)),
        }
    }

    /// A new instance that has the connection's state, and its first step.
    async fn handed(&mut self, to: &Arc<Installed>) -> Result<(Session, Outcome<Step>, Vec<u8>), Stays> {
        let because = |why: &str| Stays::Because(why.to_owned());
        if !self.installed.plugin.hands_over() || !to.plugin.hands_over() {
            return Err(because("not both of the releases export dongting:handover"));
        }
        let place = to.plugin.place().ok_or_else(|| because("this host has as many instances as it can"))?;
        let now = self.clock();
        let mut session = self.session.take().ok_or_else(|| because("a call was interrupted"))?;
        let left = self.installed.log(session.leave(now).await).result;
        self.session = Some(session);
        let answer = left.as_ref().ok().map(|state| hash([state.as_slice()]));
        self.transcript.add((Told::Left, &[], now), &[], std::iter::empty(), answer);
        let state = left.map_err(|refusal| match refusal {
            Refusal::Fault(_) => Stays::Lost(refusal),
            other => Stays::Because(format!("it does not leave: {other}")),
        })?;
        let origin = transcript::origin(self.here.peer, self.here.opened, self.moves + 1);
        let inputs: Vec<&str> = origin.iter().map(String::as_str).collect();
        let opened = to.log(to.plugin.open(to.call(now, &inputs), place).await).result;
        let mut session = opened.map_err(|refusal| Stays::Because(refusal.to_string()))?;
        let outcome = session.resume(self.here.peer, &state, now).await;
        match &outcome.result {
            Ok(_) => {
                // What comes is another release's.
                self.transcript.write(&self.installed, &self.shared);
                Ok((session, outcome, state))
            }
            Err(refusal) => {
                let why = format!("{} does not take it: {refusal}", to.reference);
                to.log(outcome);
                Err(Stays::Because(why))
            }
        }
    }
}

impl Installed {
    /// Whether an instance made for one would be the same made for the other.
    fn is_alike(&self, other: &Self) -> bool {
        self.reference == other.reference
            && self.settings() == other.settings()
            && self.attachments == other.attachments
            && self.installation.limits == other.installation.limits
    }
}
