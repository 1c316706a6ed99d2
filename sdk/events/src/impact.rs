//! `em.earthquake.assessment.v1`: where an earthquake was how strong, and what share of which county that is.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::earthquake::{Magnitude, Origin, Status};

pub const TYPE: &str = "em.earthquake.assessment.v1";

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Impact {
    pub event_id: String,
    /// The catalogue's statement that this rests on, and its place in words.
    pub updated: String,
    pub status: Status,
    pub origin: Origin,
    pub magnitude: Option<Magnitude>,
    pub place: Option<String>,
    pub model: Model,
    /// Where intensities are felt, strongest first; empty for a deleted or small event.
    pub isoseismals: Vec<Isoseismal>,
    /// The counties inside the weakest isoseismal, strongest first.
    pub counties: Vec<County>,
}

/// What computed it: enough to compute it again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Model {
    pub id: String,
    pub version: String,
    /// Attenuation zone, for example `stable` or `east`.
    pub zone: String,
    /// SHA-256 of the coefficients used, hexadecimal.
    pub coefficients: String,
    /// Direction of the major axis in degrees clockwise from north.
    pub azimuth: f64,
    /// `high` for a reviewed solution with depth, else `low`: the share of a person's trust it deserves.
    pub confidence: String,
}

/// The line inside which the intensity is at least `intensity`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Isoseismal {
    /// GB/T 17742 degree, 1 to 12.
    pub intensity: u8,
    pub semi_major_km: f64,
    pub semi_minor_km: f64,
    /// GeoJSON `Polygon` coordinates: rings of [longitude, latitude].
    pub polygon: Vec<Vec<[f64; 2]>>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct County {
    /// GB/T 2260 code.
    pub region: String,
    /// Highest degree reached anywhere in the county.
    pub intensity: u8,
    pub shares: Vec<Share>,
}

/// What part of the county's area lies in a degree (that degree and no higher).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Share {
    pub intensity: u8,
    /// 0 to 1.
    pub area: f64,
}
