//! A transform's calls: a batch in, messages and verdicts out.

use dongting_manifest::exchange::Exchange;
use dongting_manifest::plugin::Role;
use dongting_manifest::record::{self, Extent};
use dongting_manifest::{Installation, Message, Timestamp};
use dongting_sandbox::{Applied, Call, Outcome, Plugin, Refusal, Unkept, Writes};
use dongting_store::{CallRecord, Commit, Store};

use crate::difference::{digest, kept};
use crate::given::Noted;
use crate::installed::{Installed, chain};
use crate::item::{self, End, Item};
use crate::publish::{Inputs, messages};
use crate::worker::Shared;

/// What a call of a transform or sink comes to, before anything of it is stored.
#[derive(Debug, Default)]
pub struct Effects {
    pub outputs: Vec<Message>,
    /// One for each input.
    pub ends: Vec<End>,
    pub writes: Writes,
    /// Up to which batch the history was read, where it was.
    pub history: Option<u64>,
    /// What was asked of the network, and answered.
    pub exchanges: Vec<Exchange>,
    /// That was too much to be kept.
    pub unkept: Option<Unkept>,
    /// Of a sink's call, where it goes with the commit.
    pub noted: Option<Box<Noted>>,
}

/// Who makes a call: a release, as an installation.
pub struct Made<'m> {
    pub plugin: &'m Plugin,
    pub installation: &'m Installation,
    pub name: &'m str,
    pub reference: &'m str,
}

/// One call of a transform and what it comes to. Nothing of it is stored.
pub async fn apply(made: &Made<'_>, call: Call, batch: &[Message]) -> Outcome<Effects> {
    let outcome = made.plugin.apply(call, batch).await;
    let Outcome { result, log, log_dropped, writes, history, exchanges, unkept, cpu } = outcome;
    let result = result.and_then(|Applied { drafts, rejected }| {
        let inputs = Inputs { messages: batch, received: Timestamp::now() };
        let outputs = messages(made.installation, (made.name, made.reference), &inputs, drafts)?;
        let mut ends = vec![End::Done; batch.len()];
        for rejected in rejected {
            if let Some(end) = ends.get_mut(rejected.input) {
                *end = End::Dead(rejected.reason);
            }
        }
        Ok(Effects { outputs, ends, writes, history, exchanges, unkept, noted: None })
    });
    let (writes, exchanges) = (Writes::default(), Vec::new());
    Outcome { result, log, log_dropped, writes, history, exchanges, unkept, cpu }
}

impl Effects {
    /// Why each input was rejected; none where it was not.
    pub fn rejects(&self) -> Vec<Option<String>> {
        let reason = |end: &End| if let End::Dead(reason) = end { Some(reason.clone()) } else { None };
        self.ends.iter().map(reason).collect()
    }

    pub fn digests(&self) -> Vec<(String, String)> {
        self.outputs.iter().map(|message| (message.id.clone(), digest(message))).collect()
    }
}

impl Installed {
    /// One call of its role. An error is the host's own: nothing was called.
    pub async fn run(&self, shared: &Shared, items: &[Item]) -> Result<Result<Effects, Refusal>, String> {
        if self.is_sink() {
            return self.deliver(shared, items).await;
        }
        Ok(self.apply(items).await)
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
        let made = Made {
            plugin: &self.plugin,
            installation: &self.installation,
            name: &self.manifest.name,
            reference: &self.reference,
        };
        self.log(apply(&made, self.call_for(&batch), &batch).await).result
    }

    /// What is written down of a call, so that it can be made again, and what is to be kept with it.
    pub async fn record(
        &self,
        store: &Store,
        items: &[Item],
        effects: &mut Effects,
    ) -> Result<Option<Noted>, String> {
        if self.is_sink() {
            return Ok(effects.noted.take().map(|noted| *noted));
        }
        let exchanges = std::mem::take(&mut effects.exchanges);
        let asked = match exchanges.is_empty() {
            true => Vec::new(),
            false => store.keep_answers(exchanges).await.map_err(|error| chain(&error))?,
        };
        let call = CallRecord {
            inputs: items.iter().map(|item| item.message.id.clone()).collect(),
            timers: items
                .iter()
                .filter(|item| matches!(item.from, item::From::Timer))
                .map(|item| (item.message.key.clone(), item.message.time))
                .collect(),
            records: Some(effects.writes.records.before).filter(|extent| *extent != Extent::default()),
            history: effects.history,
            unkept: self.unkept(effects.unkept),
            asked,
            rejects: effects.rejects(),
            kept: self.kept(&effects.writes),
            outputs: effects.digests(),
            ..self.record_of_now()
        };
        Ok(Some(Noted { call, bodies: Vec::new() }))
    }

    /// Why a call cannot be made again, in words.
    pub fn unkept(&self, unkept: Option<Unkept>) -> Option<String> {
        let kib = self.installation.limits.http_record_kib;
        Some(match unkept? {
            Unkept::Answers => format!(
                "its HTTP answers have over {kib} KiB together and were not kept: the operator can raise limits.http_record_kib"
            ),
            Unkept::Time => "it waited for time to pass beside its HTTP answers, and which came first is not written down: the vendor can give the request a timeout, or wait with `dongting:timers` or by `next` of a source".to_owned(),
        })
    }

    /// Digest of what a call wrote, where the installation keeps anything.
    pub fn kept(&self, writes: &Writes) -> Option<String> {
        self.stateful.then(|| kept::digest(writes))
    }

    /// A record with what holds of every call that is made now.
    pub fn record_of_now(&self) -> CallRecord {
        CallRecord {
            made_at: Some(Timestamp::now()),
            plugin: self.reference.clone(),
            form: self.form().map(|form| form.to),
            settings: self.settings().to_owned(),
            attachments: self.attachments.to_string(),
            ..CallRecord::default()
        }
    }

    /// Puts what a call wrote into its commit, with what the installation may keep.
    pub fn write(&self, commit: &mut Commit, writes: Writes) {
        let limits = self.installation.limits;
        commit.form = self.form();
        commit.state = writes.state;
        commit.state_limit_bytes = u64::from(limits.state_kib) * 1024;
        commit.timers = writes.timers;
        commit.timers_limit = limits.timers;
        commit.records = writes.records;
        commit.records_declared = record::declared(&self.manifest.records);
    }

    /// The surroundings of a call with messages: the clock stands at the newest, chance follows from all of them.
    pub fn call_for(&self, batch: &[Message]) -> Call {
        let received = batch.iter().map(|m| m.received).max().unwrap_or_else(Timestamp::now);
        let ids: Vec<&str> = batch.iter().map(|m| m.id.as_str()).collect();
        self.call(received, &ids)
    }
}
