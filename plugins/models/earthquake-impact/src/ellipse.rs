//! The line inside which the intensity is at least a degree: an ellipse, whose semi-axes are the distances at which
//! the intensity along each axis has fallen to the degree's lower bound.

use dongting_sdk::geo::{Convex, Offset, Plane, Position, Ring};

use crate::attenuation::{Along, Coefficients};
use crate::intensity::{self, Combine};

/// An inscribed polygon of 180 corners has 0.02 % less area than the ellipse.
const CORNERS: u32 = 180;
/// Smaller ones say more than an epicentre, good to some kilometres, can bear.
const SMALLEST_KM: f64 = 0.5;
const LARGEST_KM: f64 = 5_000.0;

#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ellipse {
    pub intensity: u8,
    pub semi_major_km: f64,
    pub semi_minor_km: f64,
}

#[must_use]
pub fn intensity_at(
    coefficients: &Coefficients,
    combine: Combine,
    along: Along,
    ms: f64,
    distance_km: f64,
) -> f64 {
    let metres = |motion: f64| motion / 100.0;
    let by_acceleration =
        intensity::from_acceleration(metres(coefficients.pga.along(along).motion(ms, distance_km)));
    let by_velocity = coefficients
        .pgv
        .map(|pgv| intensity::from_velocity(metres(pgv.along(along).motion(ms, distance_km))));
    intensity::combined(by_acceleration, by_velocity, combine)
}

/// How far along an axis a degree is reached.
#[must_use]
pub fn reach_km(
    coefficients: &Coefficients,
    combine: Combine,
    along: Along,
    ms: f64,
    degree: u8,
) -> Option<f64> {
    let bound = intensity::lower_bound(degree);
    let mean = falls_to(bound, |distance| intensity_at(coefficients, Combine::Mean, along, ms, distance));
    let Some(pgv) = coefficients.pgv.filter(|_| combine == Combine::Velocity) else { return mean };
    let centimetres = |motion: f64| motion * 100.0;
    let to = |bound| pgv.along(along).distance(ms, centimetres(intensity::to_velocity(bound)));
    let strong = to(intensity::STRONG).and_then(|by_velocity| {
        let motion = centimetres(intensity::to_acceleration(intensity::STRONG));
        coefficients
            .pga
            .along(along)
            .distance(ms, motion)
            .map(|by_acceleration| by_velocity.min(by_acceleration))
    });
    // Outside `strong` the mean holds and inside it the velocity.
    match (mean, strong) {
        (Some(mean), Some(strong)) if mean < strong => to(bound).map(|distance| distance.min(strong)),
        (None, Some(strong)) => to(bound).map(|distance| distance.min(strong)),
        (mean, _) => mean,
    }
}

/// The ellipses from the strongest degree reached down to `weakest`.
#[must_use]
pub fn ellipses(coefficients: &Coefficients, combine: Combine, ms: f64, weakest: u8) -> Vec<Ellipse> {
    (weakest.max(1)..=12)
        .rev()
        .filter_map(|degree| {
            let major = reach_km(coefficients, combine, Along::Major, ms, degree)?;
            let minor = reach_km(coefficients, combine, Along::Minor, ms, degree)?;
            // Above Ms 7 the two relations cross, far out and close in, where no records were. Shaking that reaches farther across
            // the fault than along it has no reading: a circle stands in.
            let minor = minor.min(major);
            (minor >= SMALLEST_KM).then_some(Ellipse {
                intensity: degree,
                semi_major_km: major,
                semi_minor_km: minor,
            })
        })
        .collect()
}

impl Ellipse {
    /// Counter-clockwise around the plane's centre, the major axis `azimuth` degrees clockwise from north.
    #[must_use]
    pub fn corners(&self, plane: &Plane, azimuth: f64) -> Vec<Offset> {
        (0..CORNERS)
            .map(|corner| {
                let (sin, cos) = (f64::from(corner) * std::f64::consts::TAU / f64::from(CORNERS)).sin_cos();
                let (along, across) = (self.semi_major_km * cos, self.semi_minor_km * sin);
                plane.offset(azimuth - across.atan2(along).to_degrees(), along.hypot(across))
            })
            .collect()
    }

    #[must_use]
    pub fn area(&self, plane: &Plane, azimuth: f64) -> Option<Convex> {
        Convex::new(self.corners(plane, azimuth))
    }

    /// A GeoJSON linear ring (RFC 7946, 3.1.6): closed, counter-clockwise, to 0.0001°, some 10 m.
    #[must_use]
    pub fn ring(&self, plane: &Plane, azimuth: f64) -> Ring {
        let rounded = |degrees: f64| (degrees * 1e4).round() / 1e4;
        let mut ring: Vec<Position> = self
            .corners(plane, azimuth)
            .into_iter()
            .map(|corner| plane.unproject(corner).map(rounded))
            .collect();
        ring.dedup();
        ring.extend(ring.first().copied());
        ring
    }
}

fn falls_to(bound: f64, intensity: impl Fn(f64) -> f64) -> Option<f64> {
    if intensity(0.0) < bound {
        return None;
    }
    let mut outside = 1.0;
    while intensity(outside) >= bound {
        if outside >= LARGEST_KM {
            return Some(LARGEST_KM);
        }
        outside *= 2.0;
    }
    let mut inside = 0.0;
    // From at most 8,192 km to far below a metre.
    for _ in 0..40 {
        let middle = f64::midpoint(inside, outside);
        if intensity(middle) >= bound {
            inside = middle;
        } else {
            outside = middle;
        }
    }
    Some(inside)
}

#[cfg(test)]
mod tests;
