//! Whether simplified boundaries may be drawn: all regions there, nothing collapsed, areas kept, neighbours with one border
//! between them.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, bail, ensure};

use crate::setup::boundaries::topology::{Collection, Point, Topology, arc_index};

const EARTH_RADIUS_KM: f64 = 6371.0088;
/// Share by which all counties together, and each alone, may have grown or shrunk.
const TOTAL_CHANGE: f64 = 0.01;
const COUNTY_CHANGE: f64 = 0.05;
/// Cities are made of counties; what differs is rounding.
const LEVEL_CHANGE: f64 = 0.001;

/// A region before it was simplified.
#[derive(Debug)]
pub struct Expected {
    pub code: String,
    /// In square kilometres.
    pub area: f64,
}

pub fn all(topology: &Topology, cities: &[Expected], counties: &[Expected]) -> Result<()> {
    let city_areas = areas(topology, "cities", cities)?;
    let county_areas = areas(topology, "counties", counties)?;
    for expected in counties {
        let area = county_areas.get(&expected.code).copied().unwrap_or_default();
        ensure!(
            share_changed(area, expected.area) <= COUNTY_CHANGE,
            "county {} had {:.1} km² and now has {area:.1}",
            expected.code,
            expected.area
        );
    }
    let before: f64 = counties.iter().map(|county| county.area).sum();
    let by_county: f64 = county_areas.values().sum();
    let by_city: f64 = city_areas.values().sum();
    ensure!(
        share_changed(by_county, before) <= TOTAL_CHANGE,
        "all counties had {before:.0} km² and now have {by_county:.0}"
    );
    ensure!(
        share_changed(by_city, by_county) <= LEVEL_CHANGE,
        "the cities have {by_city:.0} km² and the counties {by_county:.0}"
    );
    shared_borders(topology)?;
    no_crossings(topology)
}

/// The area of polygons in degrees, in square kilometres: each one's first ring less its holes.
pub fn area(polygons: &[Vec<Vec<[f64; 2]>>]) -> f64 {
    let polygon = |rings: &Vec<Vec<[f64; 2]>>| {
        let mut areas = rings.iter().map(|ring| ring_area(ring));
        let outer = areas.next().unwrap_or_default();
        outer - areas.sum::<f64>()
    };
    polygons.iter().map(polygon).sum()
}

fn ring_area(ring: &[[f64; 2]]) -> f64 {
    let strips = ring.windows(2).map(|pair| match pair {
        [[x1, y1], [x2, y2]] => {
            (x2 - x1).to_radians() * (2.0 + y1.to_radians().sin() + y2.to_radians().sin())
        }
        _ => 0.0,
    });
    (strips.sum::<f64>() * EARTH_RADIUS_KM * EARTH_RADIUS_KM / 2.0).abs()
}

fn share_changed(now: f64, before: f64) -> f64 {
    if before > 0.0 { (now / before - 1.0).abs() } else { f64::INFINITY }
}

/// Each region's area by its code. Exactly those expected must be there.
fn areas(topology: &Topology, level: &str, expected: &[Expected]) -> Result<BTreeMap<String, f64>> {
    let mut areas = BTreeMap::new();
    for geometry in &object(topology, level)?.geometries {
        let code = &geometry.properties.code;
        let mut polygons = Vec::new();
        for polygon in geometry.shape.polygons() {
            let rings = polygon.iter().map(|ring| topology.ring(ring)).collect::<Result<Vec<_>>>();
            let rings = rings.with_context(|| format!("the boundary of {code} is damaged"))?;
            let place = |ring: Vec<Point>| ring.into_iter().map(|point| topology.place(point)).collect();
            polygons.push(rings.into_iter().map(place).collect());
        }
        let area = area(&polygons);
        ensure!(area > 0.0, "the boundary of {code} is empty");
        ensure!(areas.insert(code.clone(), area).is_none(), "{code} is there twice");
    }
    let wanted: BTreeSet<&String> = expected.iter().map(|region| &region.code).collect();
    let found: BTreeSet<&String> = areas.keys().collect();
    ensure!(
        wanted == found,
        "of the {level}, {:?} are missing and {:?} are unknown",
        wanted.difference(&found).collect::<Vec<_>>(),
        found.difference(&wanted).collect::<Vec<_>>()
    );
    Ok(areas)
}

fn object<'a>(topology: &'a Topology, level: &str) -> Result<&'a Collection> {
    topology.objects.get(level).with_context(|| format!("there is no object {level}"))
}

/// A border between two regions is one arc that both use; no third one uses it, and cities have no borders of their own.
fn shared_borders(topology: &Topology) -> Result<()> {
    let counties = uses(topology, "counties")?;
    let cities = uses(topology, "cities")?;
    for (level, uses) in [("counties", &counties), ("cities", &cities)] {
        if let Some((arc, count)) = uses.iter().find(|(_, count)| **count > 2) {
            bail!("{count} {level} use arc {arc}: they overlap");
        }
    }
    if let Some(arc) = cities.keys().find(|arc| !counties.contains_key(arc)) {
        bail!("arc {arc} bounds a city but no county: the two levels do not fit");
    }
    ensure!(counties.values().any(|count| *count == 2), "no two counties share a border");
    Ok(())
}

/// How many rings use each arc.
fn uses(topology: &Topology, level: &str) -> Result<BTreeMap<usize, usize>> {
    let mut uses = BTreeMap::new();
    for geometry in &object(topology, level)?.geometries {
        for reference in geometry.shape.polygons().into_iter().flatten().flatten() {
            *uses.entry(arc_index(*reference)?).or_default() += 1;
        }
    }
    Ok(uses)
}

/// Arcs that cross would make neighbours overlap. Segments are compared only with those in the same cells of a coarse grid.
fn no_crossings(topology: &Topology) -> Result<()> {
    const CELL: i64 = 500;
    let mut segments: Vec<[Point; 2]> = Vec::new();
    for index in 0..topology.arcs.len() {
        let points = topology.arc(index)?;
        segments.extend(points.windows(2).filter_map(|pair| pair.first_chunk::<2>().copied()));
    }
    let mut cells: BTreeMap<Point, Vec<[Point; 2]>> = BTreeMap::new();
    for segment @ [[x1, y1], [x2, y2]] in segments {
        for column in x1.min(x2).div_euclid(CELL)..=x1.max(x2).div_euclid(CELL) {
            for row in y1.min(y2).div_euclid(CELL)..=y1.max(y2).div_euclid(CELL) {
                let cell = cells.entry([column, row]).or_default();
                if let Some(crossed) = cell.iter().find(|other| cross(**other, segment)) {
                    let [longitude, latitude] = topology.place(crossed[0]);
                    bail!("two borders cross near {longitude:.4}, {latitude:.4}; simplify less");
                }
                cell.push(segment);
            }
        }
    }
    Ok(())
}

/// Whether two segments have a point in common that is an end of neither.
fn cross([a, b]: [Point; 2], [c, d]: [Point; 2]) -> bool {
    let side = |p: Point, q: Point, r: Point| {
        ((q[0] - p[0]) * (r[1] - p[1]) - (q[1] - p[1]) * (r[0] - p[0])).signum()
    };
    side(a, b, c) * side(a, b, d) < 0 && side(c, d, a) * side(c, d, b) < 0
}

#[cfg(test)]
mod tests;
