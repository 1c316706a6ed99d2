#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use proptest::prelude::*;

use super::*;
use crate::apply::tests::{counties as boundaries, statement};

#[test]
fn changde() {
    let settings = Settings::default();
    let impact = assess(&settings, &boundaries(), &statement(6.75, 0, Status::Reviewed));
    let degrees: Vec<u8> = impact.isoseismals.iter().map(|line| line.intensity).collect();
    assert_eq!(degrees, [9, 8, 7, 6, 5]);
    assert_eq!(impact.counties[0].region, "430702");
    assert_eq!(impact.counties[0].intensity, 9);
    assert_eq!(impact.counties.len(), 33, "intensity V reaches 100 km, the corners are farther");
    assert_eq!(impact.model.id, "yu2013-pga-pgv/gbt17742-2020-mean");
    assert_eq!(impact.model.confidence, "high");
    assert_eq!(impact.model.coefficients.len(), 64);
    // The cells cover all of the strongest line: what the counties have of it is its area.
    let ninth: f64 = impact
        .counties
        .iter()
        .flat_map(|county| {
            let area = boundaries().region(&county.region).unwrap().area_km2;
            county
                .shares
                .iter()
                .filter(|share| share.intensity == 9)
                .map(move |share| share.area * area)
                .collect::<Vec<_>>()
        })
        .sum();
    let exact =
        std::f64::consts::PI * impact.isoseismals[0].semi_major_km * impact.isoseismals[0].semi_minor_km;
    assert!((ninth / exact - 1.0).abs() < 0.003, "{ninth} {exact}");
}

#[test]
fn nothing_comes_of_what_is_deleted_small_deep_or_unmeasured() {
    let settings = Settings::default();
    let quiet = |statement: &Earthquake| {
        assert_eq!(check(statement), Ok(()));
        let impact = assess(&settings, &boundaries(), statement);
        assert!(impact.isoseismals.is_empty() && impact.counties.is_empty(), "{statement:?}");
        impact
    };
    quiet(&statement(6.75, 0, Status::Deleted));
    quiet(&statement(3.9, 0, Status::Reviewed));
    let mut deep = statement(6.75, 0, Status::Reviewed);
    deep.origin.depth = Some(120_000.0);
    assert_eq!(quiet(&deep).model.confidence, "low");
    let mut unmeasured = statement(6.75, 0, Status::Reviewed);
    unmeasured.magnitude = None;
    quiet(&unmeasured);
}

#[test]
fn beyond_the_relations_they_are_used_at_their_end() {
    let settings = Settings::default();
    let at = |mag| assess(&settings, &boundaries(), &statement(mag, 0, Status::Reviewed));
    assert_eq!(at(9.5).isoseismals, at(8.5).isoseismals);
    assert_eq!((at(9.5).model.confidence.as_str(), at(8.5).model.confidence.as_str()), ("low", "high"));
}

/// 28.3° S 68.3° W is Hunan's antipode, where earthquakes happen.
#[test]
fn the_other_side_of_the_earth_is_not_hunan() {
    let mut far = statement(7.5, 0, Status::Reviewed);
    (far.origin.longitude, far.origin.latitude) = (-68.3, -29.2);
    let impact = assess(&Settings::default(), &boundaries(), &far);
    assert!(!impact.isoseismals.is_empty() && impact.counties.is_empty());
}

#[test]
fn nonsense_is_refused() {
    type Damage = fn(&mut Earthquake);
    let cases: [(Damage, &str); 5] = [
        (|e| e.origin.latitude = 91.0, "latitude 91"),
        (|e| e.origin.longitude = f64::NAN, "longitude NaN"),
        (|e| e.origin.depth = Some(7e6), "depth"),
        (|e| e.magnitude.as_mut().unwrap().mag = 42.0, "magnitude 42"),
        (|e| e.event_id.clear(), "no id"),
    ];
    for (damage, expected) in cases {
        let mut wrong = statement(6.0, 0, Status::Reviewed);
        damage(&mut wrong);
        assert!(check(&wrong).unwrap_err().contains(expected));
    }
}

#[test]
fn which_magnitudes_are_assumed_to_be_ms() {
    let assumed = |name: Option<&str>| is_assumed(&Magnitude { mag: 6.0, r#type: name.map(str::to_owned) });
    assert!(
        !assumed(None)
            && !assumed(Some("M"))
            && !assumed(Some("Ms"))
            && !assumed(Some("MS7"))
            && !assumed(Some("Ms_20"))
    );
    assert!(assumed(Some("Mw")) && assumed(Some("mww")) && assumed(Some("ML")) && assumed(Some("mb")));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn shares_are_shares(mag in 4.0..8.0_f64, longitude in 109.0..114.0_f64, latitude in 27.0..31.0_f64) {
        let mut somewhere = statement(mag, 0, Status::Automatic);
        (somewhere.origin.longitude, somewhere.origin.latitude) = (longitude, latitude);
        let impact = assess(&Settings::default(), &boundaries(), &somewhere);
        for county in &impact.counties {
            let sum: f64 = county.shares.iter().map(|share| share.area).sum();
            prop_assert!(sum > 0.0 && sum <= 1.0 + 1e-9);
            prop_assert_eq!(county.intensity, county.shares[0].intensity);
            prop_assert!(county.shares.is_sorted_by(|a, b| a.intensity > b.intensity));
        }
        prop_assert!(impact.counties.is_sorted_by(|a, b| a.intensity >= b.intensity));
        // The epicentre's county, if it has one, is among the strongest.
        let home = boundaries().locate(longitude, latitude).map(str::to_owned);
        if let (Some(home), Some(first)) = (home, impact.counties.first()) {
            let home = impact.counties.iter().find(|county| county.region == home).unwrap();
            prop_assert_eq!(home.intensity, first.intensity);
        }
    }
}
