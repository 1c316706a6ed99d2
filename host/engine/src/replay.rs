//! A stretch of an installation's past, run again: what it was given as it came, the batches as they were cut, the clock, chance, settings and state as they were. Nothing
//! leaves it. The same release must come to the same, bit for bit; another one is compared.

use std::sync::Arc;

use dongting_manifest::Timestamp;
use dongting_manifest::installation::{Code, InstallationError};
use dongting_sandbox::{LoadError, Refusal, Release};
use dongting_store::{CallPlace, Recorded, StoreError};
use tokio::runtime::Handle;

use crate::difference::Difference;
use crate::gate::GateError;
use crate::history;
use crate::host::Host;
use crate::installed::Installed;

use again::Again;
use before::Before;

pub(crate) use again::Tried;
pub(crate) use connections::{Connection, Stepped};

pub(crate) mod again;
pub(crate) mod before;
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
    #[error("it was interrupted, as the host ends: try it again when it is back")]
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
        let tried = match release {
            Some(release) => Tried {
                plugin: Arc::new(release.link(&installed.installation.grants.capabilities)?),
                manifest: Arc::clone(&release.manifest),
                reference: release.reference().into(),
                keeps: release.imported().iter().any(|capability| capability.keeps()),
                installed,
                threads: Handle::current(),
            },
            None => Tried {
                plugin: Arc::clone(&installed.plugin),
                manifest: Arc::clone(&installed.manifest),
                reference: installed.reference.as_str().into(),
                keeps: installed.stateful,
                installed,
                threads: Handle::current(),
            },
        };
        let mut replayed = Replayed { plugin: tried.reference.to_string(), ..Replayed::default() };
        let mut past: Option<Arc<Before>> = None;
        let mut after = CallPlace::default();
        self.shared.recorder.written().await;
        // What the newest calls were given may not be there yet. Where it does not come, they count as incomplete.
        let _ = history::caught_up(&self.shared).await;
        loop {
            let page = self.store().calls(id, (from, to), after, PAGE).await?;
            let Some(last) = page.last() else { break };
            after = last.place();
            for recorded in page {
                let first = || tried.before(self.store(), recorded.sees_before());
                let past = Arc::clone(past.get_or_insert_with(first));
                let brought = tried.bring(&past, &recorded).await?;
                if recorded.record.migrated.is_some() {
                    // Made again above, if this release has not done so before or does without.
                    replayed.calls += u64::from(brought);
                    replayed.same += u64::from(brought);
                    continue;
                }
                self.made_again(&tried, &past, &recorded, &mut replayed).await?;
                if replayed.calls > MAX_CALLS {
                    return Err(ReplayError::TooLong);
                }
            }
        }
        if tried.plugin.is_session() {
            self.connections_again(&tried, (from, to), &mut replayed).await?;
        }
        Ok(replayed)
    }

    async fn made_again(
        &self,
        tried: &Tried,
        past: &Arc<Before>,
        recorded: &Recorded,
        replayed: &mut Replayed,
    ) -> Result<(), ReplayError> {
        let record = &recorded.record;
        replayed.calls += 1;
        replayed.otherwise += u64::from(tried.is_otherwise(record));
        match tried.again(self.store(), past, recorded).await? {
            Again::Incomplete(why) => {
                replayed.incomplete += 1;
                replayed.unkept = replayed.unkept.take().or(why);
            }
            Again::Refused(refusal) => replayed.tell(recorded.made_at, again::refused(record, &refusal)),
            Again::Made(effects, more) => {
                let found = again::compared(self.store(), record, &effects, more).await?;
                past.write(record, effects.writes).await;
                replayed.tell(recorded.made_at, found);
            }
        }
        Ok(())
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
