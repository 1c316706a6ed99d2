//! Equal-area arithmetic: the ellipsoid is mapped to its authalic sphere (same area everywhere), and the sphere to
//! a plane around a point by Lambert's azimuthal equal-area projection. Snyder, Map Projections: A Working Manual
//! (USGS Professional Paper 1395), equations 3-11 to 3-18 and 24-2 to 24-16.

use super::{Offset, Position};

/// CGCS2000, in kilometres (GB 22021-2008).
const SEMI_MAJOR: f64 = 6378.137;
const FLATTENING: f64 = 1.0 / 298.257_222_101;
const E2: f64 = FLATTENING * (2.0 - FLATTENING);

/// A plane that touches the authalic sphere at its centre. True in area everywhere; in distance from the centre
/// to within 0.3 % up to 500 km, where the ellipsoid's own shape is the larger part of the error.
#[derive(Debug, Clone, PartialEq)]
pub struct Plane {
    longitude: f64,
    sin: f64,
    cos: f64,
    radius: f64,
}

/// The area that a ring encloses, without sign. Its edges are straight in longitude and the sine of authalic
/// latitude, which for the short edges of a boundary is as good as any other reading of "straight".
#[must_use]
pub fn area_km2(ring: &[Position]) -> f64 {
    let doubled: f64 = ring
        .windows(2)
        .map(|edge| match edge {
            [[west, from], [east, to]] => {
                (east - west).to_radians() * (sin_authalic(*from) + sin_authalic(*to))
            }
            _ => 0.0,
        })
        .sum();
    let radius = authalic_radius();
    (doubled / 2.0).abs() * radius * radius
}

impl Plane {
    #[must_use]
    pub fn around([longitude, latitude]: Position) -> Self {
        let sin = sin_authalic(latitude);
        Self { longitude, sin, cos: (1.0 - sin * sin).max(0.0).sqrt(), radius: authalic_radius() }
    }

    /// None for what is more than a quarter of the Earth's circumference away: there the projection tears, and an edge
    /// between two points near the antipode would run through the centre.
    #[must_use]
    pub fn project(&self, [longitude, latitude]: Position) -> Option<Offset> {
        let sin = sin_authalic(latitude);
        let cos = (1.0 - sin * sin).max(0.0).sqrt();
        let (sin_east, cos_east) = (longitude - self.longitude).to_radians().sin_cos();
        let nearness = self.sin * sin + self.cos * cos * cos_east;
        if nearness < 0.0 {
            return None;
        }
        let scale = self.radius * (2.0 / (1.0 + nearness)).sqrt();
        Some([scale * cos * sin_east, scale * (self.cos * sin - self.sin * cos * cos_east)])
    }

    /// The offset of what lies `distance_km` from the centre in a direction, degrees clockwise from north.
    #[must_use]
    pub fn offset(&self, azimuth: f64, distance_km: f64) -> Offset {
        let length = 2.0 * self.radius * (distance_km / (2.0 * self.radius)).sin();
        let (east, north) = azimuth.to_radians().sin_cos();
        [length * east, length * north]
    }

    /// Where an offset is on the Earth. The longitude is not wrapped: around a centre near 180° it may pass it, so
    /// that a ring stays in one piece.
    #[must_use]
    pub fn unproject(&self, [east, north]: Offset) -> Position {
        let length = east.hypot(north);
        let (sin, cos) = (2.0 * (length / (2.0 * self.radius)).clamp(-1.0, 1.0).asin()).sin_cos();
        // sin(c)/length tends to 1/radius at the centre, where both are nothing.
        let ratio = if length > 0.0 { sin / length } else { 1.0 / self.radius };
        let latitude = (cos * self.sin + north * ratio * self.cos).clamp(-1.0, 1.0).asin();
        let longitude = (east * ratio).atan2(self.cos * cos - north * self.sin * ratio);
        [self.longitude + longitude.to_degrees(), geographic(latitude)]
    }
}

/// Snyder 3-12, for a unit ellipsoid.
fn authalic_q(sin: f64) -> f64 {
    let e = E2.sqrt();
    (1.0 - E2) * (sin / (1.0 - E2 * sin * sin) - ((1.0 - e * sin) / (1.0 + e * sin)).ln() / (2.0 * e))
}

fn authalic_radius() -> f64 {
    SEMI_MAJOR * (authalic_q(1.0) / 2.0).sqrt()
}

/// Sine of the authalic latitude of a geographic one in degrees (3-11).
fn sin_authalic(latitude: f64) -> f64 {
    authalic_q(latitude.to_radians().sin()) / authalic_q(1.0)
}

/// The geographic latitude in degrees of an authalic one in radians: the series 3-18, good to 2e-8 degrees, 2 mm.
fn geographic(authalic: f64) -> f64 {
    let (e4, e6) = (E2 * E2, E2 * E2 * E2);
    let two = (E2 / 3.0 + 31.0 * e4 / 180.0 + 517.0 * e6 / 5040.0) * (2.0 * authalic).sin();
    let four = (23.0 * e4 / 360.0 + 251.0 * e6 / 3780.0) * (4.0 * authalic).sin();
    let six = 761.0 * e6 / 45_360.0 * (6.0 * authalic).sin();
    (authalic + two + four + six).to_degrees()
}
