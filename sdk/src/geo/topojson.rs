//! TopoJSON (github.com/topojson/topojson-specification) to rings. Borders are arcs that neighbours share, so both have the very same
//! positions. A document may be hostile: everything that could grow is bounded before it does.

use std::collections::BTreeMap;

use serde::Deserialize;
use thiserror::Error;

use super::{Boundary, Polygon, Position, Ring};

/// Hunan's 122 counties take under 1 MB. Parsed, a document takes up to ten times its length.
const MAX_BYTES: usize = 16 * 1024 * 1024;
const MAX_REGIONS: usize = 10_000;
/// Of all rings together. Each arc may be named any number of times: so this is counted as rings grow.
const MAX_POSITIONS: usize = 4_000_000;

#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum TopologyError {
    #[error("boundaries of {0} bytes: at most {MAX_BYTES}")]
    TooLong(usize),
    #[error("boundaries are not TopoJSON: {0}")]
    Json(String),
    #[error("boundaries are not TopoJSON: `type` is `{0}`, not `Topology`")]
    Type(String),
    #[error("boundaries have no layer `{0}`: there are {1}")]
    Layer(String, String),
    #[error("layer `{layer}`: {reason}")]
    Geometry { layer: String, reason: String },
    #[error("layer `{0}` has over {MAX_REGIONS} regions or {MAX_POSITIONS} positions")]
    TooMany(String),
    #[error("region `{region}`: {reason}")]
    Region { region: String, reason: String },
    #[error("region `{0}` is there twice")]
    Twice(String),
}

#[derive(Deserialize)]
struct Topology {
    r#type: String,
    transform: Option<Transform>,
    objects: BTreeMap<String, serde_json::Value>,
    arcs: Vec<Vec<Position>>,
}

#[derive(Deserialize)]
struct Transform {
    scale: [f64; 2],
    translate: [f64; 2],
}

#[derive(Deserialize)]
struct Layer {
    geometries: Vec<Geometry>,
}

#[derive(Deserialize)]
#[serde(tag = "type")]
enum Geometry {
    Polygon { arcs: Vec<Vec<i64>>, properties: Properties },
    MultiPolygon { arcs: Vec<Vec<Vec<i64>>>, properties: Properties },
}

#[derive(Deserialize)]
struct Properties {
    code: String,
}

pub(super) fn regions(document: &[u8], layer: &str) -> Result<Vec<Boundary>, TopologyError> {
    if document.len() > MAX_BYTES {
        return Err(TopologyError::TooLong(document.len()));
    }
    let mut topology: Topology =
        serde_json::from_slice(document).map_err(|error| TopologyError::Json(error.to_string()))?;
    if topology.r#type != "Topology" {
        return Err(TopologyError::Type(topology.r#type));
    }
    let Some(object) = topology.objects.remove(layer) else {
        let names: Vec<&str> = topology.objects.keys().map(String::as_str).collect();
        return Err(TopologyError::Layer(layer.to_owned(), names.join(", ")));
    };
    let geometries = serde_json::from_value::<Layer>(object)
        .map_err(|error| TopologyError::Geometry { layer: layer.to_owned(), reason: error.to_string() })?
        .geometries;
    if geometries.len() > MAX_REGIONS {
        return Err(TopologyError::TooMany(layer.to_owned()));
    }
    let arcs = absolute(topology.arcs, topology.transform.as_ref());
    let mut room = MAX_POSITIONS;
    geometries.into_iter().map(|geometry| region(geometry, &arcs, &mut room, layer)).collect()
}

/// Quantized arcs are whole steps from position to position; others are positions already.
fn absolute(mut arcs: Vec<Vec<Position>>, transform: Option<&Transform>) -> Vec<Vec<Position>> {
    if let Some(Transform { scale: [sx, sy], translate: [tx, ty] }) = transform {
        for arc in &mut arcs {
            let (mut x, mut y) = (0.0, 0.0);
            for position in arc {
                x += position[0];
                y += position[1];
                *position = [x * sx + tx, y * sy + ty];
            }
        }
    }
    arcs
}

fn region(
    geometry: Geometry,
    arcs: &[Vec<Position>],
    room: &mut usize,
    layer: &str,
) -> Result<Boundary, TopologyError> {
    let (shapes, Properties { code }) = match geometry {
        Geometry::Polygon { arcs, properties } => (vec![arcs], properties),
        Geometry::MultiPolygon { arcs, properties } => (arcs, properties),
    };
    let wrong = |reason: String| TopologyError::Region { region: code.clone(), reason };
    if code.is_empty() || code.len() > 32 {
        return Err(wrong("a code has 1 to 32 bytes".into()));
    }
    let mut polygons = Vec::new();
    for shape in shapes {
        let mut rings = Vec::new();
        for (index, indices) in shape.iter().enumerate() {
            let ring = ring(indices, arcs, room).map_err(|fault| match fault {
                Fault::TooMany => TopologyError::TooMany(layer.to_owned()),
                Fault::Ring(reason) => wrong(reason),
            })?;
            // Simplification may leave an islet two positions: nothing is inside it. Without its outer ring a polygon's
            // holes are nothing either.
            if ring.len() >= 4 {
                rings.push(ring);
            } else if index == 0 {
                break;
            }
        }
        if !rings.is_empty() {
            polygons.push(Polygon { rings });
        }
    }
    Boundary::new(code.clone(), polygons).ok_or_else(|| wrong("has no ring".into()))
}

enum Fault {
    TooMany,
    Ring(String),
}

fn ring(indices: &[i64], arcs: &[Vec<Position>], room: &mut usize) -> Result<Ring, Fault> {
    let mut ring: Ring = Vec::new();
    for index in indices {
        // `!i`, the ones' complement, is arc `i` run backwards.
        let (at, backwards) = if *index < 0 { (!*index, true) } else { (*index, false) };
        let arc = usize::try_from(at)
            .ok()
            .and_then(|at| arcs.get(at))
            .ok_or_else(|| Fault::Ring(format!("names arc {at} of {}", arcs.len())))?;
        *room = room.checked_sub(arc.len().max(1)).ok_or(Fault::TooMany)?;
        let joint = if backwards { arc.last() } else { arc.first() };
        // Arcs of one ring meet: the meeting point is in both, and is wanted once.
        let meets = ring.pop().is_none_or(|end| Some(&end) == joint);
        if !meets {
            return Err(Fault::Ring(format!("arc {at} does not begin where the one before it ends")));
        }
        if backwards {
            ring.extend(arc.iter().rev());
        } else {
            ring.extend(arc);
        }
    }
    if ring.first() != ring.last() {
        return Err(Fault::Ring("a ring is not closed".into()));
    }
    let outside = |[longitude, latitude]: &&Position| {
        !(-180.0..=180.0).contains(longitude) || !(-90.0..=90.0).contains(latitude)
    };
    if let Some([longitude, latitude]) = ring.iter().find(outside) {
        return Err(Fault::Ring(format!("{longitude}, {latitude} is no place on Earth")));
    }
    Ok(ring)
}
