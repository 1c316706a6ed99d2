//! What a reload of the configuration did.

use dongting_engine::Change;
use serde::Serialize;
use utoipa::ToSchema;

#[derive(Debug, Serialize, ToSchema)]
pub struct Reloaded {
    pub installations: Vec<Reload>,
    /// Keys of the host itself that the file has otherwise by now. They wait for the next start.
    pub restart: Vec<&'static str>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct Reload {
    pub id: String,
    pub outcome: ReloadOutcome,
    /// Why it was refused.
    #[schema(required)]
    pub reason: Option<String>,
    /// `name@version#digest` before and after a change.
    #[schema(required)]
    pub from: Option<String>,
    #[schema(required)]
    pub to: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ReloadOutcome {
    Unchanged,
    Started,
    Changed,
    /// What was asked for cannot run; what was at work before goes on.
    Refused,
    Stopped,
}

impl From<dongting_engine::Reloaded> for Reloaded {
    fn from(reloaded: dongting_engine::Reloaded) -> Self {
        let one = |(id, change)| {
            let (outcome, reason, from, to) = match change {
                Change::Unchanged => (ReloadOutcome::Unchanged, None, None, None),
                Change::Started => (ReloadOutcome::Started, None, None, None),
                Change::Changed { from, to } => (ReloadOutcome::Changed, None, Some(from), Some(to)),
                Change::Refused(reason) => (ReloadOutcome::Refused, Some(reason), None, None),
                Change::Stopped => (ReloadOutcome::Stopped, None, None, None),
            };
            Reload { id, outcome, reason, from, to }
        };
        let installations = reloaded.installations.into_iter().map(one).collect();
        Self { installations, restart: reloaded.restart }
    }
}
