#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use proptest::prelude::*;

use super::*;
use crate::attenuation::Zone;

/// Found outside this code, in Python, by walking outwards in steps of 20 m (`Velocity`) or by bisection (`Mean`).
#[test]
fn semi_axes_are_those_found_elsewhere() {
    use Combine::{Mean, Velocity};
    let check = |zone: Zone, combine, ms, expected: &[(u8, f64, f64)]| {
        let found = ellipses(&zone.coefficients(), combine, ms, 5);
        assert_eq!(found.len(), expected.len(), "{zone:?} {combine:?} M{ms}: {found:?}");
        for (ellipse, (intensity, major, minor)) in found.iter().zip(expected) {
            assert_eq!(ellipse.intensity, *intensity);
            assert!((ellipse.semi_major_km - major).abs() < 0.06, "{zone:?} {combine:?} M{ms}: {ellipse:?}");
            assert!((ellipse.semi_minor_km - minor).abs() < 0.06, "{zone:?} {combine:?} M{ms}: {ellipse:?}");
        }
    };
    check(Zone::Stable, Mean, 4.0, &[(7, 1.8, 1.1), (6, 6.7, 4.5), (5, 13.9, 9.9)]);
    check(
        Zone::Stable,
        Mean,
        6.0,
        &[(9, 2.2, 1.3), (8, 10.7, 7.4), (7, 23.1, 17.1), (6, 41.2, 32.4), (5, 67.4, 56.4)],
    );
    check(
        Zone::Stable,
        Mean,
        6.75,
        &[(9, 7.6, 5.6), (8, 20.5, 15.7), (7, 39.1, 31.7), (6, 66.3, 56.9), (5, 106.0, 96.5)],
    );
    check(
        Zone::East,
        Mean,
        6.0,
        &[(9, 2.5, 1.5), (8, 12.7, 8.8), (7, 27.0, 19.5), (6, 47.0, 35.4), (5, 75.0, 58.8)],
    );
    check(Zone::Stable, Velocity, 5.0, &[(7, 8.48, 5.78), (6, 17.96, 13.02), (5, 31.73, 24.4)]);
    check(
        Zone::Stable,
        Velocity,
        6.75,
        &[(9, 4.37, 2.98), (8, 16.85, 12.6), (7, 35.57, 28.3), (6, 66.35, 56.87), (5, 105.95, 96.53)],
    );
    // Far out the relations cross: the circle.
    check(
        Zone::Stable,
        Velocity,
        8.0,
        &[(9, 14.85, 13.67), (8, 37.15, 34.01), (7, 70.65, 67.29), (6, 112.17, 111.83), (5, 176.86, 176.86)],
    );
}

/// The mean relation between magnitude and epicentral intensity, I0 = 0.24 + 1.29 M, is met within a degree and a half from
/// Ms 5 to 8, and within one degree by velocity alone.
#[test]
fn the_epicentre_is_as_strong_as_experience_has_it() {
    let coefficients = Zone::Stable.coefficients();
    for ms in [5.0, 5.5, 6.0, 6.5, 7.0, 7.5] {
        let experience = 0.24 + 1.29 * ms;
        for (combine, within) in [(Combine::Mean, 1.5), (Combine::Velocity, 1.0)] {
            let epicentral = intensity_at(&coefficients, combine, Along::Major, ms, 0.0);
            assert!((epicentral - experience).abs() < within, "M{ms} {combine:?}: {epicentral} {experience}");
        }
    }
}

/// Changde 1631, M 6¾, at 29.2° N 111.7° E: VIII in the catalogues of historical earthquakes.
#[test]
fn changde_1631() {
    let coefficients = Zone::Stable.coefficients();
    for combine in [Combine::Mean, Combine::Velocity] {
        let strongest = ellipses(&coefficients, combine, 6.75, 5)[0].intensity;
        assert!((8..=9).contains(&strongest), "{combine:?}: {strongest}");
    }
}

