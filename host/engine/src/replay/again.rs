//! One recorded call made again, in the release at work or in another: with what was kept just before it, and its clock, chance, settings and
//! HTTP answers. Nothing of it leaves. A replay and a shadow both are many of these.

use std::collections::BTreeMap;
use std::sync::Arc;

use dongting_manifest::Manifest;
use dongting_sandbox::capability::config::Config;
use dongting_sandbox::{
    Call, Egress, Outcome, Plugin, Readers, RecordReader, Recorded as Answers, Refusal, StateReader,
    TimerReader,
};
use dongting_store::{CallRecord, Recorded, Store, StoreError};
use tokio::runtime::Handle;
use tokio::task::JoinSet;

use super::before::Before;
use super::{ReplayError, input};
use crate::above::Above;
use crate::difference::{self, Difference};
use crate::installed::Installed;
use crate::transform::{Effects, Made};

/// A release that makes an installation's calls again.
#[derive(Clone)]
pub struct Tried {
    /// Whose calls, at work.
    pub installed: Arc<Installed>,
    pub plugin: Arc<Plugin>,
    pub manifest: Arc<Manifest>,
    /// `name@version#digest`.
    pub reference: Arc<str>,
    /// Reads or writes something that is kept.
    pub keeps: bool,
    /// Where it computes.
    pub threads: Handle,
}

/// What making a call again comes to.
pub enum Again {
    /// Not all that it was given is kept; why, where it never was.
    Incomplete(Option<String>),
    /// It gives nothing.
    Refused(Refusal),
    /// With how it differs in what is no message and no verdict.
    Made(Box<Effects>, Vec<Difference>),
}

impl Tried {
    pub fn made(&self) -> Made<'_> {
        Made {
            plugin: &self.plugin,
            installation: &self.installed.installation,
            name: &self.manifest.name,
            reference: &self.reference,
        }
    }

    /// Whether a call was made by another release or with other attachments than it is made again.
    pub fn is_otherwise(&self, record: &CallRecord) -> bool {
        *record.plugin != *self.reference || *record.attachments != *self.installed.attachments
    }

    /// What was kept just before the call at a position.
    pub fn before(&self, store: &Store, position: i64) -> Arc<Before> {
        let collections = self.manifest.records.clone();
        Arc::new(Before::new(store.clone(), self.installed.id(), position, collections))
    }

    /// Before a call: brings the copy of what was kept to the form that the release reads, as the release itself would. Whether it had to.
    pub async fn bring(
        &self,
        past: &Arc<Before>,
        Recorded { record, made_at, .. }: &Recorded,
    ) -> Result<bool, ReplayError> {
        past.begin(record).await;
        let kept = past.form(record).await;
        let release = || self.reference.split('#').next().unwrap_or_default().to_owned();
        let reads = self.manifest.state_version;
        if !self.keeps || reads == kept {
            return Ok(false);
        }
        if kept > reads {
            let installation = self.installed.id().to_owned();
            return Err(ReplayError::Lower { installation, release: release(), reads, kept });
        }
        let now = record.migrated.as_ref().map_or(*made_at, |migrated| migrated.now);
        let call = as_of(self.installed.call_to_migrate(now, kept), past, record);
        let plugin = Arc::clone(&self.plugin);
        let outcome = self.computed(async move { plugin.migrate(call, kept).await }).await;
        let Outcome { result, writes, .. } = outcome.ok_or(ReplayError::Interrupted)?;
        result.map_err(|why| ReplayError::Migration { release: release(), from: kept, why })?;
        past.write(&CallRecord::default(), writes).await;
        past.brought_to(reads).await;
        Ok(true)
    }

    /// The call, with what was kept before it. What it writes is for the caller to keep, if anybody.
    pub async fn again(
        &self,
        store: &Store,
        past: &Arc<Before>,
        recorded: &Recorded,
    ) -> Result<Again, ReplayError> {
        let record = &recorded.record;
        if let Some(why) = &record.unkept {
            return Ok(Again::Incomplete(Some(why.clone())));
        }
        let Some(input) = input::find(store, &self.installed, recorded).await? else {
            return Ok(Again::Incomplete(None));
        };
        let Some(exchanges) = store.answers(&record.asked).await? else {
            return Ok(Again::Incomplete(None));
        };
        let surroundings = input.surroundings(&self.installed);
        let history = self.installed.past(store, surroundings.now).up_to(record.history.unwrap_or(u64::MAX));
        let call = as_of(surroundings, past, record);
        let history = call.readers.history.as_ref().map(|_| Arc::new(above(Arc::new(history))) as _);
        let readers = Readers { history, ..call.readers };
        let call = Call { readers, egress: Egress::Recorded(Answers::new(exchanges.clone())), ..call };
        let (tried, was) = (self.clone(), record.clone());
        let called =
            self.computed(async move { input.call(&tried.made(), call, (&was, &exchanges)).await }).await;
        Ok(match called.ok_or(ReplayError::Interrupted)? {
            Ok((effects, mut more)) => {
                // In another form all that is kept is otherwise.
                if record.form == self.keeps.then_some(self.manifest.state_version) {
                    more.extend(difference::kept::compared(record.kept.as_ref(), &effects.writes));
                }
                Again::Made(Box::new(effects), more)
            }
            Err(refusal) => Again::Refused(refusal),
        })
    }

    /// Computes where it is to be computed: what the release asks of the database meanwhile is asked from here. None where it was interrupted.
    pub async fn computed<T: Send + 'static>(
        &self,
        call: impl Future<Output = T> + Send + 'static,
    ) -> Option<T> {
        // Dropped, it ends the call.
        let mut calls = JoinSet::new();
        calls.spawn_on(call, &self.threads);
        calls.join_next().await.and_then(Result::ok)
    }
}

