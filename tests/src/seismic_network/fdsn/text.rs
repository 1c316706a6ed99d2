//! A catalogue as FDSN text, with the column `EventType` of version 1.2.

use super::newest;
use super::quakeml::utc;
use crate::seismic_network::catalogue::{Revision, Status};

const HEADER: &str = "#EventID|Time|Latitude|Longitude|Depth/km|Author|Catalog|Contributor|ContributorID|MagType|Magnitude|\
MagAuthor|EventLocationName|EventType\n";

pub fn render(histories: &[Vec<Revision>]) -> String {
    let mut text = HEADER.to_owned();
    for event in histories.iter().filter_map(|history| newest(history)) {
        let number = |value: Option<f64>| value.map_or_else(String::new, |value| value.to_string());
        let fields = [
            event.event.clone(),
            utc(event.origin_time),
            event.latitude.to_string(),
            event.longitude.to_string(),
            number(event.depth_km),
            "DTSN".to_owned(),
            "DTSN".to_owned(),
            "DTSN".to_owned(),
            event.event.clone(),
            event.magnitude_type.clone().unwrap_or_default(),
            number(event.magnitude),
            "DTSN".to_owned(),
            event.place.replace(['|', '\n'], " "),
            if event.status == Status::Deleted { "not existing" } else { "earthquake" }.to_owned(),
        ];
        text.push_str(&fields.join("|"));
        text.push('\n');
    }
    text
}
