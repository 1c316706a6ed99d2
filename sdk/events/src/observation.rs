//! `em.<domain>.observation.v1`: readings of sensors, after OGC SensorThings API 1.1 (18-088), part 1, table 12 (Observation) and table 10
//! (Datastream), with the parts that a reading needs put beside it.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::check::{Checked, PERIOD, checked, count, each, finite, instant_if, period, text};
use crate::geometry::Geometry;

/// The type of a domain's readings.
#[must_use]
pub fn type_of(domain: &str) -> String {
    format!("em.{domain}.observation.v1")
}

/// A batch of readings: those of one report of a station, or of one instant of a system.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", remote = "Observations")]
pub struct Observations {
    #[schemars(length(min = 1, max = 5000))]
    pub readings: Vec<Reading>,
}

/// One reading.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Reading {
    /// What the readings of one property by one device at one place have in common, as the department names it:
    /// the station's code, with the property where a station has several.
    #[schemars(length(min = 1, max = 256))]
    pub datastream: String,
    /// What was observed, in lower case with hyphens: `rainfall`, `stage`, `air-temperature`.
    #[schemars(length(min = 1, max = 64))]
    pub observed_property: String,
    /// UCUM: `mm`, `m`, `m3/s`, `Cel`, `[ppm]`; `1` for what has none.
    #[schemars(length(min = 1, max = 32))]
    pub unit: String,
    /// When it was so: an instant after RFC 3339, or for a sum or mean the beginning and the end with a `/` between.
    #[schemars(regex(pattern = PERIOD))]
    pub phenomenon_time: String,
    /// When the device made it of what it measured, where that is another instant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = crate::check::INSTANT))]
    pub result_time: Option<String>,
    /// What came of it. `null` where the device gave nothing: what is missing is never zero, and its quality is `missing`.
    #[serde(default)]
    pub result: Option<Outcome>,
    pub quality: Quality,
    /// The place that the reading is of, where it is not the station's known one (SensorThings' feature of interest).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub feature: Option<Geometry>,
    /// Further words of the department's about this reading: a flag, a raw value.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("maxProperties" = 32))]
    pub parameters: BTreeMap<String, serde_json::Value>,
}

/// A measure, or the state of a contact or device.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Outcome {
    Truth(bool),
    Measure(f64),
    State(#[schemars(length(max = 256))] String),
}

/// How far a reading may be trusted (SensorThings' `resultQuality`, here a closed list).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Quality {
    Good,
    /// The device or its department doubts it, or it lies outside what is usual.
    Suspect,
    /// The device says that it is wrong: a fault, a calibration, a test.
    Bad,
    /// Computed in place of a reading.
    Estimated,
    /// There is none.
    Missing,
}

checked!(Observations);

impl Observations {
    pub fn check(&self) -> Checked {
        count("readings", self.readings.len(), 1..=5000)?;
        each("readings", &self.readings, Reading::check)
    }
}

impl Reading {
    /// A good measure at an instant.
    #[must_use]
    pub fn measure(datastream: &str, (property, unit): (&str, &str), time: &str, value: f64) -> Self {
        Self {
            datastream: datastream.to_owned(),
            observed_property: property.to_owned(),
            unit: unit.to_owned(),
            phenomenon_time: time.to_owned(),
            result_time: None,
            result: Some(Outcome::Measure(value)),
            quality: Quality::Good,
            feature: None,
            parameters: BTreeMap::new(),
        }
    }

    /// What a device should have measured and did not.
    #[must_use]
    pub fn missing(datastream: &str, of: (&str, &str), time: &str) -> Self {
        Self { result: None, quality: Quality::Missing, ..Self::measure(datastream, of, time, 0.0) }
    }

    fn check(&self) -> Checked {
        text("datastream", &self.datastream, 1..=256)?;
        text("observedProperty", &self.observed_property, 1..=64)?;
        text("unit", &self.unit, 1..=32)?;
        period("phenomenonTime", &self.phenomenon_time)?;
        instant_if("resultTime", self.result_time.as_ref())?;
        count("parameters", self.parameters.len(), 0..=32)?;
        if self.result.is_none() != (self.quality == Quality::Missing) {
            return Err("`result` is null where `quality` is missing, and nowhere else".to_owned());
        }
        match &self.result {
            Some(Outcome::Measure(value)) => finite("result", *value)?,
            Some(Outcome::State(state)) => text("result", state, 0..=256)?,
            Some(Outcome::Truth(_)) | None => {}
        }
        self.feature.as_ref().map_or(Ok(()), |feature| feature.check("feature"))
    }
}
