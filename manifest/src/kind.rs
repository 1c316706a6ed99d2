//! What a message is (closed list) and the lane that it travels in.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    Observation,
    Forecast,
    Status,
    Assessment,
    Warning,
    Incident,
    Order,
    Task,
    Feedback,
}

/// A JetStream stream with its own capacity. Raw frames, dead letters and audit are the host's own and have no kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Lane {
    Bulk,
    Alert,
    Command,
    Dead,
}

#[derive(Debug, thiserror::Error)]
#[error("`{0}` is not a kind of message; the kinds are {kinds}", kinds = Kind::ALL.map(Kind::as_str).join(", "))]
pub struct KindError(String);

impl Kind {
    pub const ALL: [Self; 9] = [
        Self::Observation,
        Self::Forecast,
        Self::Status,
        Self::Assessment,
        Self::Warning,
        Self::Incident,
        Self::Order,
        Self::Task,
        Self::Feedback,
    ];

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Observation => "observation",
            Self::Forecast => "forecast",
            Self::Status => "status",
            Self::Assessment => "assessment",
            Self::Warning => "warning",
            Self::Incident => "incident",
            Self::Order => "order",
            Self::Task => "task",
            Self::Feedback => "feedback",
        }
    }

    #[must_use]
    pub const fn lane(self) -> Lane {
        match self {
            Self::Observation | Self::Forecast | Self::Status => Lane::Bulk,
            Self::Assessment | Self::Warning | Self::Incident => Lane::Alert,
            Self::Order | Self::Task | Self::Feedback => Lane::Command,
        }
    }
}

impl Lane {
    pub const ALL: [Self; 4] = [Self::Bulk, Self::Alert, Self::Command, Self::Dead];

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Bulk => "bulk",
            Self::Alert => "alert",
            Self::Command => "command",
            Self::Dead => "dead",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for Lane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Kind {
    type Err = KindError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.as_str() == text)
            .ok_or_else(|| KindError(text.chars().take(64).collect()))
    }
}
