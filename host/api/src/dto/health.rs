//! How the host is doing.

use dongting_engine::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::plugin::InstallationState;

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Health {
    pub status: HealthStatus,
    pub version: String,
    #[schema(format = DateTime)]
    pub now: String,
    pub bus: BusHealth,
    pub installations: Vec<InstallationHealth>,
    /// Whether components that nobody signed may run here.
    pub allow_unsigned: bool,
    /// When the newest message arrived.
    #[schema(required, format = DateTime)]
    pub newest_message: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum HealthStatus {
    Ok,
    Degraded,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct BusHealth {
    pub state: BusState,
    /// Of the nats-server child, since the host started.
    pub restarts: u32,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum BusState {
    Up,
    Down,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct InstallationHealth {
    pub id: String,
    pub state: InstallationState,
    #[schema(required)]
    pub reason: Option<String>,
}

impl From<dongting_engine::Health> for Health {
    fn from(health: dongting_engine::Health) -> Self {
        let well = |state: &State| matches!(state, State::Starting | State::Running | State::Standby);
        let ok = health.bus_up && health.installations.iter().all(|(_, state)| well(state));
        Self {
            status: if ok { HealthStatus::Ok } else { HealthStatus::Degraded },
            version: env!("CARGO_PKG_VERSION").to_owned(),
            now: health.now.to_string(),
            bus: BusHealth {
                state: if health.bus_up { BusState::Up } else { BusState::Down },
                restarts: health.bus_restarts,
            },
            installations: health
                .installations
                .into_iter()
                .map(|(id, state)| {
                    let (state, reason) = InstallationState::of(state);
                    InstallationHealth { id, state, reason }
                })
                .collect(),
            allow_unsigned: health.allow_unsigned,
            newest_message: health.newest.map(|newest| newest.to_string()),
        }
    }
}
