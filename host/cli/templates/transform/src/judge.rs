//! What a reading of rain means.

use std::collections::BTreeMap;

use dongting_sdk::events::assessment::{Assessment, Confidence, Figure, Level, Model};
use dongting_sdk::events::observation::{Outcome, Reading};

/// None where the reading is of something else, is not to be trusted, or lies below the threshold. The error is a sentence for the operator.
pub fn judge(reading: &Reading, threshold_mm: f64) -> Result<Option<Assessment>, String> {
    if !(1.0..=1_000.0).contains(&threshold_mm) {
        return Err(format!(
            "the setting `threshold_mm` must lie between 1 and 1000, not {threshold_mm}"
        ));
    }
    let Some(Outcome::Measure(amount)) = reading.result else {
        return Ok(None);
    };
    if reading.observed_property != "rainfall" || reading.unit != "mm" {
        return Ok(None);
    }
    if !(0.0..=2_000.0).contains(&amount) {
        return Err(format!("{}: {amount} mm cannot be", reading.datastream));
    }
    let level = match amount / threshold_mm {
        ratio if ratio < 1.0 => return Ok(None),
        ratio if ratio < 1.5 => Level::Blue,
        ratio if ratio < 2.0 => Level::Yellow,
        ratio if ratio < 3.0 => Level::Orange,
        _ => Level::Red,
    };
    let figure = |value| Figure {
        value,
        unit: "mm".to_owned(),
    };
    Ok(Some(Assessment {
        about: reading.datastream.clone(),
        model: Model {
            id: env!("CARGO_PKG_NAME").to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            coefficients: None,
        },
        as_of: reading.phenomenon_time.clone(),
        valid_until: None,
        level,
        confidence: Confidence::Medium,
        regions: Vec::new(),
        area: None,
        figures: BTreeMap::from([
            ("rainfall".to_owned(), figure(amount)),
            ("threshold".to_owned(), figure(threshold_mm)),
        ]),
        reasons: vec![format!(
            "测站 {} 降雨 {amount} 毫米，达到阈值 {threshold_mm} 毫米",
            reading.datastream
        )],
    }))
}
