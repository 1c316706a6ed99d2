//! A boundary file is read or refused; of what is read, every place has at most one region, and it can be asked for.

use dongting_sdk::geo::Boundaries;

/// The first line is a place, `longitude latitude`, the rest a document.
pub fn topojson(bytes: &[u8]) {
    let (place, document) = super::line(bytes);
    let place = String::from_utf8_lossy(place);
    let (longitude, latitude) = place.split_once(' ').unwrap_or_default();
    let degrees = |text: &str| text.parse::<f64>().unwrap_or_default();
    if let Ok(boundaries) = Boundaries::from_topojson(document, "counties")
        && let Some(code) = boundaries.locate(degrees(longitude), degrees(latitude))
    {
        assert!(boundaries.region(code).is_some());
    }
}
