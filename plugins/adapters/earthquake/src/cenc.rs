//! The China Earthquake Networks Center's list, in both shapes it is passed on in: an object of `No1` to `No<n>`, and the older
//! `shuju` list. All times are Beijing time without a zone; numbers come as text or as numbers; depths are kilometres.

use std::fmt;

use dongting_events::earthquake::{Magnitude, Status};
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::document::{Document, Unreadable};
use crate::instant;
use crate::reading::{Reading, metres, number};

/// One row of the current list.
#[derive(Deserialize)]
struct Row {
    r#type: Option<String>,
    #[serde(rename = "EventID")]
    event_id: Scalar,
    time: String,
    #[serde(rename = "ReportTime")]
    report_time: Option<String>,
    location: Option<String>,
    #[serde(rename = "placeName")]
    place_name: Option<String>,
    magnitude: Option<Scalar>,
    depth: Option<Scalar>,
    latitude: Scalar,
    longitude: Scalar,
}

/// One row of the older list.
#[derive(Deserialize)]
struct OldRow {
    id: Scalar,
    #[serde(rename = "O_TIME")]
    time: String,
    #[serde(rename = "SAVE_TIME")]
    saved: Option<String>,
    #[serde(rename = "EPI_LAT")]
    latitude: Scalar,
    #[serde(rename = "EPI_LON")]
    longitude: Scalar,
    #[serde(rename = "EPI_DEPTH")]
    depth: Option<Scalar>,
    #[serde(rename = "AUTO_FLAG")]
    auto_flag: Option<String>,
    #[serde(rename = "M")]
    magnitude: Option<Scalar>,
    #[serde(rename = "LOCATION_C")]
    location: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Scalar {
    Text(String),
    Number(serde_json::Number),
}

/// An object's members as they stand. A key given twice is refused: which of the two earthquakes is meant?
struct Members<'a>(Vec<(String, &'a RawValue)>);

pub fn read(json: &str) -> Result<Document, Unreadable> {
    let refused = |reason: String| Unreadable::Json { expected: "a CENC list", reason };
    let Members(members) = serde_json::from_str(json).map_err(|error| refused(error.to_string()))?;
    let mut document = Document::default();
    let mut is_list = members.is_empty();
    for (name, value) in &members {
        if name == "shuju" {
            is_list = true;
            let rows: Vec<&RawValue> =
                serde_json::from_str(value.get()).map_err(|error| refused(format!("`shuju`: {error}")))?;
            for (at, row) in rows.iter().enumerate() {
                let read = serde_json::from_str(row.get())
                    .map_err(|error| format!("shuju[{at}]: {error}"))
                    .and_then(old_reading);
                document.accept(read, row.get().as_bytes())?;
            }
        } else if name.strip_prefix("No").is_some_and(|n| n.parse::<u32>().is_ok()) {
            is_list = true;
            let read = serde_json::from_str(value.get())
                .map_err(|error| format!("{name}: {error}"))
                .and_then(|row| reading(row).map_err(|reason| format!("{name}: {reason}")));
            document.accept(read, value.get().as_bytes())?;
        }
    }
    if is_list { Ok(document) } else { Err(refused("it has neither `No1` nor `shuju`".to_owned())) }
}

fn reading(row: Row) -> Result<Reading, String> {
    let status = match row.r#type.as_deref() {
        None | Some("automatic") => Status::Automatic,
        Some("reviewed") => Status::Reviewed,
        Some("deleted") => Status::Deleted,
        Some(other) => return Err(format!("its type is `{other}`, not automatic or reviewed")),
    };
    Reading {
        event_id: row.event_id.text(),
        agency: None,
        updated: optional_time(row.report_time.as_deref())?,
        status,
        origin_time: instant::beijing(&row.time)?,
        latitude: row.latitude.required("latitude")?,
        longitude: row.longitude.required("longitude")?,
        depth: optional(row.depth, "depth")?.map(metres),
        magnitude: magnitude(row.magnitude)?,
        place: row.place_name.filter(|place| !place.trim().is_empty()).or(row.location),
    }
    .checked()
}

fn old_reading(row: OldRow) -> Result<Reading, String> {
    let status = match row.auto_flag.as_deref() {
        None | Some("A" | "") => Status::Automatic,
        Some("M") => Status::Reviewed,
        Some(other) => return Err(format!("AUTO_FLAG is `{other}`, not A or M")),
    };
    Reading {
        event_id: row.id.text(),
        agency: None,
        updated: optional_time(row.saved.as_deref())?,
        status,
        origin_time: instant::beijing(&row.time)?,
        latitude: row.latitude.required("EPI_LAT")?,
        longitude: row.longitude.required("EPI_LON")?,
        depth: optional(row.depth, "EPI_DEPTH")?.map(metres),
        magnitude: magnitude(row.magnitude)?,
        place: row.location,
    }
    .checked()
}

/// The list gives a magnitude without saying which; the agency's unified magnitude is written M.
fn magnitude(given: Option<Scalar>) -> Result<Option<Magnitude>, String> {
    Ok(optional(given, "magnitude")?.map(|mag| Magnitude { mag, r#type: Some("M".to_owned()) }))
}

fn optional(given: Option<Scalar>, name: &str) -> Result<Option<f64>, String> {
    given.filter(|scalar| !scalar.is_blank()).map(|scalar| scalar.required(name)).transpose()
}

fn optional_time(given: Option<&str>) -> Result<Option<jiff::Timestamp>, String> {
    given.filter(|text| !text.trim().is_empty()).map(instant::beijing).transpose()
}

impl Scalar {
    fn text(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Number(number) => number.to_string(),
        }
    }

    fn is_blank(&self) -> bool {
        matches!(self, Self::Text(text) if text.trim().is_empty())
    }

    fn required(&self, name: &str) -> Result<f64, String> {
        let text = self.text();
        number(&text)
            .ok_or_else(|| format!("{name} `{}` is no number", text.chars().take(40).collect::<String>()))
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;

        impl<'de> Visitor<'de> for InOrder {
            type Value = Vec<(String, &'de RawValue)>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members: Vec<(String, &RawValue)> = Vec::new();
                let mut names = std::collections::HashSet::new();
                while let Some((name, value)) = map.next_entry::<String, &RawValue>()? {
                    if !names.insert(name.clone()) {
                        return Err(A::Error::custom(format_args!("the key `{name}` is given twice")));
                    }
                    members.push((name, value));
                }
                Ok(members)
            }
        }

        deserializer.deserialize_map(InOrder).map(Self)
    }
}

#[cfg(test)]
mod tests;
