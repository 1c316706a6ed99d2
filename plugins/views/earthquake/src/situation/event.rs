//! An earthquake as a catalogue states it.

use dongting_events::earthquake::{self, Earthquake, Magnitude, Status};
use dongting_sdk::views::{Message, Timestamp};

use crate::text::line;
use crate::{instant, region};

#[derive(Debug, Clone)]
pub struct Event {
    pub message: String,
    pub event_id: String,
    pub origin: Timestamp,
    /// When the agency made the statement.
    pub stated: Timestamp,
    pub received: Timestamp,
    pub latitude: f64,
    pub longitude: f64,
    pub depth_km: Option<f64>,
    pub magnitude: Option<Magnitude>,
    pub status: Status,
    pub agency: String,
    pub place: String,
    /// Whether the epicentre lies in the province.
    pub inside: bool,
}

impl Event {
    /// None for what is no earthquake of the data standard, or cannot be one.
    pub fn read(message: &Message) -> Option<Self> {
        let stated: Earthquake =
            (message.type_ == earthquake::TYPE).then(|| message.json().ok()).flatten()?;
        let origin = instant::parse(&stated.origin.time)?;
        let (latitude, longitude) = (stated.origin.latitude, stated.origin.longitude);
        let right = (-90.0..=90.0).contains(&latitude) && (-180.0..=180.0).contains(&longitude);
        right.then(|| Self {
            message: message.id.clone(),
            event_id: stated.event_id,
            origin,
            stated: message.time,
            received: message.received,
            latitude,
            longitude,
            depth_km: stated
                .origin
                .depth
                .filter(|metres| (-10_000.0..=1_000_000.0).contains(metres))
                .map(|metres| metres / 1000.0),
            magnitude: stated.magnitude.filter(is_magnitude),
            status: stated.status,
            agency: line(&stated.agency),
            place: line(stated.place.as_deref().unwrap_or_default()),
            inside: message.region != region::OUTSIDE,
        })
    }
}

pub fn is_magnitude(magnitude: &Magnitude) -> bool {
    (-5.0..=10.5).contains(&magnitude.mag)
}
