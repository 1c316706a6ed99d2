//! `em.hotspot.observation.v1`: a thermal anomaly that a satellite saw, after the active-fire files of NASA's FIRMS (MODIS MCD14 and VIIRS
//! VNP14/VJ114 columns), in one shape for both instruments.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::check::{Checked, INSTANT, checked, instant, range, text};

pub const TYPE: &str = "em.hotspot.observation.v1";
pub const DOMAIN: &str = "hotspot";

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", remote = "Hotspot")]
pub struct Hotspot {
    /// As the file has it: `Terra`, `Aqua`, `N` (Suomi NPP), `N20`, `N21`.
    #[schemars(length(min = 1, max = 64))]
    pub satellite: String,
    /// `MODIS`, `VIIRS`; none where the file does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub instrument: Option<String>,
    /// When the satellite passed (`acq_date` and `acq_time`, which are UTC), RFC 3339.
    #[schemars(regex(pattern = INSTANT))]
    pub acquired: String,
    /// Degrees north, of the pixel's centre.
    #[schemars(range(min = -90, max = 90))]
    pub latitude: f64,
    /// Degrees east, of the pixel's centre.
    #[schemars(range(min = -180, max = 180))]
    pub longitude: f64,
    /// Brightness temperature in kelvins of the channel that sees fires: `brightness` (MODIS 21/22), `bright_ti4` (VIIRS I-4).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 2000))]
    pub brightness_kelvin: Option<f64>,
    /// Of the channel beside it: `bright_t31`, `bright_ti5`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 2000))]
    pub background_kelvin: Option<f64>,
    /// Fire radiative power, megawatts; none where it was not computed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 100_000))]
    pub frp_megawatts: Option<f64>,
    /// The pixel's width along the scan, kilometres.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 100))]
    pub scan_km: Option<f64>,
    /// The pixel's length along the track, kilometres.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 100))]
    pub track_km: Option<f64>,
    pub confidence: Confidence,
    /// MODIS's own number, 0 to 100.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(max = 100))]
    pub confidence_percent: Option<u8>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub daynight: Option<DayNight>,
    /// What it is taken for; near-real-time files do not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<Cause>,
    /// Collection and processing, `6.1NRT`, `2.0URT`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 32))]
    pub version: Option<String>,
}

/// VIIRS's three classes; MODIS's number is `low` below 30, `nominal` below 80, else `high` (MODIS fire user's guide, table on confidence).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Confidence {
    Low,
    Nominal,
    High,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum DayNight {
    Day,
    Night,
}

/// FIRMS's `type`, 0 to 3.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Cause {
    Vegetation,
    Volcano,
    /// A kiln, a flare, a roof.
    StaticSource,
    Offshore,
}

checked!(Hotspot);

impl Hotspot {
    pub fn check(&self) -> Checked {
        text("satellite", &self.satellite, 1..=64)?;
        text("instrument", self.instrument.as_deref().unwrap_or_default(), 0..=64)?;
        text("version", self.version.as_deref().unwrap_or_default(), 0..=32)?;
        instant("acquired", &self.acquired)?;
        range("latitude", self.latitude, -90.0..=90.0)?;
        range("longitude", self.longitude, -180.0..=180.0)?;
        for (name, value, most) in [
            ("brightnessKelvin", self.brightness_kelvin, 2000.0),
            ("backgroundKelvin", self.background_kelvin, 2000.0),
            ("frpMegawatts", self.frp_megawatts, 100_000.0),
            ("scanKm", self.scan_km, 100.0),
            ("trackKm", self.track_km, 100.0),
            ("confidencePercent", self.confidence_percent.map(f64::from), 100.0),
        ] {
            value.map_or(Ok(()), |value| range(name, value, 0.0..=most))?;
        }
        Ok(())
    }
}
