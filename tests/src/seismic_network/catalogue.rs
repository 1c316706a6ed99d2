//! The built-in catalogue, and its replay: real earthquakes moved to the present.

use anyhow::{Context, Result, ensure};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

const CATALOGUE: &str = include_str!("../../data/seismic-catalogue.toml");

/// One statement of the network about one event.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Revision {
    pub event: String,
    pub status: Status,
    pub origin_time: Timestamp,
    /// When the network made it.
    pub updated: Timestamp,
    pub latitude: f64,
    pub longitude: f64,
    pub depth_km: Option<f64>,
    pub magnitude: Option<f64>,
    pub magnitude_type: Option<String>,
    pub place: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    Automatic,
    Reviewed,
    Deleted,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Catalogue {
    pub event: Vec<Entry>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    pub id: String,
    /// Where the facts come from.
    pub source: String,
    pub precision: String,
    /// Demo seconds.
    pub origin: f64,
    pub revision: Vec<Solution>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Solution {
    /// Demo seconds.
    pub at: f64,
    pub status: Status,
    pub basis: Basis,
    pub latitude: f64,
    pub longitude: f64,
    pub depth_km: Option<f64>,
    pub magnitude: f64,
    pub magnitude_type: String,
    pub place: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Basis {
    Catalogue,
    /// Made up so that there is something to revise.
    Exercise,
}

impl Status {
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Automatic => "automatic",
            Self::Reviewed => "reviewed",
            Self::Deleted => "deleted",
        }
    }
}

pub fn read() -> Result<Catalogue> {
    toml::from_str(CATALOGUE).context("tests/data/seismic-catalogue.toml")
}

/// Every revision with its instants. A revision appears when the clock has reached its `updated`.
pub fn schedule(start: Timestamp, speed: f64) -> Result<Vec<Revision>> {
    ensure!(speed.is_finite() && speed > 0.0, "the speed must be a positive number, not {speed}");
    let mut revisions = Vec::new();
    for entry in read()?.event {
        for solution in &entry.revision {
            revisions.push(Revision {
                event: entry.id.clone(),
                status: solution.status,
                origin_time: instant(start, entry.origin / speed)?,
                updated: instant(start, solution.at / speed)?,
                latitude: solution.latitude,
                longitude: solution.longitude,
                depth_km: solution.depth_km,
                magnitude: Some(solution.magnitude),
                magnitude_type: Some(solution.magnitude_type.clone()),
                place: solution.place.clone(),
            });
        }
    }
    Ok(revisions)
}

/// To the millisecond, the most that all of the services can say.
fn instant(start: Timestamp, seconds: f64) -> Result<Timestamp> {
    let offset = SignedDuration::try_from_secs_f64(seconds)?;
    Ok(Timestamp::from_millisecond(start.checked_add(offset)?.as_millisecond())?)
}
