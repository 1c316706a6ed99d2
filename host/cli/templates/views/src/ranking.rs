//! Which gauges report the most rain.

use std::collections::BTreeSet;

use serde::Deserialize;

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

#[derive(Deserialize)]
struct Body {
    station: String,
    millimetres: f64,
}

impl Report {
    /// None for an observation that is no rain.
    #[must_use]
    pub fn read(message: &str, region: &str, time: i64, body: &[u8]) -> Option<Self> {
        let body: Body = serde_json::from_slice(body).ok()?;
        Some(Self {
            station: body.station,
            region: region.to_owned(),
            time,
            millimetres: body.millimetres,
            message: message.to_owned(),
        })
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