/// How a call differs from what it came to.
pub async fn compared(
    store: &Store,
    record: &CallRecord,
    effects: &Effects,
    more: Vec<Difference>,
) -> Result<Vec<Difference>, StoreError> {
    let mut found = difference::rejects(&record.rejects, &effects.rejects());
    found.extend(outputs(store, &record.outputs, effects).await?);
    found.extend(more);
    Ok(found)
}

/// How its messages differ. What they said before is looked for only where it is told.
pub async fn outputs(
    store: &Store,
    recorded: &[(String, String)],
    effects: &Effects,
) -> Result<Vec<Difference>, StoreError> {
    let found = difference::outputs(recorded, &BTreeMap::new(), &effects.outputs);
    if found.is_empty() {
        return Ok(found);
    }
    let ids: Vec<String> = recorded.iter().map(|(id, _)| id.clone()).collect();
    let before = store.messages(&ids).await?;
    let before = before.into_iter().map(|message| (message.id.clone(), message)).collect();
    Ok(difference::outputs(recorded, &before, &effects.outputs))
}

/// How a call that gives nothing by now differs from what it came to.
pub fn refused(record: &CallRecord, refusal: &Refusal) -> Vec<Difference> {
    let reason = refusal.to_string();
    // An input that was refused as a whole is refused again.
    let alike = matches!(record.rejects.as_slice(), [Some(before)] if *before == reason);
    if alike && record.outputs.is_empty() { Vec::new() } else { vec![difference::nothing(reason)] }
}

/// Whoever calls this is not below, so that it may ask the database.
fn above<R>(reader: Arc<R>) -> Above<R> {
    Above { reader, threads: Handle::current() }
}

/// A call's surroundings with the settings of the record, and with what was kept then.
fn as_of(call: Call, past: &Arc<Before>, record: &CallRecord) -> Call {
    let kept = Arc::new(above(Arc::clone(past)));
    Call {
        config: Config { settings: record.settings.as_str().into(), ..call.config },
        readers: Readers {
            state: Some(Arc::clone(&kept) as Arc<dyn StateReader>),
            timers: Some(Arc::clone(&kept) as Arc<dyn TimerReader>),
            records: Some(kept as Arc<dyn RecordReader>),
            history: call.readers.history,
        },
        ..call
    }
}
