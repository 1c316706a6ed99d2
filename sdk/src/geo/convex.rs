//! A convex area in a plane, and how much of a ring lies inside it: Sutherland and Hodgman's clipping, one edge of the
//! convex area after the other. Where the result falls apart into pieces they stay joined by bridges along the
//! clip edge, run there and back, whose area is nothing: so the sum is exact.

use super::Offset;

#[derive(Debug, Clone, PartialEq)]
pub struct Convex {
    /// Counter-clockwise, the first not repeated.
    corners: Vec<Offset>,
}

/// Twice the area on the left of a ring of which the first position is not repeated.
pub(super) fn signed_area(ring: &[Offset]) -> f64 {
    let next = ring.iter().cycle().skip(1);
    ring.iter().zip(next).map(|([x0, y0], [x1, y1])| x0 * y1 - x1 * y0).sum::<f64>() / 2.0
}

impl Convex {
    /// None unless the corners are at least three, finite, convex and go round once. Either direction will do.
    #[must_use]
    pub fn new(mut corners: Vec<Offset>) -> Option<Self> {
        if corners.first() == corners.last() {
            corners.pop();
        }
        let area = signed_area(&corners);
        if corners.len() < 3 || !area.is_finite() || area == 0.0 {
            return None;
        }
        if area < 0.0 {
            corners.reverse();
        }
        // Rounding may leave three corners on a line a hair's breadth concave.
        let slack = -1e-12 * area.abs();
        let mut turned = 0.0;
        for ((before, at), after) in
            corners.iter().zip(corners.iter().cycle().skip(1)).zip(corners.iter().cycle().skip(2))
        {
            let turn = side(*before, *at, *after);
            if turn < slack {
                return None;
            }
            let along = (at[0] - before[0]) * (after[0] - at[0]) + (at[1] - before[1]) * (after[1] - at[1]);
            turned += turn.atan2(along);
        }
        // A star turns left at every corner too, but goes round twice.
        (turned < 3.0 * std::f64::consts::PI).then_some(Self { corners })
    }

    #[must_use]
    pub fn area(&self) -> f64 {
        signed_area(&self.corners)
    }

    /// The area of a ring's part inside; without sign.
    #[must_use]
    pub fn area_inside(&self, ring: &[Offset]) -> f64 {
        let mut rest = ring.to_vec();
        if rest.first() == rest.last() {
            rest.pop();
        }
        let mut clipped = Vec::with_capacity(rest.len() + 8);
        for (from, to) in self.corners.iter().zip(self.corners.iter().cycle().skip(1)) {
            if !cut(&rest, *from, *to, &mut clipped) {
                continue;
            }
            std::mem::swap(&mut rest, &mut clipped);
            if rest.is_empty() {
                return 0.0;
            }
        }
        signed_area(&rest).abs()
    }

    pub(super) fn corners(&self) -> &[Offset] {
        &self.corners
    }
}

/// Positive where `point` is on the left of the line from one point to another.
fn side([x0, y0]: Offset, [x1, y1]: Offset, [x, y]: Offset) -> f64 {
    (x1 - x0) * (y - y0) - (y1 - y0) * (x - x0)
}

/// Leaves in `kept` what of the ring is left of the line. False if that is all of it, and `kept` is not to be used.
fn cut(ring: &[Offset], from: Offset, to: Offset, kept: &mut Vec<Offset>) -> bool {
    let Some(mut last) = ring.last().copied() else { return false };
    if ring.iter().all(|point| side(from, to, *point) >= 0.0) {
        return false;
    }
    kept.clear();
    let mut last_side = side(from, to, last);
    for point in ring.iter().copied() {
        let point_side = side(from, to, point);
        if (last_side < 0.0) != (point_side < 0.0) {
            let part = last_side / (last_side - point_side);
            kept.push([last[0] + part * (point[0] - last[0]), last[1] + part * (point[1] - last[1])]);
        }
        if point_side >= 0.0 {
            kept.push(point);
        }
        (last, last_side) = (point, point_side);
    }
    true
}
