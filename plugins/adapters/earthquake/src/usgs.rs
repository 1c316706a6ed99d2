//! USGS real-time feeds: a GeoJSON FeatureCollection. Times are milliseconds since 1970, depths kilometres.

use dongting_events::earthquake::{Magnitude, Status};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::document::{Document, Unreadable};
use crate::instant;
use crate::reading::{Reading, metres};

/// Serde refuses a key that is given twice for each field it knows. Features stay raw here, so that one of them cannot cost
/// the others.
#[derive(Deserialize)]
struct FeatureCollection<'a> {
    r#type: String,
    #[serde(borrow)]
    features: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
struct Feature {
    id: String,
    properties: Properties,
    geometry: Geometry,
}

#[derive(Deserialize)]
struct Properties {
    mag: Option<f64>,
    #[serde(rename = "magType")]
    mag_type: Option<String>,
    place: Option<String>,
    time: i64,
    updated: Option<i64>,
    status: Option<String>,
    r#type: Option<String>,
    net: Option<String>,
}

#[derive(Deserialize)]
struct Geometry {
    /// Longitude, latitude and, where determined, depth.
    coordinates: Vec<Option<f64>>,
}

/// Whether a JSON object is meant to be such a feed, however broken it may be.
#[must_use]
pub fn is_feature_collection(json: &str) -> bool {
    json.contains("\"features\"") || json.contains("\"FeatureCollection\"")
}

pub fn read(json: &str) -> Result<Document, Unreadable> {
    let refused = |reason: String| Unreadable::Json { expected: "a GeoJSON feed", reason };
    let feed: FeatureCollection<'_> =
        serde_json::from_str(json).map_err(|error| refused(error.to_string()))?;
    if feed.r#type != "FeatureCollection" {
        return Err(refused(format!("its type is `{}`, not `FeatureCollection`", feed.r#type)));
    }
    let mut document = Document::default();
    for (at, feature) in feed.features.iter().enumerate() {
        let read = serde_json::from_str::<Feature>(feature.get())
            .map_err(|error| format!("feature {}: {error}", at + 1))
            .and_then(reading);
        document.accept(read, feature.get().as_bytes())?;
    }
    Ok(document)
}

fn reading(Feature { id, properties, geometry }: Feature) -> Result<Reading, String> {
    let named = |reason: String| format!("event {id}: {reason}");
    let [Some(longitude), Some(latitude), depth @ ..] = geometry.coordinates.as_slice() else {
        return Err(named("its coordinates have no longitude and latitude".to_owned()));
    };
    let magnitude = properties.mag.map(|mag| Magnitude { mag, r#type: properties.mag_type.clone() });
    Reading {
        event_id: id.clone(),
        agency: properties.net.as_ref().map(|net| net.to_uppercase()),
        updated: properties.updated.map(instant::from_millis).transpose().map_err(named)?,
        status: status(&properties).map_err(named)?,
        origin_time: instant::from_millis(properties.time).map_err(named)?,
        latitude: *latitude,
        longitude: *longitude,
        depth: depth.first().copied().flatten().map(metres),
        magnitude,
        place: properties.place,
    }
    .checked()
}

fn status(properties: &Properties) -> Result<Status, String> {
    if properties.r#type.as_deref().is_some_and(|kind| kind.eq_ignore_ascii_case("not existing")) {
        return Ok(Status::Deleted);
    }
    match properties.status.as_deref().map(str::to_ascii_lowercase).as_deref() {
        None | Some("automatic") => Ok(Status::Automatic),
        Some("reviewed" | "manual" | "published") => Ok(Status::Reviewed),
        Some("deleted") => Ok(Status::Deleted),
        Some(other) => Err(format!("its status is `{other}`, not automatic, reviewed or deleted")),
    }
}

#[cfg(test)]
mod tests;
