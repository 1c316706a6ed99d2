//! What the operator may set, and what holds where they set nothing.

use serde::Deserialize;
use thiserror::Error;

use crate::attenuation::{Coefficients, Zone};
use crate::intensity::Combine;
use crate::warning::Colour;

#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    pub zone: Zone,
    pub coefficients: Coefficients,
    pub combine: Combine,
    pub azimuth: f64,
    pub min_intensity: u8,
    pub min_magnitude: f64,
    pub max_depth_km: f64,
    /// Strongest first; never empty unless the operator wants no warnings.
    pub thresholds: Vec<(Colour, u8)>,
    pub min_share: f64,
    pub region: String,
    pub sender: String,
    pub sender_name: String,
    pub sender_name_en: String,
    pub status: dongting_events::warning::Status,
    pub valid_hours: i64,
    pub event_code: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SettingsError {
    #[error("settings: {0}")]
    Json(String),
    #[error("settings: `{name}` {reason}")]
    Value { name: &'static str, reason: String },
}

/// As written; names and meanings are in `plugin.toml`.
#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Written {
    zone: Zone,
    coefficients: Option<Coefficients>,
    combine: Combine,
    azimuth: f64,
    min_intensity: u8,
    min_magnitude: f64,
    max_depth_km: f64,
    thresholds: Thresholds,
    min_share: f64,
    region: String,
    sender: String,
    sender_name: String,
    sender_name_en: String,
    status: dongting_events::warning::Status,
    valid_hours: i64,
    event_code: String,
}

/// From which degree a colour holds; a colour left out is not used.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Thresholds {
    blue: Option<u8>,
    yellow: Option<u8>,
    orange: Option<u8>,
    red: Option<u8>,
}

impl Default for Written {
    fn default() -> Self {
        Self {
            zone: Zone::Stable,
            coefficients: None,
            combine: Combine::Mean,
            // Hunan's faults that can move, the Taiyangshan fault by Changde among them, run north-north-east to north-east. An
            // assumption about any one earthquake, to be replaced once its mechanism is known.
            azimuth: 30.0,
            // Weaker shaking is felt and harms nothing.
            min_intensity: 5,
            // Below, the relations are extrapolated and would have intensity VI over a magnitude 3.
            min_magnitude: 4.0,
            // The relations are for the crust.
            max_depth_km: 70.0,
            // By the damage that GB/T 17742 describes: V frightens, VI cracks weak houses, VII damages many, VIII destroys some. The
            // colours of earthquake warnings are the province's to decide; no national table was at hand.
            thresholds: Thresholds { blue: Some(5), yellow: Some(6), orange: Some(7), red: Some(8) },
            // Of a county of Hunan some 17 km²: the strongest degree of an ellipse smaller than that may lie anywhere within the
            // epicentre's error, and is not worth a colour of its own.
            min_share: 0.01,
            region: "430000".into(),
            sender: "earthquake-impact.dongting".into(),
            sender_name: "地震影响评估模型".into(),
            sender_name_en: "Earthquake impact model".into(),
            status: dongting_events::warning::Status::Actual,
            valid_hours: 24,
            event_code: "11C01".into(),
        }
    }
}

impl Default for Thresholds {
    fn default() -> Self {
        Written::default().thresholds
    }
}

impl Default for Settings {
    fn default() -> Self {
        let written = Written::default();
        let coefficients = written.zone.coefficients();
        Self::from_written(written, coefficients)
    }
}

impl Settings {
    /// From the installation's settings object.
    pub fn from_json(json: &str) -> Result<Self, SettingsError> {
        let mut written: Written =
            serde_json::from_str(json).map_err(|error| SettingsError::Json(error.to_string()))?;
        let coefficients = written.coefficients.take().unwrap_or_else(|| written.zone.coefficients());
        let settings = Self::from_written(written, coefficients);
        settings.check()?;
        Ok(settings)
    }

    fn from_written(written: Written, coefficients: Coefficients) -> Self {
        let thresholds = [
            (Colour::Red, written.thresholds.red),
            (Colour::Orange, written.thresholds.orange),
            (Colour::Yellow, written.thresholds.yellow),
            (Colour::Blue, written.thresholds.blue),
        ];
        Self {
            zone: written.zone,
            coefficients,
            combine: written.combine,
            azimuth: written.azimuth,
            min_intensity: written.min_intensity,
            min_magnitude: written.min_magnitude,
            max_depth_km: written.max_depth_km,
            thresholds: thresholds
                .into_iter()
                .filter_map(|(colour, degree)| Some((colour, degree?)))
                .collect(),
            min_share: written.min_share,
            region: written.region,
            sender: written.sender,
            sender_name: written.sender_name,
            sender_name_en: written.sender_name_en,
            status: written.status,
            valid_hours: written.valid_hours,
            event_code: written.event_code,
        }
    }

    fn check(&self) -> Result<(), SettingsError> {
        let require = |right: bool, name: &'static str, reason: &str| {
            if right { Ok(()) } else { Err(SettingsError::Value { name, reason: reason.into() }) }
        };
        self.coefficients.check().map_err(|reason| SettingsError::Value { name: "coefficients", reason })?;
        require((0.0..=360.0).contains(&self.azimuth), "azimuth", "is in degrees from north, 0 to 360")?;
        require((1..=12).contains(&self.min_intensity), "min_intensity", "is a degree, 1 to 12")?;
        require((0.0..=10.0).contains(&self.min_magnitude), "min_magnitude", "is between 0 and 10")?;
        require((0.0..=1000.0).contains(&self.max_depth_km), "max_depth_km", "is between 0 and 1000")?;
        let degrees: Vec<u8> = self.thresholds.iter().map(|(_, degree)| *degree).collect();
        require(
            degrees.iter().all(|degree| (self.min_intensity..=12).contains(degree)),
            "thresholds",
            "are degrees from `min_intensity` to 12",
        )?;
        require(
            degrees.is_sorted_by(|stronger, weaker| stronger > weaker),
            "thresholds",
            "rise from blue over yellow and orange to red",
        )?;
        require((0.0..=1.0).contains(&self.min_share), "min_share", "is a share, 0 to 1")?;
        require(
            self.region.len() == 6 && self.region.bytes().all(|byte| byte.is_ascii_digit()),
            "region",
            "is a GB/T 2260 code of six digits",
        )?;
        // CAP 1.2, 3.2.1: it becomes part of `references`, where commas and spaces separate.
        let sender = |byte: u8| byte.is_ascii_graphic() && !b",<&".contains(&byte);
        require(
            !self.sender.is_empty() && self.sender.len() <= 128 && self.sender.bytes().all(sender),
            "sender",
            "is 1 to 128 ASCII characters without spaces, commas, < and &",
        )?;
        require(
            [&self.sender_name, &self.sender_name_en].iter().all(|name| (1..=200).contains(&name.len())),
            "sender_name",
            "has 1 to 200 bytes in each language",
        )?;
        require((1..=24 * 365).contains(&self.valid_hours), "valid_hours", "is between 1 and 8760")?;
        require(self.event_code.len() <= 32, "event_code", "has at most 32 bytes")
    }
}

#[cfg(test)]
mod tests;
