//! Geometry that adapters and models share: the regions' boundaries, which region a point is in, and what share of
//! a region lies inside a convex area. Pure: bytes in, numbers out, the same on every machine to within rounding.
//!
//! Longitudes and latitudes are degrees (CGCS2000, which is WGS 84 for every purpose here). Areas are exact for the
//! ellipsoid, by way of the authalic sphere: see [`Plane`].

mod boundary;
mod convex;
mod plane;
mod topojson;

pub use boundary::{Bbox, Boundaries, Boundary, Polygon, Projected};
pub use convex::Convex;
pub use plane::{Plane, area_km2};
pub use topojson::TopologyError;

/// `[longitude, latitude]` in degrees, as GeoJSON has it.
pub type Position = [f64; 2];

/// `[east, north]` of a plane's centre, in kilometres.
pub type Offset = [f64; 2];

/// First and last position are the same.
pub type Ring = Vec<Position>;

#[cfg(test)]
mod tests;
