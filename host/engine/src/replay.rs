//! A stretch of an installation's past, run again: what it was given as it came, the batches as they were cut, the clock, chance, settings and state as they were. Nothing
//! leaves it. The same release must come to the same, bit for bit; another one is compared.

use std::sync::Arc;

use dongting_manifest::Timestamp;
use dongting_manifest::installation::{Code, InstallationError};
use dongting_sandbox::capability::config::Config;
use dongting_sandbox::{
    Call, Egress, LoadError, Outcome, Readers, RecordReader, Recorded as Answers, Refusal, Release,
    StateReader, TimerReader,
};
use dongting_store::{CallPlace, CallRecord, Recorded, StoreError};

use crate::difference::{self, Difference};
use crate::gate::GateError;
use crate::host::Host;
use crate::installed::Installed;
use crate::transform::Made;

use before::Before;

mod before;
mod connections;
mod input;

const PAGE: u32 = 256;
/// Differences that are told; the others are counted.
const TOLD: usize = 200;
/// Calls of one replay.
const MAX_CALLS: u64 = 1_000_000;

#[derive(Debug, Default)]
pub struct Replayed {
    /// The release that was run.
    pub plugin: String,
    pub calls: u64,
    pub same: u64,
    pub different: u64,
    /// Calls of which not all that they were given is still kept; the state after them may be another.
    pub incomplete: u64,
    /// Why the first of those was never complete.
    pub unkept: Option<String>,
    /// Calls that another release, other settings or other attachments made than the replay had.
    pub otherwise: u64,
    /// When each was made, with what differed; the first of them.
    pub differences: Vec<(Timestamp, Difference)>,
}

/// What is run instead of the release at work.
pub enum Candidate {
    /// `vendor/plugin:1.2.0`
    Release(String),
    /// A component that nobody signed.
    Bytes(Vec<u8>),
}

