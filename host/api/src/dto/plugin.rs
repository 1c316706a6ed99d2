//! Installations as the operator sees them.

use std::sync::atomic::Ordering;

use dongting_engine::State;
use dongting_engine::host::Enabled;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Text;

#[derive(Debug, Serialize, ToSchema)]
pub struct PluginList {
    /// How many are enabled at all, and how many of them are as was asked for.
    pub enabled: usize,
    pub found: usize,
    /// A page of those.
    pub installations: Vec<Installation>,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Installation {
    pub id: String,
    pub plugin: PluginName,
    pub title: Text,
    pub region: String,
    pub roles: Vec<String>,
    pub capabilities: Vec<String>,
    pub state: InstallationState,
    /// What the operator enabled, as `vendor/plugin:1.2.0`; none where it is a file.
    #[schema(required)]
    pub release: Option<String>,
    /// Whether it runs although nobody has signed it.
    pub unsigned: bool,
    /// The reviewer who approved what runs.
    #[schema(required)]
    pub reviewer: Option<String>,
    /// Why it is not running, or what keeps failing.
    #[schema(required)]
    pub reason: Option<String>,
    #[schema(required, format = DateTime)]
    pub last_activity: Option<String>,
    pub counts: Counts,
}

/// Empty texts where the component could not be loaded.
#[derive(Debug, Default, Serialize, ToSchema)]
pub struct PluginName {
    pub name: String,
    pub version: String,
    /// SHA-256 of the component.
    pub digest: String,
}

/// Since the host started.
#[derive(Debug, Serialize, ToSchema)]
pub struct Counts {
    pub calls: u64,
    pub messages: u64,
    pub rejects: u64,
    pub faults: u64,
}

/// Trouble first: that is what somebody looks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum InstallationState {
    Refused,
    Tripped,
    Backoff,
    Stopped,
    Starting,
    Standby,
    Running,
}

impl InstallationState {
    pub fn of(state: State) -> (Self, Option<String>) {
        match state {
            State::Starting => (Self::Starting, None),
            State::Running => (Self::Running, None),
            State::Backoff(reason) => (Self::Backoff, Some(reason)),
            State::Standby => (Self::Standby, None),
            State::Tripped(reason) => (Self::Tripped, Some(reason)),
            State::Refused(reason) => (Self::Refused, Some(reason)),
            State::Stopped => (Self::Stopped, None),
        }
    }
}

impl From<&Enabled> for Installation {
    fn from(enabled: &Enabled) -> Self {
        let (state, reason) = InstallationState::of(enabled.status.state());
        let counts = &enabled.status.counts;
        let installed = enabled.installed.as_deref();
        let id = enabled.installation.id.clone();
        Self {
            plugin: installed.map(plugin_name).unwrap_or_default(),
            title: installed
                .map_or_else(|| Text { zh: id.clone(), en: id.clone() }, |i| Text::from(&i.manifest.title)),
            region: enabled.installation.region.to_string(),
            roles: installed
                .map(|i| i.manifest.roles.iter().map(ToString::to_string).collect())
                .unwrap_or_default(),
            capabilities: installed
                .map(|i| i.manifest.capabilities.keys().map(ToString::to_string).collect())
                .unwrap_or_default(),
            state,
            release: enabled.installation.release.clone(),
            unsigned: installed.is_some_and(|installed| installed.signed.is_none()),
            reviewer: installed
                .and_then(|installed| installed.signed.as_ref())
                .map(|signed| signed.trusted.reviewer.clone()),
            reason,
            last_activity: enabled.status.last_activity().map(|at| at.to_string()),
            counts: Counts {
                calls: counts.calls.load(Ordering::Relaxed),
                messages: counts.messages.load(Ordering::Relaxed),
                rejects: counts.rejects.load(Ordering::Relaxed),
                faults: counts.faults.load(Ordering::Relaxed),
            },
            id,
        }
    }
}

fn plugin_name(installed: &dongting_engine::installed::Installed) -> PluginName {
    PluginName {
        name: installed.manifest.name.clone(),
        version: installed.manifest.version.clone(),
        digest: installed.digest.clone(),
    }
}
