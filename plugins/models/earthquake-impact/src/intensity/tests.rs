use proptest::prelude::*;

use super::*;

/// The team's notes on GB/T 17742-2020: 0.05 g is 5.6. The others by hand: lg 1 is 0.
#[test]
fn intensities_of_known_motions() {
    let check = |got: f64, expected: f64| assert!((got - expected).abs() < 0.005, "{got} is not {expected}");
    check(from_acceleration(0.05 * 9.80665), 5.606);
    check(from_acceleration(1.0), 6.59);
    check(from_acceleration(10.0), 9.76);
    check(from_velocity(1.0), 9.77);
    check(from_velocity(0.1), 6.77);
    check(combined(5.606, Some(5.0), Combine::Mean), 5.303);
    check(combined(7.0, Some(6.2), Combine::Mean), 6.6);
    check(combined(7.0, Some(6.2), Combine::Velocity), 6.2);
    check(combined(7.0, Some(5.8), Combine::Velocity), 6.4);
    check(combined(7.0, None, Combine::Velocity), 7.0);
    check(combined(-3.0, Some(0.0), Combine::Mean), 1.0);
    check(combined(14.0, None, Combine::Mean), 12.0);
}

#[test]
fn degrees_are_rounded() {
    let cases = [(1.0, 1), (1.49, 1), (1.5, 2), (5.49, 5), (5.5, 6), (6.49, 6), (11.5, 12), (12.0, 12)];
    for (intensity, expected) in cases {
        assert_eq!(degree(intensity), expected, "{intensity}");
    }
    assert_eq!((roman(7), roman_letters(7)), ("Ⅶ", "VII"));
}

proptest! {
    #[test]
    fn there_and_back(intensity in 1.0..12.0_f64) {
        prop_assert!((from_acceleration(to_acceleration(intensity)) - intensity).abs() < 1e-9);
        prop_assert!((from_velocity(to_velocity(intensity)) - intensity).abs() < 1e-9);
        prop_assert!(intensity >= lower_bound(degree(intensity)));
        prop_assert!(degree(intensity) == 12 || intensity < lower_bound(degree(intensity) + 1));
    }
}
