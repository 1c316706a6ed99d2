//! What a reading means.

use serde::{Deserialize, Serialize};

/// The part of a rain gauge's reading that matters here.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Reading {
    pub station: String,
    pub millimetres: f64,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Assessment {
    pub station: String,
    pub millimetres: f64,
    pub level: Level,
    pub text: String,
}

/// As Chinese warnings colour it: blue IV, yellow III, orange II, red I.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    Blue,
    Yellow,
    Orange,
    Red,
}

/// None where the reading is below the threshold. The error is a sentence for the operator.
pub fn judge(reading: &Reading, threshold_mm: f64) -> Result<Option<Assessment>, String> {
    if !(1.0..=1_000.0).contains(&threshold_mm) {
        return Err(format!(
            "the setting `threshold_mm` must lie between 1 and 1000, not {threshold_mm}"
        ));
    }
    let amount = reading.millimetres;
    if !(0.0..=2_000.0).contains(&amount) {
        return Err(format!(
            "station {}: {amount} mm cannot be",
            reading.station
        ));
    }
    let level = match amount / threshold_mm {
        ratio if ratio < 1.0 => return Ok(None),
        ratio if ratio < 1.5 => Level::Blue,
        ratio if ratio < 2.0 => Level::Yellow,
        ratio if ratio < 3.0 => Level::Orange,
        _ => Level::Red,
    };
    let text = format!(
        "测站 {} 降雨 {amount} 毫米，达到阈值 {threshold_mm} 毫米",
        reading.station
    );
    Ok(Some(Assessment {
        station: reading.station.clone(),
        millimetres: amount,
        level,
        text,
    }))
}
