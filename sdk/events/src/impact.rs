//! `em.earthquake.assessment.v1`: where an earthquake was how strong, and what share of which county that is.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::check::{Checked, INSTANT, REGION, checked, count, each, finite, instant, range, region, text};
use crate::earthquake::{self, Magnitude, Origin, Status};
use crate::geometry::polygon;

pub const TYPE: &str = "em.earthquake.assessment.v1";

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", remote = "Impact")]
pub struct Impact {
    #[schemars(length(min = 1, max = 256))]
    pub event_id: String,
    /// The catalogue's statement that this rests on, and its place in words.
    #[schemars(regex(pattern = INSTANT))]
    pub updated: String,
    pub status: Status,
    pub origin: Origin,
    pub magnitude: Option<Magnitude>,
    pub place: Option<String>,
    pub model: Model,
    /// Where intensities are felt, strongest first; empty for a deleted or small event.
    #[schemars(length(max = 12))]
    pub isoseismals: Vec<Isoseismal>,
    /// The counties inside the weakest isoseismal, strongest first.
    #[schemars(length(max = 3000))]
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
    #[schemars(range(min = 1, max = 12))]
    pub intensity: u8,
    #[schemars(range(min = 0))]
    pub semi_major_km: f64,
    #[schemars(range(min = 0))]
    pub semi_minor_km: f64,
    /// GeoJSON `Polygon` coordinates: rings of [longitude, latitude].
    pub polygon: Vec<Vec<[f64; 2]>>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct County {
    /// GB/T 2260 code.
    #[schemars(regex(pattern = REGION))]
    pub region: String,
    /// Highest degree reached anywhere in the county.
    #[schemars(range(min = 1, max = 12))]
    pub intensity: u8,
    pub shares: Vec<Share>,
}

/// What part of the county's area lies in a degree (that degree and no higher).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Share {
    #[schemars(range(min = 1, max = 12))]
    pub intensity: u8,
    /// 0 to 1.
    #[schemars(range(min = 0, max = 1))]
    pub area: f64,
}

checked!(written Impact);

impl Impact {
    pub fn check(&self) -> Checked {
        text("eventId", &self.event_id, 1..=256)?;
        instant("updated", &self.updated)?;
        earthquake::check(&self.origin, self.magnitude.as_ref())?;
        finite("model.azimuth", self.model.azimuth)?;
        count("isoseismals", self.isoseismals.len(), 0..=12)?;
        each("isoseismals", &self.isoseismals, |line| {
            degree(line.intensity)?;
            range("semiMajorKm", line.semi_major_km, 0.0..=f64::MAX)?;
            range("semiMinorKm", line.semi_minor_km, 0.0..=f64::MAX)?;
            polygon("polygon", &line.polygon)
        })?;
        count("counties", self.counties.len(), 0..=3000)?;
        each("counties", &self.counties, |county| {
            region("region", &county.region)?;
            degree(county.intensity)?;
            each("shares", &county.shares, |share| {
                degree(share.intensity)?;
                range("area", share.area, 0.0..=1.0)
            })
        })
    }
}

/// GB/T 17742 has twelve.
fn degree(intensity: u8) -> Checked {
    range("intensity", intensity.into(), 1.0..=12.0)
}
