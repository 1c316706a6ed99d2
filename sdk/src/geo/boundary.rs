//! The regions' boundaries: which region a point is in, and a region as seen in a plane.

use super::convex::{Convex, signed_area};
use super::topojson::{self, TopologyError};
use super::{Offset, Plane, Position, Ring, area_km2};

/// The regions of one layer in the order of their codes.
#[derive(Debug, Clone, PartialEq)]
pub struct Boundaries {
    pub regions: Vec<Boundary>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Boundary {
    /// GB/T 2260.
    pub code: String,
    pub polygons: Vec<Polygon>,
    pub bbox: Bbox,
    pub area_km2: f64,
}

/// The outer ring, then the holes.
#[derive(Debug, Clone, PartialEq)]
pub struct Polygon {
    pub rings: Vec<Ring>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bbox {
    pub west: f64,
    pub south: f64,
    pub east: f64,
    pub north: f64,
}

/// A region in a plane, ready to be held against several areas.
#[derive(Debug, Clone, PartialEq)]
pub struct Projected {
    /// Outer ring, holes.
    polygons: Vec<Vec<Vec<Offset>>>,
    bbox: Bbox,
    area: f64,
}

impl Boundaries {
    /// Reads one layer (`counties`, `cities`) of a TopoJSON document: a `GeometryCollection` of polygons and
    /// multipolygons with `properties.code`, arcs quantized or not.
    pub fn from_topojson(document: &[u8], layer: &str) -> Result<Self, TopologyError> {
        let mut regions = topojson::regions(document, layer)?;
        regions.sort_by(|a, b| a.code.cmp(&b.code));
        let twice = regions.windows(2).find_map(|pair| match pair {
            [a, b] if a.code == b.code => Some(a.code.clone()),
            _ => None,
        });
        twice.map_or(Ok(Self { regions }), |code| Err(TopologyError::Twice(code)))
    }

    /// The region a point is in. A point on a border that two regions share is in exactly one of them: the one to
    /// its east, or north of a border that runs due east.
    #[must_use]
    pub fn locate(&self, longitude: f64, latitude: f64) -> Option<&str> {
        let point = [longitude, latitude];
        self.regions.iter().find(|region| region.contains(point)).map(|region| region.code.as_str())
    }

    #[must_use]
    pub fn region(&self, code: &str) -> Option<&Boundary> {
        let at = self.regions.binary_search_by(|region| region.code.as_str().cmp(code)).ok()?;
        self.regions.get(at)
    }
}

impl Boundary {
    /// None where there is no ring at all.
    #[must_use]
    pub fn new(code: String, polygons: Vec<Polygon>) -> Option<Self> {
        let bbox = Bbox::of(polygons.iter().flat_map(|polygon| polygon.rings.iter().flatten()))?;
        let area_km2 =
            polygons.iter().map(|polygon| outer_less_holes(&polygon.rings, |ring| area_km2(ring))).sum();
        Some(Self { code, polygons, bbox, area_km2 })
    }

    /// Even-odd over all rings, so that holes and islands need no care of their own.
    #[must_use]
    pub fn contains(&self, point: Position) -> bool {
        self.bbox.contains(point)
            && self
                .polygons
                .iter()
                .flat_map(|polygon| &polygon.rings)
                .flat_map(|ring| ring.windows(2))
                .filter(|edge| matches!(edge, [from, to] if crosses_east_of(*from, *to, point)))
                .count()
                % 2
                == 1
    }

    /// None where part of the region is more than a quarter of the Earth away.
    #[must_use]
    pub fn project(&self, plane: &Plane) -> Option<Projected> {
        let ring = |ring: &Ring| ring.iter().skip(1).map(|position| plane.project(*position)).collect();
        let polygons = self
            .polygons
            .iter()
            .map(|polygon| polygon.rings.iter().map(ring).collect())
            .collect::<Option<Vec<Vec<Vec<Offset>>>>>()?;
        let bbox = Bbox::of(polygons.iter().flatten().flatten())?;
        let area = polygons.iter().map(|rings| outer_less_holes(rings, |ring| signed_area(ring).abs())).sum();
        Some(Projected { polygons, bbox, area })
    }
}

impl Projected {
    /// What share of the region's area lies inside, 0 to 1.
    #[must_use]
    pub fn share_inside(&self, area: &Convex) -> f64 {
        let disjoint = Bbox::of(area.corners()).is_none_or(|bbox| !bbox.intersects(self.bbox));
        if disjoint || self.area <= 0.0 {
            return 0.0;
        }
        let inside: f64 =
            self.polygons.iter().map(|rings| outer_less_holes(rings, |ring| area.area_inside(ring))).sum();
        (inside / self.area).clamp(0.0, 1.0)
    }
}

impl Bbox {
    /// None of no positions.
    #[must_use]
    pub fn of<'a>(positions: impl IntoIterator<Item = &'a Position>) -> Option<Self> {
        positions.into_iter().fold(None, |bbox, [x, y]| {
            let bbox = bbox.unwrap_or(Self { west: *x, south: *y, east: *x, north: *y });
            Some(Self {
                west: bbox.west.min(*x),
                south: bbox.south.min(*y),
                east: bbox.east.max(*x),
                north: bbox.north.max(*y),
            })
        })
    }

    #[must_use]
    pub fn contains(self, [x, y]: Position) -> bool {
        self.west <= x && x <= self.east && self.south <= y && y <= self.north
    }

    #[must_use]
    pub fn intersects(self, other: Self) -> bool {
        self.west <= other.east
            && other.west <= self.east
            && self.south <= other.north
            && other.south <= self.north
    }
}

fn outer_less_holes<R>(rings: &[R], area: impl Fn(&R) -> f64) -> f64 {
    let mut areas = rings.iter().map(area);
    let outer = areas.next().unwrap_or(0.0);
    (outer - areas.sum::<f64>()).max(0.0)
}

/// Whether a ray from the point due east meets the edge. Both neighbours of a shared border ask this of the same two positions,
/// perhaps in the other order: the edge is put in one order first, so that rounding gives both the same answer.
fn crosses_east_of(from: Position, to: Position, [x, y]: Position) -> bool {
    let ([x0, y0], [x1, y1]) = if from[1] <= to[1] { (from, to) } else { (to, from) };
    y0 <= y && y < y1 && x0 + (y - y0) / (y1 - y0) * (x1 - x0) > x
}
