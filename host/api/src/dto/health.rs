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
    pub installations: InstallationCounts,
    /// Those that do not work as they should, the worst first, and no more than a hundred: `/plugins` tells of all.
    pub troubled: Vec<InstallationHealth>,
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
    /// Why the nats-server child is not up; none while it is, and where it is not this host's.
    #[schema(required)]
    pub reason: Option<String>,
    pub durability: Durability,
}

/// When a message counts as stored.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Durability {
    /// When it is on the disk.
    Synced,
    /// Before: a power cut may take the last two minutes. The operator has relaxed it.
    Relaxed,
    /// As the nats-server is configured, which is not this host's.
    External,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum BusState {
    Up,
    Down,
}

/// How many are in which state.
#[derive(Debug, Default, Serialize, ToSchema)]
pub struct InstallationCounts {
    pub all: usize,
    pub refused: usize,
    pub tripped: usize,
    pub backoff: usize,
    pub stopped: usize,
    pub starting: usize,
    pub standby: usize,
    pub running: usize,
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
        let counts = InstallationCounts::of(&health.installations);
        let well = counts.starting + counts.standby + counts.running;
        let ok = health.bus_up && well == counts.all;
        Self {
            status: if ok { HealthStatus::Ok } else { HealthStatus::Degraded },
            version: env!("CARGO_PKG_VERSION").to_owned(),
            now: health.now.to_string(),
            bus: BusHealth {
                state: if health.bus_up { BusState::Up } else { BusState::Down },
                restarts: health.bus_restarts,
                reason: health.bus_reason,
                durability: match health.durability {
                    dongting_engine::host::Durability::Synced => Durability::Synced,
                    dongting_engine::host::Durability::Relaxed => Durability::Relaxed,
                    dongting_engine::host::Durability::External => Durability::External,
                },
            },
            installations: counts,
            troubled: troubled(health.installations),
            allow_unsigned: health.allow_unsigned,
            newest_message: health.newest.map(|newest| newest.to_string()),
        }
    }
}

const TROUBLED: usize = 100;

fn troubled(all: Vec<(String, State)>) -> Vec<InstallationHealth> {
    let mut troubled: Vec<InstallationHealth> = all
        .into_iter()
        .map(|(id, state)| {
            let (state, reason) = InstallationState::of(state);
            InstallationHealth { id, state, reason }
        })
        .filter(|one| one.state < InstallationState::Starting)
        .collect();
    troubled.sort_by_key(|one| one.state);
    troubled.truncate(TROUBLED);
    troubled
}

impl InstallationCounts {
    fn of(all: &[(String, State)]) -> Self {
        let mut counts = Self { all: all.len(), ..Self::default() };
        for (_, state) in all {
            let count = match state {
                State::Refused(_) => &mut counts.refused,
                State::Tripped(_) => &mut counts.tripped,
                State::Backoff(_) => &mut counts.backoff,
                State::Stopped => &mut counts.stopped,
                State::Starting => &mut counts.starting,
                State::Standby => &mut counts.standby,
                State::Running => &mut counts.running,
            };
            *count += 1;
        }
        counts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_thousand_are_counted_and_a_hundred_told() {
        let states = [State::Running, State::Backoff("x".into()), State::Refused("y".into())];
        let all: Vec<(String, State)> = (0..10_000)
            .zip(states.iter().cycle())
            .map(|(n, state)| (format!("one-{n:05}"), state.clone()))
            .collect();
        let counts = InstallationCounts::of(&all);
        assert_eq!(
            (counts.all, counts.running, counts.backoff, counts.refused),
            (10_000, 3_334, 3_333, 3_333)
        );
        let told = troubled(all);
        assert_eq!((told.len(), told[0].id.as_str()), (TROUBLED, "one-00002"));
        assert!(told.iter().all(|one| one.state == InstallationState::Refused));
    }
}
