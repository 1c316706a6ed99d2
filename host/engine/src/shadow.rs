//! A candidate beside the release at work: it is called with the same batches, clock, chance and state, publishes nothing, and what it
//! would have done is compared.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use dongting_manifest::exchange::Exchange;
use dongting_manifest::{Message, Timestamp};
use dongting_sandbox::{Call, Egress, Plugin, Recorded, Refusal};

use crate::difference::{self, Difference};
use crate::gate::Signed;
use crate::installed::Installed;
use crate::item::Item;
use crate::releases::Loaded;
use crate::transform::{Effects, Made, apply};

/// The release at work waits this long for its shadow, then goes on without it.
const PATIENCE: Duration = Duration::from_secs(1);
const TOLD: usize = 100;

pub struct Shadow {
    /// `name@version#digest`, or what the operator wrote where that could not be loaded.
    pub reference: Arc<str>,
    /// None where it could not be loaded.
    candidate: Option<Candidate>,
    /// Why it is not called, or no more.
    refused: OnceLock<String>,
    pub counts: Counts,
    differences: Mutex<VecDeque<(Timestamp, Difference)>>,
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
    pub calls: AtomicU64,
    pub different: AtomicU64,
    /// Not in time.
    pub late: AtomicU64,
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
        let (counts, differences, refused) = (Counts::default(), Mutex::default(), OnceLock::new());
        Self { reference, candidate, refused, counts, differences }
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
        self.differences.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }

    /// Runs beside `live`, whose answer it gives back. Both read the state as it is before either has written. `asked` is what the network
    /// answers.
    pub async fn beside(
        &self,
        installed: &Installed,
        items: &[Item],
        asked: Vec<Exchange>,
        live: impl Future<Output = Result<Effects, Refusal>>,
    ) -> Result<Effects, Refusal> {
        let Some(candidate) = self.called() else { return live.await };
        let batch: Vec<Message> = items.iter().map(|item| item.message.clone()).collect();
        let made = Made {
            plugin: &candidate.plugin,
            installation: &installed.installation,
            name: &candidate.release.manifest().name,
            reference: &candidate.release.reference,
        };
        let egress = Egress::Recorded(Recorded::new(asked));
        let call = apply(&made, Call { egress, ..installed.call_for(&batch) }, &batch);
        let shadow = async {
            // Not before the live call has begun: it has the first claim to the machine.
            tokio::task::yield_now().await;
            tokio::time::timeout(PATIENCE, call).await
        };
        let (live, shadow) = tokio::join!(live, shadow);
        self.counts.calls.fetch_add(1, Ordering::Relaxed);
        match shadow {
            Ok(outcome) => self.compare(&live, &outcome.result),
            Err(_) => {
                self.counts.late.fetch_add(1, Ordering::Relaxed);
            }
        }
        live
    }

    fn compare(&self, live: &Result<Effects, Refusal>, shadow: &Result<Effects, Refusal>) {
        let found = match (live, shadow) {
            (Ok(live), Ok(shadow)) => {
                let recorded = live.digests();
                let before = live.outputs.iter().map(|m| (m.id.clone(), m.clone())).collect();
                let mut found = difference::rejects(&live.rejects(), &shadow.rejects());
                found.extend(difference::outputs(&recorded, &before, &shadow.outputs));
                found
            }
            (Ok(_), Err(refusal)) => vec![difference::nothing(refusal.to_string())],
            (Err(before), after) => {
                let before = before.to_string();
                let after = after.as_ref().err().map(ToString::to_string);
                if after.as_ref() == Some(&before) {
                    return;
                }
                let mut one = difference::nothing(after.unwrap_or_else(|| "done".to_owned()));
                one.before = Some(before);
                vec![one]
            }
        };
        if found.is_empty() {
            return;
        }
        self.counts.different.fetch_add(1, Ordering::Relaxed);
        let now = Timestamp::now();
        let mut told = self.differences.lock().unwrap_or_else(PoisonError::into_inner);
        told.extend(found.into_iter().map(|one| (now, one)));
        while told.len() > TOLD {
            told.pop_front();
        }
    }
}
