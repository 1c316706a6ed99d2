#![allow(clippy::unwrap_used, reason = "tests")]

use proptest::prelude::*;

use super::*;

/// Computed outside this code, in Python, from the coefficients in the team's notes on GB 18306 and in OpenQuake's table:
/// acceleration and velocity in cm/s² and cm/s.
#[test]
fn motions_are_those_computed_elsewhere() {
    let check = |zone: Zone, along: Along, ms: f64, km: f64, pga: f64, pgv: f64| {
        let coefficients = zone.coefficients();
        let got = [
            coefficients.pga.along(along).motion(ms, km),
            coefficients.pgv.unwrap().along(along).motion(ms, km),
        ];
        for (got, expected) in got.into_iter().zip([pga, pgv]) {
            assert!(
                (got - expected).abs() <= expected * 1e-5,
                "{zone:?} {along:?} M{ms} {km} km: {got} {expected}"
            );
        }
    };
    check(Zone::Stable, Along::Major, 5.0, 0.0, 435.943, 13.7746);
    check(Zone::Stable, Along::Major, 6.0, 20.0, 141.958, 7.32256);
    check(Zone::Stable, Along::Major, 6.75, 50.0, 73.857, 5.27543);
    check(Zone::Stable, Along::Major, 8.0, 200.0, 14.9418, 1.70052);
    check(Zone::Stable, Along::Minor, 5.0, 0.0, 430.101, 13.1134);
    check(Zone::Stable, Along::Minor, 6.0, 20.0, 101.165, 5.29219);
    check(Zone::Stable, Along::Minor, 6.75, 50.0, 57.7917, 4.1595);
    check(Zone::Stable, Along::Minor, 8.0, 200.0, 16.6699, 1.88812);
    check(Zone::East, Along::Major, 5.0, 0.0, 382.014, 12.4022);
    check(Zone::East, Along::Major, 6.0, 20.0, 165.813, 8.82013);
    check(Zone::East, Along::Major, 6.75, 50.0, 106.013, 7.62582);
    check(Zone::East, Along::Major, 8.0, 200.0, 26.7084, 3.08273);
    check(Zone::East, Along::Minor, 5.0, 0.0, 376.662, 11.5906);
    check(Zone::East, Along::Minor, 6.0, 20.0, 116.517, 6.12073);
    check(Zone::East, Along::Minor, 6.75, 50.0, 75.7756, 5.45337);
    check(Zone::East, Along::Minor, 8.0, 200.0, 22.0421, 2.51067);
}

#[test]
fn ms_6_5_is_still_small() {
    let axis = Zone::Stable.coefficients().pga.major;
    let (below, above) = (axis.motion(6.5, 10.0), axis.motion(6.500_001, 10.0));
    assert!((above / below).ln() < -0.02, "the pairs of a and b meet with a step of −0.025: {below} {above}");
}

#[test]
fn coefficients_that_cannot_be_solved_are_refused() {
    let mut wrong = Zone::Stable.coefficients();
    wrong.pgv.as_mut().unwrap().minor.c = 0.5;
    assert!(wrong.check().unwrap_err().contains("pgv.minor"));
    let mut wrong = Zone::East.coefficients();
    wrong.pga.major.d = f64::NAN;
    assert!(wrong.check().unwrap_err().contains("pga.major"));
    assert_eq!(Zone::East.coefficients().check(), Ok(()));
}

fn zone() -> impl Strategy<Value = Zone> {
    prop_oneof![Just(Zone::Stable), Just(Zone::East)]
}

proptest! {
    #[test]
    fn distance_undoes_motion(zone in zone(), ms in 3.0..9.0_f64, km in 0.0..1000.0_f64) {
        let coefficients = zone.coefficients();
        for motion in [coefficients.pga, coefficients.pgv.unwrap()] {
            for along in [Along::Major, Along::Minor] {
                let axis = motion.along(along);
                let back = axis.distance(ms, axis.motion(ms, km)).unwrap_or(0.0);
                prop_assert!((back - km).abs() < 1e-6, "{} {}", back, km);
                prop_assert!(axis.motion(ms, km) > axis.motion(ms, km + 0.1));
                prop_assert_eq!(axis.distance(ms, axis.motion(ms, 0.0) * 1.001), None);
            }
        }
    }
}
