//! A candidate beside the release at work. It follows the records of that one's calls: each is made again in it, with what was kept just before,
//! and what it comes to is compared. It publishes nothing, and nobody waits for it.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use dongting_manifest::Timestamp;
use dongting_sandbox::Plugin;
use tokio::runtime::Handle;

use crate::difference::Difference;
use crate::gate::Signed;
use crate::installed::Installed;
use crate::releases::Loaded;
use crate::replay::Tried;

pub(crate) use following::run;
use waiting::Waiting;

mod connections;
mod following;
mod waiting;

const TOLD: usize = 100;

pub struct Shadow {
    /// `name@version#digest`, or what the operator wrote where that could not be loaded.
    pub reference: Arc<str>,
    /// None where it could not be loaded.
    candidate: Option<Candidate>,
    /// Why it is not called, or no more.
    refused: OnceLock<String>,
    pub counts: Counts,
    waiting: Waiting,
    told: Mutex<Told>,
}

/// What is called.
pub struct Candidate {
    pub release: Arc<Loaded>,
    pub plugin: Arc<Plugin>,
    /// By whose signatures it is called; none for a file that nobody signed.
    pub signed: Option<Signed>,
}

#[derive(Debug, Default)]
pub struct Counts {
    /// Compared.
    pub calls: AtomicU64,
    pub different: AtomicU64,
    /// Left out, since it was behind by too much.
    pub skipped: AtomicU64,
    /// That cannot be made again.
    pub incomplete: AtomicU64,
}

#[derive(Debug, Default)]
struct Told {
    differences: VecDeque<(Timestamp, Difference)>,
    /// Why the newest of the calls that cannot be made again is one of them.
    unkept: Option<String>,
}

/// Tells a shadow of a call that was committed, once its messages are on the bus, or somebody else is to bring them there: what they said is
/// shown beside what the candidate says.
pub(crate) struct Tells {
    shadow: Arc<Shadow>,
    position: i64,
}

/// What became of a call.
enum Came {
    Compared(Timestamp, Vec<Difference>),
    Incomplete(String),
}

impl Tells {
    /// None without a shadow, and where no call was written down.
    pub fn of(shadow: Option<&Arc<Shadow>>, position: Option<i64>) -> Option<Self> {
        let (shadow, position) = shadow.zip(position)?;
        Some(Self { shadow: Arc::clone(shadow), position })
    }
}

impl Drop for Tells {
    fn drop(&mut self) {
        self.shadow.tell(self.position);
    }
}

impl Shadow {
    pub fn new(candidate: Candidate) -> Self {
        Self::with(Arc::clone(&candidate.release.reference), Some(candidate))
    }

    /// One that cannot be called. The release at work does without it.
    pub fn absent(named: &str, reason: String) -> Self {
        let shadow = Self::with(named.into(), None);
        shadow.refuse(reason);
        shadow
    }

    fn with(reference: Arc<str>, candidate: Option<Candidate>) -> Self {
        Self {
            reference,
            candidate,
            refused: OnceLock::new(),
            counts: Counts::default(),
            waiting: Waiting::default(),
            told: Mutex::default(),
        }
    }

    /// What is called, unless it is called no more.
    pub fn called(&self) -> Option<&Candidate> {
        self.candidate.as_ref().filter(|_| self.refused().is_none())
    }

    /// Calls it no more, until the operator names it anew.
    pub fn refuse(&self, reason: String) {
        // The first reason is as good as a later one.
        let _ = self.refused.set(reason);
    }

    pub fn refused(&self) -> Option<&str> {
        self.refused.get().map(String::as_str)
    }

    /// The newest last.
    pub fn differences(&self) -> Vec<(Timestamp, Difference)> {
        self.told().differences.iter().cloned().collect()
    }

    /// Why the newest of the calls that cannot be made again is one of them.
    pub fn unkept(&self) -> Option<String> {
        self.told().unkept.clone()
    }

    /// The call at this position was written down.
    pub(crate) fn tell(&self, position: i64) {
        if self.called().is_some() {
            self.skip(self.waiting.add(position));
        }
    }

    /// A call was made that was not written down.
    pub(crate) fn unrecorded(&self, why: &str) {
        if self.called().is_some() {
            self.count(Came::Incomplete(why.to_owned()));
        }
    }

    /// Whether it is the same candidate, called as `before` is.
    pub(crate) fn goes_on(&self, before: &Self) -> bool {
        self.reference == before.reference && self.called().is_some() && before.called().is_some()
    }

    /// The candidate in place of `installed`; none where it is called no more.
    fn tried(&self, installed: &Arc<Installed>, threads: Handle) -> Option<Tried> {
        let Candidate { release, plugin, .. } = self.called()?;
        Some(Tried {
            installed: Arc::clone(installed),
            plugin: Arc::clone(plugin),
            manifest: Arc::clone(release.manifest()),
            reference: Arc::clone(&release.reference),
            keeps: release.imported.iter().any(|capability| capability.keeps()),
            threads,
        })
    }

    fn count(&self, came: Came) {
        match came {
            Came::Compared(made_at, found) => {
                self.counts.calls.fetch_add(1, Ordering::Relaxed);
                if found.is_empty() {
                    return;
                }
                self.counts.different.fetch_add(1, Ordering::Relaxed);
                let mut told = self.told();
                told.differences.extend(found.into_iter().map(|one| (made_at, one)));
                while told.differences.len() > TOLD {
                    told.differences.pop_front();
                }
            }
            Came::Incomplete(why) => {
                self.counts.incomplete.fetch_add(1, Ordering::Relaxed);
                self.told().unkept = Some(why);
            }
        }
    }

    fn skip(&self, calls: u64) {
        self.counts.skipped.fetch_add(calls, Ordering::Relaxed);
    }

    fn told(&self) -> std::sync::MutexGuard<'_, Told> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
