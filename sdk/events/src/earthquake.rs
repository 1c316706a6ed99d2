//! `em.earthquake.observation.v1`: one catalogue's statement about one earthquake, after QuakeML 1.2.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub const TYPE: &str = "em.earthquake.observation.v1";
pub const DOMAIN: &str = "earthquake";

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Earthquake {
    /// The catalogue's identifier of the event. All statements about one earthquake by one catalogue share it.
    pub event_id: String,
    /// The agency that made the statement.
    pub agency: String,
    /// When the agency made it, RFC 3339 in UTC; of two statements about one event the later one holds.
    pub updated: String,
    pub status: Status,
    pub origin: Origin,
    /// None while the agency has not determined one.
    pub magnitude: Option<Magnitude>,
    /// Where it was, in the agency's words.
    pub place: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Computed by a machine alone.
    Automatic,
    /// Looked at by a seismologist.
    Reviewed,
    /// Taken back: there was no such earthquake.
    Deleted,
}

/// The preferred origin.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Origin {
    /// RFC 3339 in UTC.
    pub time: String,
    /// Degrees north, -90 to 90.
    pub latitude: f64,
    /// Degrees east, -180 to 180.
    pub longitude: f64,
    /// Metres, as QuakeML has it; none where not determined.
    pub depth: Option<f64>,
}

/// The preferred magnitude.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Magnitude {
    pub mag: f64,
    /// As the agency names it: `Ms`, `Mw`, `ML`, `M`.
    pub r#type: Option<String>,
}
