//! GeoJSON geometry (RFC 7946): longitude before latitude, degrees, CGCS2000 (WGS 84 for every purpose here).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::check::{Checked, count, each, range};

/// `[longitude, latitude]` in degrees.
pub type Position = [f64; 2];

/// First and last position are the same (RFC 7946, 3.1.6).
pub type Ring = Vec<Position>;

/// Positions of one geometry: more than this is no shape but a survey.
const MAX_POSITIONS: usize = 20_000;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", content = "coordinates")]
pub enum Geometry {
    Point(Position),
    LineString(#[schemars(length(min = 2))] Vec<Position>),
    /// The outer ring first, then its holes.
    Polygon(#[schemars(length(min = 1))] Vec<Ring>),
    MultiPolygon(#[schemars(length(min = 1))] Vec<Vec<Ring>>),
}

impl Geometry {
    pub(crate) fn check(&self, name: &str) -> Checked {
        match self {
            Self::Point(point) => position(name, point),
            Self::LineString(line) => {
                count(name, line.len(), 2..=MAX_POSITIONS)?;
                each(name, line, |point| position("position", point))
            }
            Self::Polygon(rings) => polygon(name, rings),
            Self::MultiPolygon(polygons) => {
                count(name, polygons.len(), 1..=MAX_POSITIONS)?;
                let all: usize = polygons.iter().flatten().map(Vec::len).sum();
                count(name, all, 4..=MAX_POSITIONS)?;
                each(name, polygons, |rings| polygon("polygon", rings))
            }
        }
    }
}

pub(crate) fn polygon(name: &str, rings: &[Ring]) -> Checked {
    count(name, rings.len(), 1..=MAX_POSITIONS)?;
    each(name, rings, |ring| {
        count("ring", ring.len(), 4..=MAX_POSITIONS)?;
        if ring.first() != ring.last() {
            return Err("a ring ends where it begins".to_owned());
        }
        each("ring", ring, |point| position("position", point))
    })
}

pub(crate) fn position(name: &str, [longitude, latitude]: &Position) -> Checked {
    range(&format!("{name}, its longitude"), *longitude, -180.0..=180.0)?;
    range(&format!("{name}, its latitude (the second number)"), *latitude, -90.0..=90.0)
}
