//! As much of TopoJSON as the boundaries use: quantized, delta-encoded arcs and collections of polygons.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail};
use serde::Deserialize;

/// A place on the topology's grid.
pub type Point = [i64; 2];

#[derive(Clone, Debug, Deserialize)]
pub struct Topology {
    pub transform: Transform,
    pub objects: BTreeMap<String, Collection>,
    /// Each as its first point, then steps.
    pub arcs: Vec<Vec<Point>>,
}

#[derive(Clone, Debug, Deserialize)]
pub struct Transform {
    pub scale: [f64; 2],
    pub translate: [f64; 2],
}

#[derive(Clone, Debug, Deserialize)]
pub struct Collection {
    pub geometries: Vec<Geometry>,
}

#[derive(Clone, Debug, Deserialize)]
pub struct Geometry {
    pub properties: Properties,
    #[serde(flatten)]
    pub shape: Shape,
}

#[derive(Clone, Debug, Deserialize)]
pub struct Properties {
    pub code: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "type", content = "arcs")]
pub enum Shape {
    Polygon(Vec<Vec<i64>>),
    MultiPolygon(Vec<Vec<Vec<i64>>>),
}

impl Topology {
    /// An arc's points on the grid, steps added up.
    pub fn arc(&self, index: usize) -> Result<Vec<Point>> {
        let steps = self.arcs.get(index).with_context(|| format!("there is no arc {index}"))?;
        let mut at = [0, 0];
        Ok(steps
            .iter()
            .map(|[x, y]| {
                at = [at[0] + x, at[1] + y];
                at
            })
            .collect())
    }

    /// A ring's points; arcs that do not join end to end, or do not close, are an error.
    pub fn ring(&self, arcs: &[i64]) -> Result<Vec<Point>> {
        let mut ring: Vec<Point> = Vec::new();
        for &reference in arcs {
            let mut points = self.arc(arc_index(reference)?)?;
            if reference < 0 {
                points.reverse();
            }
            if let (Some(end), Some(start)) = (ring.last(), points.first()) {
                if end != start {
                    bail!("a ring is broken before arc {reference}");
                }
                ring.pop();
            }
            ring.append(&mut points);
        }
        if ring.len() < 4 {
            bail!("a ring has only {} points", ring.len());
        }
        if ring.first() != ring.last() {
            bail!("a ring is not closed");
        }
        Ok(ring)
    }

    /// Longitude and latitude in degrees.
    pub fn place(&self, [x, y]: Point) -> [f64; 2] {
        let Transform { scale, translate } = &self.transform;
        [x as f64 * scale[0] + translate[0], y as f64 * scale[1] + translate[1]]
    }
}

impl Shape {
    /// Polygons as rings as references to arcs.
    pub fn polygons(&self) -> Vec<&Vec<Vec<i64>>> {
        match self {
            Self::Polygon(polygon) => vec![polygon],
            Self::MultiPolygon(polygons) => polygons.iter().collect(),
        }
    }
}

/// A negative reference is the arc backwards: -1 is arc 0.
pub fn arc_index(reference: i64) -> Result<usize> {
    let index = if reference < 0 { !reference } else { reference };
    usize::try_from(index).context("an arc's index is out of range")
}
