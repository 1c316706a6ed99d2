//! Which gauges report the most rain.

use std::collections::BTreeSet;

use dongting_sdk::events::Observations;
use dongting_sdk::events::observation::Outcome;

#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    pub station: String,
    pub region: String,
    /// Microseconds since 1970.
    pub time: i64,
    pub millimetres: f64,
    /// Id of the message behind it.
    pub message: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Wetness {
    Dry,
    Rain,
    Storm,
    SevereStorm,
}

impl Report {
    /// Those of a message that are of rain.
    #[must_use]
    pub fn read(message: &str, region: &str, time: i64, body: &[u8]) -> Vec<Self> {
        let Ok(observations) = serde_json::from_slice::<Observations>(body) else {
            return Vec::new();
        };
        let rain = observations
            .readings
            .into_iter()
            .filter(|reading| reading.observed_property == "rainfall");
        rain.filter_map(|reading| match reading.result {
            Some(Outcome::Measure(millimetres)) => Some(Self {
                station: reading.datastream,
                region: region.to_owned(),
                time,
                millimetres,
                message: message.to_owned(),
            }),
            _ => None,
        })
        .collect()
    }

    #[must_use]
    pub fn wetness(&self) -> Wetness {
        match self.millimetres {
            amount if amount >= 100.0 => Wetness::SevereStorm,
            amount if amount >= 50.0 => Wetness::Storm,
            amount if amount >= 0.1 => Wetness::Rain,
            _ => Wetness::Dry,
        }
    }
}

impl Wetness {
    #[must_use]
    pub const fn name(self, zh: bool) -> &'static str {
        match (self, zh) {
            (Self::Dry, true) => "无雨",
            (Self::Dry, false) => "dry",
            (Self::Rain, true) => "有雨",
            (Self::Rain, false) => "rain",
            (Self::Storm, true) => "暴雨",
            (Self::Storm, false) => "storm",
            (Self::SevereStorm, true) => "大暴雨",
            (Self::SevereStorm, false) => "severe storm",
        }
    }
}

/// The newest report of each station, the wettest first.
#[must_use]
pub fn rank(mut reports: Vec<Report>) -> Vec<Report> {
    reports.sort_by(|a, b| b.time.cmp(&a.time).then_with(|| a.station.cmp(&b.station)));
    let mut seen = BTreeSet::new();
    reports.retain(|report| seen.insert(report.station.clone()));
    reports.sort_by(|a, b| {
        b.millimetres
            .total_cmp(&a.millimetres)
            .then_with(|| a.station.cmp(&b.station))
    });
    reports
}
