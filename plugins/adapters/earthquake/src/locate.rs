//! Which region a statement belongs to.

use crate::reading::Reading;

/// Where an epicentre outside the province is filed.
pub const OUTSIDE: &str = "000000";
pub const PROVINCE: &str = "430000";

/// `430000` where `county` finds the epicentre in a county of Hunan, else `000000`.
///
/// Never the county itself: an earthquake concerns the province, and an update that moves the epicentre over a county border
/// must reach everybody who had the first solution.
pub fn region(reading: &Reading, county: impl Fn(f64, f64) -> Option<String>) -> &'static str {
    match county(reading.longitude, reading.latitude) {
        Some(code) if code.starts_with("43") => PROVINCE,
        _ => OUTSIDE,
    }
}

/// Stands in for the boundaries where the operator attached none: the smallest box around Hunan. What it wrongly takes in lies
/// within some tens of kilometres of the border, where the shaking concerns the province all the same.
#[must_use]
pub fn in_bounding_box(longitude: f64, latitude: f64) -> Option<String> {
    let inside = (108.78..=114.26).contains(&longitude) && (24.63..=30.13).contains(&latitude);
    inside.then(|| PROVINCE.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reading::tests::reading;

    #[test]
    fn changde_is_inside_and_wenchuan_is_not() {
        let at = |longitude, latitude| Reading { longitude, latitude, ..reading("a") };
        assert_eq!(region(&at(111.7, 29.2), in_bounding_box), "430000");
        assert_eq!(region(&at(103.32, 31.0), in_bounding_box), "000000");
        assert_eq!(region(&at(111.7, 29.2), |_, _| Some("430702".to_owned())), "430000");
        assert_eq!(region(&at(111.7, 29.2), |_, _| Some("420100".to_owned())), "000000");
        assert_eq!(region(&at(111.7, 29.2), |_, _| None), "000000");
    }
}
