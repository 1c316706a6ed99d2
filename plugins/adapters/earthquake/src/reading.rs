//! One catalogue's statement about one earthquake, as read, and the canonical statement made of it.
//!
//! Identity. The key is the catalogue's event id. FDSN text and USGS feeds give the bare id, QuakeML wraps it in a resource
//! identifier; [`event_id`] unwraps it, so that one event keeps one key whichever format it came in.
//!
//! Revision. Of two statements with one key the one with the later `time` holds, and `time` is `updated`: when the agency made the
//! statement. That makes the order and the number of deliveries irrelevant. Where a document does not say when it was made,
//! a poll stamps what is new or changed with the poll's instant ([`crate::fetch`]: later polls see later states), and a pushed document
//! counts as made at the origin time plus one second for reviewed and two for deleted, so that the same document always makes the
//! same statement and a reviewed solution always beats the automatic one.

use dongting_events::Earthquake;
use dongting_events::earthquake::{Magnitude, Origin, Status};
use jiff::{SignedDuration, Timestamp};

use crate::locate;

/// What a bus message can carry as a key.
const MAX_ID_BYTES: usize = 256;
const MAX_PLACE_CHARS: usize = 200;
const MAX_NAME_CHARS: usize = 64;
/// The deepest earthquakes lie at some 700 km; a mountain's summit is above sea level.
const DEPTH_METRES: std::ops::RangeInclusive<f64> = -10_000.0..=1_000_000.0;
const MAGNITUDE: std::ops::RangeInclusive<f64> = -5.0..=10.5;

#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    pub event_id: String,
    pub agency: Option<String>,
    /// None where the document does not say.
    pub updated: Option<Timestamp>,
    pub status: Status,
    pub origin_time: Timestamp,
    pub latitude: f64,
    pub longitude: f64,
    /// Metres.
    pub depth: Option<f64>,
    pub magnitude: Option<Magnitude>,
    pub place: Option<String>,
}

/// What the glue makes a draft of: the observation in the words of the contract.
#[derive(Debug, Clone, PartialEq)]
pub struct Statement {
    pub key: String,
    /// Microseconds since 1970.
    pub time: i64,
    pub region: &'static str,
    pub earthquake: Earthquake,
}

impl Reading {
    /// Refuses what cannot be an earthquake, and brings text to one form. Every parser ends here.
    pub fn checked(mut self) -> Result<Self, String> {
        let id = event_id(&self.event_id)?;
        let outside = |what: &str, value: f64, limits: &str| {
            Err(format!("event {id}: {what} {value} is not within {limits}"))
        };
        if !(-90.0..=90.0).contains(&self.latitude) {
            return outside("latitude", self.latitude, "-90 to 90");
        }
        if !(-180.0..=180.0).contains(&self.longitude) {
            return outside("longitude", self.longitude, "-180 to 180");
        }
        if let Some(depth) = self.depth.filter(|depth| !DEPTH_METRES.contains(depth)) {
            return outside("depth", depth, "-10000 to 1000000 metres");
        }
        if let Some(magnitude) = self.magnitude.as_ref().filter(|m| !MAGNITUDE.contains(&m.mag)) {
            return outside("magnitude", magnitude.mag, "-5 to 10.5");
        }
        self.event_id = id;
        self.agency = agency_name(self.agency);
        self.place = clean(self.place, MAX_PLACE_CHARS);
        self.magnitude = self
            .magnitude
            .map(|Magnitude { mag, r#type }| Magnitude { mag, r#type: clean(r#type, MAX_NAME_CHARS) });
        Ok(self)
    }

    /// When the statement counts as made; see the module's rule.
    #[must_use]
    pub fn held_from(&self) -> Timestamp {
        let rank = match self.status {
            Status::Automatic => 0,
            Status::Reviewed => 1,
            Status::Deleted => 2,
        };
        self.updated.unwrap_or_else(|| {
            self.origin_time.saturating_add(SignedDuration::from_secs(rank)).unwrap_or(self.origin_time)
        })
    }

    /// `agency` names who speaks where the document does not; `county` finds the county of a longitude and latitude.
    pub fn statement(&self, agency: &str, county: impl Fn(f64, f64) -> Option<String>) -> Statement {
        let updated = self.held_from();
        Statement {
            key: self.event_id.clone(),
            time: updated.as_microsecond(),
            region: locate::region(self, county),
            earthquake: Earthquake {
                event_id: self.event_id.clone(),
                agency: self.agency.clone().unwrap_or_else(|| agency.to_owned()),
                updated: updated.to_string(),
                status: self.status,
                origin: Origin {
                    time: self.origin_time.to_string(),
                    latitude: self.latitude,
                    longitude: self.longitude,
                    depth: self.depth,
                },
                magnitude: self.magnitude.clone(),
                place: self.place.clone(),
            },
        }
    }
}

/// The catalogue's bare event id: of a QuakeML resource identifier the value of its `eventid=` parameter
/// (`smi:service.iris.edu/fdsnws/event/1/query?eventid=3279407` is `3279407`), else what follows its last slash
/// (`smi:ch.ethz.sed/event/historical/1165` is `1165`); anything else as it stands.
pub fn event_id(text: &str) -> Result<String, String> {
    let text = text.trim();
    let bare = match text.strip_prefix("smi:").or_else(|| text.strip_prefix("quakeml:")) {
        Some(resource) => parameter(resource).unwrap_or_else(|| {
            let resource = resource.trim_end_matches('/');
            resource.rsplit_once('/').map_or(resource, |(_, last)| last)
        }),
        None => text,
    };
    let shown = || bare.chars().take(60).collect::<String>();
    if bare.is_empty() {
        return Err("the event has no id".to_owned());
    }
    if bare.len() > MAX_ID_BYTES || bare.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return Err(format!("`{}` is no event id: at most {MAX_ID_BYTES} bytes, no spaces", shown()));
    }
    Ok(bare.to_owned())
}

/// Kilometres, as most feeds give depths, in metres. Rounded to the millimetre: 14.32 km must not be 14320.000000000002 m
/// here and 14320 m where the same catalogue speaks QuakeML.
#[must_use]
pub fn metres(kilometres: f64) -> f64 {
    (kilometres * 1_000_000.0).round() / 1000.0
}

/// A finite number; Rust's own parser would also take `nan` and `inf`.
pub fn number(text: &str) -> Option<f64> {
    text.trim().parse::<f64>().ok().filter(|value| value.is_finite())
}

fn parameter(resource: &str) -> Option<&str> {
    let (_, query) = resource.split_once('?')?;
    query
        .split(['&', ';'])
        .filter_map(|pair| pair.split_once('='))
        .find(|(name, value)| name.eq_ignore_ascii_case("eventid") && !value.is_empty())
        .map(|(_, value)| value)
}

/// An agency's name in the form that [`Reading::checked`] gives it.
pub fn agency_name(text: Option<String>) -> Option<String> {
    clean(text, MAX_NAME_CHARS)
}

/// One line without control characters; none where nothing is left.
fn clean(text: Option<String>, max_chars: usize) -> Option<String> {
    let text = text?;
    let words: Vec<&str> =
        text.split(|c: char| c.is_control() || c.is_whitespace()).filter(|word| !word.is_empty()).collect();
    let line: String = words.join(" ").chars().take(max_chars).collect();
    (!line.is_empty()).then_some(line)
}

#[cfg(test)]
pub(crate) mod tests;
