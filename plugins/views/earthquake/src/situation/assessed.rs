//! An earthquake as a model judged it.

use dongting_events::earthquake::{Magnitude, Status};
use dongting_events::impact::{self, County, Impact, Isoseismal};
use dongting_sdk::views::{Message, Timestamp};

use super::event::is_magnitude;
use crate::instant;
use crate::text::line;

#[derive(Debug, Clone)]
pub struct Assessed {
    pub message: String,
    pub event_id: String,
    pub origin: Timestamp,
    pub magnitude: Option<Magnitude>,
    pub place: String,
    /// There was no such earthquake.
    pub withdrawn: bool,
    /// Strongest first.
    pub isoseismals: Vec<Isoseismal>,
    /// Strongest first.
    pub counties: Vec<County>,
}

impl Assessed {
    /// None for what is no assessment of the data standard.
    pub fn read(message: &Message) -> Option<Self> {
        let mut impact: Impact = (message.type_ == impact::TYPE).then(|| message.json().ok()).flatten()?;
        impact.counties.retain(|county| is_degree(county.intensity));
        for county in &mut impact.counties {
            county.shares.retain(|share| is_degree(share.intensity) && (0.0..=1.0).contains(&share.area));
        }
        impact.isoseismals.retain(|line| is_degree(line.intensity) && is_polygon(&line.polygon));
        Some(Self {
            message: message.id.clone(),
            event_id: impact.event_id,
            origin: instant::parse(&impact.origin.time)?,
            magnitude: impact.magnitude.filter(is_magnitude),
            place: line(impact.place.as_deref().unwrap_or_default()),
            withdrawn: impact.status == Status::Deleted,
            isoseismals: impact.isoseismals,
            counties: impact.counties,
        })
    }

    /// What part of the county lies in its highest degree.
    #[must_use]
    pub fn share(county: &County) -> Option<f64> {
        let highest = county.shares.iter().find(|share| share.intensity == county.intensity);
        highest.map(|share| share.area)
    }
}

fn is_degree(degree: u8) -> bool {
    (1..=12).contains(&degree)
}

/// RFC 7946: rings of at least four positions, longitude before latitude.
fn is_polygon(rings: &[Vec<[f64; 2]>]) -> bool {
    let is_place = |[longitude, latitude]: &[f64; 2]| longitude.abs() <= 180.0 && latitude.abs() <= 90.0;
    !rings.is_empty() && rings.iter().all(|ring| ring.len() >= 4 && ring.iter().all(is_place))
}
