//! The lanes as JetStream streams. Each kind of message has one lane; dead letters have their own.

use std::time::Duration;

use async_nats::jetstream::stream::{Config, DiscardPolicy, RetentionPolicy, StorageType};
use async_nats::jetstream::{Context, context};
use dongting_manifest::{Kind, Lane, Timestamp};

use crate::bus::{Bus, BusError};
use crate::wire;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// What one message of a lane may take, headers included. Dead letters may be as large as the server lets them.
const MAX_MESSAGE_BYTES: i32 = 1024 * 1024;

/// One per installation. nats-server 2.15 makes 1,000 of any value that is not positive.
const MAX_CONSUMERS: i32 = 100_000;

/// What a lane keeps. The oldest messages go first, except that a dead letter never goes by itself: when
/// their lane is full, new ones are refused and wait in the outbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    pub max_bytes: u64,
    /// Zero is for ever.
    pub max_age: Duration,
    /// How long JetStream knows an id again. Costs memory: a million ids 228 MB.
    pub duplicate_window: Duration,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LaneLimits {
    pub bulk: Limits,
    pub alert: Limits,
    pub command: Limits,
    pub dead: Limits,
}

/// Where a lane stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LaneState {
    /// Together with a sequence this names a message for ever: a stream that was deleted and made again
    /// counts from 1.
    pub created: Timestamp,
    /// Zero while nothing was ever stored.
    pub first_sequence: u64,
    pub last_sequence: u64,
    pub messages: u64,
    pub bytes: u64,
}

impl Default for LaneLimits {
    fn default() -> Self {
        const GIB: u64 = 1 << 30;
        let days = |days: u32, gib: u64| Limits {
            max_bytes: gib * GIB,
            max_age: DAY * days,
            duplicate_window: 2 * DAY,
        };
        Self {
            bulk: Limits { duplicate_window: Duration::from_secs(5 * 60), ..days(7, 8) },
            alert: days(90, 4),
            command: days(90, 4),
            dead: days(0, 4),
        }
    }
}

impl Limits {
    /// How long JetStream really knows an id: it refuses a window that is longer than the messages live.
    #[must_use]
    pub fn window(&self) -> Duration {
        if self.max_age.is_zero() { self.duplicate_window } else { self.duplicate_window.min(self.max_age) }
    }
}

impl LaneLimits {
    #[must_use]
    pub fn of(&self, lane: Lane) -> Limits {
        match lane {
            Lane::Bulk => self.bulk,
            Lane::Alert => self.alert,
            Lane::Command => self.command,
            Lane::Dead => self.dead,
        }
    }
}

/// The JetStream stream of a lane.
#[must_use]
pub const fn stream(lane: Lane) -> &'static str {
    match lane {
        Lane::Bulk => "EM_BULK",
        Lane::Alert => "EM_ALERT",
        Lane::Command => "EM_COMMAND",
        Lane::Dead => "DEAD",
    }
}

/// The subjects that a lane's stream listens on.
#[must_use]
pub fn subjects(lane: Lane) -> Vec<String> {
    match lane {
        Lane::Dead => vec!["dead.>".to_owned()],
        _ => Kind::ALL
            .iter()
            .filter(|kind| kind.lane() == lane)
            .map(|kind| format!("em.*.*.*.*.{kind}.*"))
            .collect(),
    }
}

/// Whether every subject that `filter` matches is in `lane`.
pub(crate) fn holds(lane: Lane, filter: &str) -> bool {
    let mut tokens = filter.split('.');
    match tokens.next() {
        Some("dead") => lane == Lane::Dead && tokens.next().is_some(),
        Some("em") => {
            let kind = tokens.nth(4).and_then(|kind| kind.parse::<Kind>().ok());
            kind.is_some_and(|kind| kind.lane() == lane) && tokens.count() == 1
        }
        _ => false,
    }
}

/// What one message may take where the server takes `max_payload`.
pub(crate) fn max_message_bytes(lane: Lane, max_payload: usize) -> usize {
    match lane {
        Lane::Dead => max_payload,
        _ => usize::try_from(MAX_MESSAGE_BYTES).unwrap_or(usize::MAX).min(max_payload),
    }
}

impl Bus {
    /// Where `lane` stands now.
    pub async fn lane(&self, lane: Lane) -> Result<LaneState, BusError> {
        let info = self.jetstream().get_stream(stream(lane)).await;
        let info = info.map_err(|error| self.failed("ask for a lane's state", error))?;
        let info = info.cached_info();
        Ok(LaneState {
            created: wire::instant(info.created),
            first_sequence: info.state.first_sequence,
            last_sequence: info.state.last_sequence,
            messages: info.state.messages,
            bytes: info.state.bytes,
        })
    }
}

/// Makes the lanes' streams, or brings those that exist to these limits. What JetStream will not change (the
/// storage, say) is an error: a stream that is not as we think it is must not be used.
pub(crate) async fn ensure(jetstream: &Context, limits: &LaneLimits) -> Result<(), BusError> {
    for lane in Lane::ALL {
        let name = stream(lane);
        let refused = |error: wire::Cause| BusError::Lane { stream: name, source: error };
        let existing = match jetstream.get_stream(name).await {
            Ok(stream) => Some(stream.cached_info().config.clone()),
            Err(error) if is_absent(&error) => None,
            Err(error) => return Err(refused(error.into())),
        };
        match existing {
            None => {
                jetstream
                    .create_stream(config(lane, limits.of(lane), Config::default()))
                    .await
                    .map_err(|error| refused(error.into()))?;
            }
            Some(existing) => {
                let wanted = config(lane, limits.of(lane), existing.clone());
                if wanted == existing {
                    continue;
                }
                tracing::info!(stream = name, "Changing the limits of lane `{lane}`");
                let now = jetstream.update_stream(&wanted).await.map_err(|error| refused(error.into()))?;
                if config(lane, limits.of(lane), now.config.clone()) != now.config {
                    return Err(refused("the server keeps other settings than it was given".into()));
                }
            }
        }
    }
    Ok(())
}

/// `from` with everything that matters to us set.
fn config(lane: Lane, limits: Limits, from: Config) -> Config {
    Config {
        name: stream(lane).to_owned(),
        subjects: subjects(lane),
        storage: StorageType::File,
        retention: RetentionPolicy::Limits,
        discard: if lane == Lane::Dead { DiscardPolicy::New } else { DiscardPolicy::Old },
        max_bytes: i64::try_from(limits.max_bytes).unwrap_or(i64::MAX),
        max_messages: -1,
        max_messages_per_subject: -1,
        max_message_size: if lane == Lane::Dead { -1 } else { MAX_MESSAGE_BYTES },
        max_age: limits.max_age,
        duplicate_window: limits.window(),
        max_consumers: MAX_CONSUMERS,
        num_replicas: from.num_replicas.max(1),
        allow_direct: true,
        allow_atomic_publish: true,
        ..from
    }
}

fn is_absent(error: &context::GetStreamError) -> bool {
    matches!(error.kind(), context::GetStreamErrorKind::JetStream(error)
        if error.error_code() == async_nats::jetstream::ErrorCode::STREAM_NOT_FOUND)
}

#[cfg(test)]
mod tests;
