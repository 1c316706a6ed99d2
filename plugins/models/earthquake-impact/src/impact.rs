//! From one statement about an earthquake to where it was how strong, and what share of which county that is.

use dongting_events::earthquake::{Earthquake, Magnitude, Status};
use dongting_events::impact::{County, Impact, Isoseismal, Model, Share};
use dongting_sdk::geo::{Boundaries, Boundary, Convex, Plane};

use crate::digest;
use crate::ellipse::{self, Ellipse};
use crate::settings::Settings;

/// The relations are used no further than this: above it they would be extrapolated.
pub const MAX_MAGNITUDE: f64 = 8.5;

/// What no seismologist would state, so that nothing can be made of it. The sentence says what it is.
pub fn check(statement: &Earthquake) -> Result<(), String> {
    let origin = &statement.origin;
    let within = |name: &str, value: f64, least: f64, most: f64| {
        if (least..=most).contains(&value) {
            Ok(())
        } else {
            Err(format!("{name} {value} of event `{}` is not between {least} and {most}", statement.event_id))
        }
    };
    if statement.event_id.is_empty() {
        return Err("the event has no id".into());
    }
    within("latitude", origin.latitude, -90.0, 90.0)?;
    within("longitude", origin.longitude, -180.0, 180.0)?;
    if let Some(depth) = origin.depth {
        // Above sea level on a mountain; the deepest known was 736 km.
        within("depth in metres", depth, -10_000.0, 1_000_000.0)?;
    }
    if let Some(magnitude) = &statement.magnitude {
        within("magnitude", magnitude.mag, -5.0, 10.0)?;
    }
    Ok(())
}

/// Whether the magnitude is used as surface-wave magnitude though the agency does not call it that. `M` of a Chinese catalogue is
/// Ms wherever Ms could be measured (GB 17740-2017); of Mw, mb and ML it is an assumption, and stated with the result.
#[must_use]
pub fn is_assumed(magnitude: &Magnitude) -> bool {
    let name = magnitude.r#type.as_deref().unwrap_or("M").to_ascii_lowercase();
    !(name == "m" || name.starts_with("ms"))
}

/// The statement must have passed `check`.
#[must_use]
pub fn assess(settings: &Settings, boundaries: &Boundaries, statement: &Earthquake) -> Impact {
    let plane = Plane::around([statement.origin.longitude, statement.origin.latitude]);
    let ellipses = strength(settings, statement)
        .map(|ms| ellipse::ellipses(&settings.coefficients, settings.combine, ms, settings.min_intensity))
        .unwrap_or_default();
    Impact {
        event_id: statement.event_id.clone(),
        updated: statement.updated.clone(),
        status: statement.status,
        origin: statement.origin.clone(),
        magnitude: statement.magnitude.clone(),
        place: statement.place.clone(),
        model: model(settings, statement),
        isoseismals: ellipses.iter().map(|ellipse| isoseismal(ellipse, &plane, settings.azimuth)).collect(),
        counties: counties(&ellipses, &plane, settings.azimuth, boundaries),
    }
}

/// The magnitude to reckon with; none for what leaves no trace.
fn strength(settings: &Settings, statement: &Earthquake) -> Option<f64> {
    let magnitude = statement.magnitude.as_ref().filter(|_| statement.status != Status::Deleted)?;
    let shallow = statement.origin.depth.is_none_or(|metres| metres <= settings.max_depth_km * 1000.0);
    (shallow && magnitude.mag >= settings.min_magnitude).then_some(magnitude.mag.min(MAX_MAGNITUDE))
}

fn model(settings: &Settings, statement: &Earthquake) -> Model {
    let motions = if settings.coefficients.pgv.is_some() { "pga-pgv" } else { "pga" };
    let certain = statement.status == Status::Reviewed
        && statement.origin.depth.is_some_and(|metres| metres <= settings.max_depth_km * 1000.0)
        && statement.magnitude.as_ref().is_some_and(|magnitude| magnitude.mag <= MAX_MAGNITUDE);
    Model {
        id: format!("yu2013-{motions}/gbt17742-2020-{}", settings.combine.as_str()),
        version: env!("CARGO_PKG_VERSION").into(),
        zone: settings.zone.as_str().into(),
        coefficients: digest::of_json(&settings.coefficients),
        azimuth: settings.azimuth,
        confidence: if certain { "high" } else { "low" }.into(),
    }
}

fn isoseismal(ellipse: &Ellipse, plane: &Plane, azimuth: f64) -> Isoseismal {
    Isoseismal {
        intensity: ellipse.intensity,
        semi_major_km: rounded(ellipse.semi_major_km, 1e2),
        semi_minor_km: rounded(ellipse.semi_minor_km, 1e2),
        polygon: vec![ellipse.ring(plane, azimuth)],
    }
}

fn counties(ellipses: &[Ellipse], plane: &Plane, azimuth: f64, boundaries: &Boundaries) -> Vec<County> {
    // From the weakest, which holds all others: a county outside it needs no second look.
    let areas: Vec<(u8, Convex)> = ellipses
        .iter()
        .rev()
        .filter_map(|ellipse| Some((ellipse.intensity, ellipse.area(plane, azimuth)?)))
        .collect();
    if areas.is_empty() {
        return Vec::new();
    }
    let mut counties: Vec<County> =
        boundaries.regions.iter().filter_map(|region| county(region, plane, &areas)).collect();
    counties.sort_by(|a, b| {
        let strongest = |county: &County| county.shares.first().map_or(0.0, |share| share.area);
        b.intensity
            .cmp(&a.intensity)
            .then(strongest(b).total_cmp(&strongest(a)))
            .then_with(|| a.region.cmp(&b.region))
    });
    counties
}

fn county(region: &Boundary, plane: &Plane, areas: &[(u8, Convex)]) -> Option<County> {
    let projected = region.project(plane)?;
    // The share inside each degree's line, weakest first, until there is none. Millionths, so that bands add up exactly and
    // no machine's last bit shows.
    let within: Vec<(u8, f64)> = areas
        .iter()
        .map(|(intensity, area)| (*intensity, (projected.share_inside(area) * 1e6).round()))
        .take_while(|(_, share)| *share > 0.0)
        .collect();
    let stronger = within.iter().skip(1).map(|(_, share)| *share).chain([0.0]);
    let mut shares: Vec<Share> = within
        .iter()
        .zip(stronger)
        .map(|((intensity, share), stronger)| Share {
            intensity: *intensity,
            area: (share - stronger).max(0.0) / 1e6,
        })
        .filter(|share| share.area > 0.0)
        .collect();
    shares.reverse();
    let intensity = shares.first()?.intensity;
    Some(County { region: region.code.clone(), intensity, shares })
}

fn rounded(value: f64, per_unit: f64) -> f64 {
    (value * per_unit).round() / per_unit
}

#[cfg(test)]
mod tests;
