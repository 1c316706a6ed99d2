//! `em.earthquake.observation.v1`: one catalogue's statement about one earthquake, after QuakeML 1.2.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::check::{Checked, INSTANT, checked, instant, range, text};

pub const TYPE: &str = "em.earthquake.observation.v1";
pub const DOMAIN: &str = "earthquake";

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", remote = "Earthquake")]
pub struct Earthquake {
    /// The catalogue's identifier of the event. All statements about one earthquake by one catalogue share it.
    #[schemars(length(min = 1, max = 256))]
    pub event_id: String,
    /// The agency that made the statement.
    #[schemars(length(max = 256))]
    pub agency: String,
    /// When the agency made it, RFC 3339 in UTC; of two statements about one event the later one holds.
    #[schemars(regex(pattern = INSTANT))]
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
    #[schemars(regex(pattern = INSTANT))]
    pub time: String,
    /// Degrees north, -90 to 90.
    #[schemars(range(min = -90, max = 90))]
    pub latitude: f64,
    /// Degrees east, -180 to 180.
    #[schemars(range(min = -180, max = 180))]
    pub longitude: f64,
    /// Metres, as QuakeML has it, negative above the sea; none where not determined.
    #[schemars(range(min = -10_000, max = 1_000_000))]
    pub depth: Option<f64>,
}

/// The preferred magnitude.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Magnitude {
    #[schemars(range(min = -10, max = 12))]
    pub mag: f64,
    /// As the agency names it: `Ms`, `Mw`, `ML`, `M`.
    pub r#type: Option<String>,
}

checked!(written Earthquake);

impl Earthquake {
    pub fn check(&self) -> Checked {
        text("eventId", &self.event_id, 1..=256)?;
        text("agency", &self.agency, 0..=256)?;
        instant("updated", &self.updated)?;
        check(&self.origin, self.magnitude.as_ref())
    }
}

/// Origin and magnitude, as an earthquake and its assessment have them.
pub(crate) fn check(origin: &Origin, magnitude: Option<&Magnitude>) -> Checked {
    instant("origin.time", &origin.time)?;
    range("origin.latitude", origin.latitude, -90.0..=90.0)?;
    range("origin.longitude", origin.longitude, -180.0..=180.0)?;
    origin.depth.map_or(Ok(()), |depth| range("origin.depth", depth, -10_000.0..=1_000_000.0))?;
    magnitude.map_or(Ok(()), |magnitude| range("magnitude.mag", magnitude.mag, -10.0..=12.0))
}