#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    #[error("the installation `{0}` does not run here: enable it, then replay")]
    NotInstalled(String),
    #[error("the release cannot be loaded")]
    Load(#[from] LoadError),
    #[error(transparent)]
    Grant(#[from] InstallationError),
    #[error("a replay has at most {MAX_CALLS} calls: choose a shorter time")]
    TooLong,
    #[error("the release may not run here")]
    Gate(#[from] GateError),
    #[error("loading was interrupted")]
    Interrupted,
    #[error(
        "what `{installation}` kept then has state_version {kept}, and {release} reads {reads}: replay this time with a release of state_version {kept} or later"
    )]
    Lower { installation: String, release: String, reads: u32, kept: u32 },
    #[error("{release} cannot bring what was kept then from state_version {from} to its own: {why}")]
    Migration { release: String, from: u32, why: Refusal },
    #[error("this host has as many instances of sessions as it can: replay when fewer devices are connected")]
    NoRoom,
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Host {
    /// Runs the calls made from `from` until before `to` again, in the release at work or in the candidate.
    pub async fn replay(
        &self,
        id: &str,
        (from, to): (Timestamp, Timestamp),
        candidate: Option<Candidate>,
    ) -> Result<Replayed, ReplayError> {
        let installed = self.installed(id).ok_or_else(|| ReplayError::NotInstalled(id.to_owned()))?;
        let release = match candidate {
            Some(candidate) => Some(self.candidate(&installed, candidate).await?),
            None => None,
        };
        let plugin = match &release {
            Some(release) => Arc::new(release.link(&installed.installation.grants.capabilities)?),
            None => Arc::clone(&installed.plugin),
        };
        let made = Made {
            plugin: &plugin,
            installation: &installed.installation,
            name: release.as_ref().map_or(&installed.manifest.name, |r| &r.manifest.name),
            reference: &release.as_ref().map_or_else(|| installed.reference.clone(), Release::reference),
        };
        let mut replayed = Replayed { plugin: made.reference.to_owned(), ..Replayed::default() };
        let manifest = release.as_ref().map_or(&installed.manifest, |release| &release.manifest);
        let imported = release.as_ref().map_or_else(|| installed.imported.clone(), Release::imported);
        // In which form it reads what is kept, where it keeps something.
        let reads = imported.iter().any(|one| one.keeps()).then_some(manifest.state_version);
        let collections = &manifest.records;
        let mut past: Option<Arc<Before>> = None;
        let mut after = CallPlace::default();
        self.shared.recorder.written().await;
        loop {
            let page = self.store().calls(id, (from, to), after, PAGE).await?;
            let Some(last) = page.last() else { break };
            after = last.place();
            for recorded in page {
                let past = Arc::clone(past.get_or_insert_with(|| {
                    let first = recorded.sees_before();
                    Arc::new(Before::new(self.store().clone(), id, first, collections.clone()))
                }));
                let brought = self.bring(&installed, &made, (&past, reads), &recorded).await?;
                if recorded.record.migrated.is_some() {
                    // Made again above, if this release has not done so before or does without.
                    replayed.calls += u64::from(brought);
                    replayed.same += u64::from(brought);
                    continue;
                }
                self.again(&installed, &made, &past, &recorded, &mut replayed).await?;
                if replayed.calls > MAX_CALLS {
                    return Err(ReplayError::TooLong);
                }
            }
        }
        if plugin.is_session() {
            self.connections_again(&installed, &made, (from, to), &mut replayed).await?;
        }
        Ok(replayed)
    }

    /// A component that takes the place of an installation's, under the same grants.
    async fn candidate(&self, installed: &Installed, candidate: Candidate) -> Result<Release, ReplayError> {
        let bytes = match candidate {
            Candidate::Bytes(bytes) => {
                self.gate.unsigned()?;
                bytes
            }
            Candidate::Release(reference) => self.gate.admit(&Code::Release(reference)).await?.bytes,
        };
        let sandbox = Arc::clone(&self.sandbox);
        let loaded = self.shared.bulk.handle.spawn_blocking(move || sandbox.load(&bytes)).await;
        let release = loaded.map_err(|_| ReplayError::Interrupted)??;
        installed.installation.check(&release.manifest)?;
        Ok(release)
    }

    /// Before a call: brings the copy of what was kept to the form that the release reads, as the release itself would. Whether it had to.
    async fn bring(
        &self,
        installed: &Installed,
        made: &Made<'_>,
        (past, reads): (&Arc<Before>, Option<u32>),
        Recorded { record, made_at, .. }: &Recorded,
    ) -> Result<bool, ReplayError> {
        past.begin(record).await;
        let kept = past.form(record).await;
        let release = || made.reference.split('#').next().unwrap_or_default().to_owned();
        let Some(reads) = reads.filter(|reads| *reads != kept) else { return Ok(false) };
        if kept > reads {
            let installation = installed.id().to_owned();
            return Err(ReplayError::Lower { installation, release: release(), reads, kept });
        }
        let now = record.migrated.as_ref().map_or(*made_at, |migrated| migrated.now);
        let call = as_of(installed.call_to_migrate(now, kept), past, record);
        let Outcome { result, writes, .. } = made.plugin.migrate(call, kept).await;
        result.map_err(|why| ReplayError::Migration { release: release(), from: kept, why })?;
        past.write(&CallRecord::default(), writes).await;
        past.brought_to(reads).await;
        Ok(true)
    }

    async fn again(
        &self,
        installed: &Installed,
        made: &Made<'_>,
        past: &Arc<Before>,
        recorded: &Recorded,
        replayed: &mut Replayed,
    ) -> Result<(), ReplayError> {
        let record = &recorded.record;
        replayed.calls += 1;
        if record.plugin != *made.reference || *record.attachments != *installed.attachments {
            replayed.otherwise += 1;
        }
        if let Some(why) = &record.unkept {
            replayed.incomplete += 1;
            replayed.unkept.get_or_insert_with(|| why.clone());
            return Ok(());
        }
        let Some(input) = input::find(self.store(), installed, recorded).await? else {
            replayed.incomplete += 1;
            return Ok(());
        };
        let Some(exchanges) = self.store().answers(&record.asked).await? else {
            replayed.incomplete += 1;
            return Ok(());
        };
        let surroundings = input.surroundings(installed);
        let now = surroundings.now;
        let history = installed.past(self.store(), now).up_to(record.history.unwrap_or(u64::MAX));
        let call = as_of(surroundings, past, record);
        let history = call.readers.history.as_ref().map(|_| Arc::new(history) as _);
        let readers = Readers { history, ..call.readers };
        let call = Call { readers, egress: Egress::Recorded(Answers::new(exchanges.clone())), ..call };
        let differences = match input.call(made, call, (record, &exchanges)).await {
            Err(refusal) => refused(record, &refusal),
            Ok((effects, more)) => {
                let ids: Vec<String> = record.outputs.iter().map(|(id, _)| id.clone()).collect();
                let before = self.store().messages(&ids).await?;
                let before = before.into_iter().map(|message| (message.id.clone(), message)).collect();
                let mut found = difference::rejects(&record.rejects, &effects.rejects());
                found.extend(difference::outputs(&record.outputs, &before, &effects.outputs));
                found.extend(more);
                past.write(record, effects.writes).await;
                found
            }
        };
        replayed.tell(recorded.made_at, differences);
        Ok(())
    }
}

impl Replayed {
    fn tell(&mut self, made_at: Timestamp, differences: Vec<Difference>) {
        if differences.is_empty() {
            self.same += 1;
        } else {
            self.different += 1;
        }
        let room = TOLD.saturating_sub(self.differences.len());
        self.differences.extend(differences.into_iter().take(room).map(|one| (made_at, one)));
    }
}

/// A call's surroundings with the settings of the record, and with what was kept then.
fn as_of(call: Call, past: &Arc<Before>, record: &CallRecord) -> Call {
    Call {
        config: Config { settings: record.settings.as_str().into(), ..call.config },
        readers: Readers {
            state: Some(Arc::clone(past) as Arc<dyn StateReader>),
            timers: Some(Arc::clone(past) as Arc<dyn TimerReader>),
            records: Some(Arc::clone(past) as Arc<dyn RecordReader>),
            history: call.readers.history,
        },
        ..call
    }
}

/// How a call that gives nothing by now differs from what it came to.
fn refused(record: &CallRecord, refusal: &Refusal) -> Vec<Difference> {
    let reason = refusal.to_string();
    // An input that was refused as a whole is refused again.
    let alike = matches!(record.rejects.as_slice(), [Some(before)] if *before == reason);
    if alike && record.outputs.is_empty() { Vec::new() } else { vec![difference::nothing(reason)] }
}
