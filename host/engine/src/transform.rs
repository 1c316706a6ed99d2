//! A transform's calls: a batch in, messages and verdicts out.

use dongting_manifest::plugin::Role;
use dongting_manifest::record;
use dongting_manifest::{Message, Timestamp};
use dongting_sandbox::{Applied, Refusal, Writes};
use dongting_store::{Commit, CommitError};

use crate::installed::Installed;
use crate::item::{End, Item};
use crate::publish::Inputs;
use crate::worker::Shared;

/// What a call of a transform or sink comes to, before anything of it is stored.
#[derive(Debug, Default)]
pub struct Effects {
    pub outputs: Vec<Message>,
    /// One for each input.
    pub ends: Vec<End>,
    pub writes: Writes,
}

impl Installed {
    /// One call of its role. An error is the host's own: nothing was called.
    pub async fn run(&self, shared: &Shared, items: &[Item]) -> Result<Result<Effects, Refusal>, String> {
        if self.is_sink() { self.deliver(&shared.store, items).await } else { Ok(self.apply(items).await) }
    }

    pub fn is_sink(&self) -> bool {
        self.has(Role::Sink)
    }

    /// Leaves in `items` what goes into one call, and gives back the rest.
    pub fn cut(&self, items: &mut Vec<Item>, one: bool) -> Vec<Item> {
        if one || self.holds_unknown() {
            return items.split_off(1.min(items.len()));
        }
        if !(self.is_sink() && self.ordered()) {
            return Vec::new();
        }
        // Of each partition one at a time: what has gone out cannot be taken back when the one before it has not arrived.
        let mut partitions = std::collections::BTreeSet::new();
        let (now, rest) = std::mem::take(items)
            .into_iter()
            .partition(|item| partitions.insert(item.message.partition.clone()));
        *items = now;
        rest
    }

    async fn apply(&self, items: &[Item]) -> Result<Effects, Refusal> {
        let batch: Vec<Message> = items.iter().map(|item| item.message.clone()).collect();
        let outcome = self.log(self.plugin.apply(self.call_for(&batch), &batch).await);
        let Applied { drafts, rejected } = outcome.result?;
        let inputs = Inputs { messages: &batch, received: Timestamp::now() };
        let outputs = self.messages(&inputs, drafts)?;
        let mut ends = vec![End::Done; batch.len()];
        for rejected in rejected {
            if let Some(end) = ends.get_mut(rejected.input) {
                *end = End::Dead(rejected.reason);
            }
        }
        Ok(Effects { outputs, ends, writes: outcome.writes })
    }

    /// Commits a call's effects, `writes` among them.
    pub async fn commit(
        &self,
        shared: &Shared,
        mut commit: Commit<'_>,
        writes: Writes,
    ) -> Result<(), CommitError> {
        let limits = self.installation.limits;
        commit.state = writes.state;
        commit.state_limit_bytes = u64::from(limits.state_kib) * 1024;
        commit.timers = writes.timers;
        commit.timers_limit = limits.timers;
        commit.records = writes.records;
        commit.records_declared = record::declared(&self.manifest.records);
        let timers = !commit.timers.is_empty() || !commit.rung.is_empty();
        let committed = shared.store.commit(commit).await;
        if timers {
            self.timer_changes.add();
        }
        committed
    }

    /// The surroundings of a call with messages: the clock stands at the newest, chance follows from all of them.
    pub fn call_for(&self, batch: &[Message]) -> dongting_sandbox::Call {
        let received = batch.iter().map(|m| m.received).max().unwrap_or_else(Timestamp::now);
        let ids: Vec<&str> = batch.iter().map(|m| m.id.as_str()).collect();
        self.call(received, &ids)
    }
}