#[test]
fn acceleration_alone_will_do() {
    let mut coefficients = Zone::Stable.coefficients();
    coefficients.pgv = None;
    for combine in [Combine::Mean, Combine::Velocity] {
        let found = ellipses(&coefficients, combine, 6.0, 6);
        for ellipse in &found {
            // The closed form.
            let motion = intensity::to_acceleration(intensity::lower_bound(ellipse.intensity)) * 100.0;
            let expected = coefficients.pga.major.distance(6.0, motion).unwrap();
            assert!((ellipse.semi_major_km - expected).abs() < 1e-6);
        }
        assert_eq!(found.first().map(|ellipse| ellipse.intensity), Some(9));
    }
}

#[test]
fn rings_are_geojson() {
    let plane = Plane::around([111.7, 29.2]);
    let ellipse = Ellipse { intensity: 6, semi_major_km: 100.0, semi_minor_km: 60.0 };
    let ring = ellipse.ring(&plane, 0.0);
    assert_eq!(ring.len(), 181);
    assert_eq!(ring.first(), ring.last());
    let doubled: f64 = ring.windows(2).map(|edge| edge[0][0] * edge[1][1] - edge[1][0] * edge[0][1]).sum();
    assert!(doubled > 0.0, "counter-clockwise");
    assert!(ring.iter().flatten().all(|degrees| (degrees * 1e4 - (degrees * 1e4).round()).abs() < 1e-6));
    // Due north first: 100 km are 0.902°.
    assert!((ring[0][0] - 111.7).abs() < 1e-9 && (ring[0][1] - 30.102).abs() < 0.003, "{:?}", ring[0]);
    let tilted = ellipse.ring(&plane, 90.0);
    assert!(tilted[0][0] > 112.7 && (tilted[0][1] - 29.2).abs() < 0.01, "{:?}", tilted[0]);
    let area = ellipse.area(&plane, 30.0).unwrap().area();
    let exact = std::f64::consts::PI * 100.0 * 60.0;
    assert!((area / exact - 1.0).abs() < 1e-3, "{area} {exact}");
}

proptest! {
    #[test]
    fn ellipses_nest_and_the_major_axis_is_no_shorter(
        east in any::<bool>(), velocity in any::<bool>(), ms in 3.0..8.5_f64, weakest in 1..12_u8,
    ) {
        let zone = if east { Zone::East } else { Zone::Stable };
        let combine = if velocity { Combine::Velocity } else { Combine::Mean };
        let found = ellipses(&zone.coefficients(), combine, ms, weakest);
        for ellipse in &found {
            prop_assert!(ellipse.semi_major_km >= ellipse.semi_minor_km && ellipse.semi_minor_km >= SMALLEST_KM);
        }
        for pair in found.windows(2) {
            prop_assert_eq!(pair[0].intensity, pair[1].intensity + 1);
            prop_assert!(pair[0].semi_major_km < pair[1].semi_major_km);
            prop_assert!(pair[0].semi_minor_km < pair[1].semi_minor_km);
        }
    }

    #[test]
    fn intensity_falls_with_distance(
        east in any::<bool>(), major in any::<bool>(), ms in 3.0..8.5_f64, km in 0.0..1000.0_f64, more in 0.01..100.0_f64,
    ) {
        let coefficients = if east { Zone::East } else { Zone::Stable }.coefficients();
        let along = if major { Along::Major } else { Along::Minor };
        let at = |km| intensity_at(&coefficients, Combine::Mean, along, ms, km);
        prop_assert!(at(km + more) <= at(km));
        // Where a degree is reached, it is reached; a step further out it is not.
        for degree in 1..=12 {
            for combine in [Combine::Mean, Combine::Velocity] {
                if let Some(reach) = reach_km(&coefficients, combine, along, ms, degree).filter(|reach| *reach < 4000.0) {
                    let beyond = intensity_at(&coefficients, combine, along, ms, reach + 1e-3);
                    prop_assert!(degree == 1 || beyond < intensity::lower_bound(degree));
                    if combine == Combine::Mean {
                        prop_assert!(at(reach) >= intensity::lower_bound(degree) - 1e-9);
                    }
                }
            }
        }
    }
}
