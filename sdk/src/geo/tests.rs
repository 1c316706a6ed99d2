#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod layer;
mod share;

use super::{Plane, area_km2};

fn close(a: f64, b: f64, within: f64) {
    assert!((a - b).abs() <= within, "{a} is not {b}");
}

/// Held against Simpson's rule on the ellipsoid's element of area, M·N·cos φ, for cells of one degree.
#[test]
fn areas_are_those_of_the_ellipsoid() {
    let cell = |south: f64| {
        vec![[111.0, south], [112.0, south], [112.0, south + 1.0], [111.0, south + 1.0], [111.0, south]]
    };
    for south in [0.0, 28.0, 60.0] {
        let steps = 1000;
        let (a, f) = (6378.137_f64, 1.0 / 298.257_222_101);
        let e2 = f * (2.0 - f);
        let strip = |degrees: f64| {
            let phi = degrees.to_radians();
            let w = 1.0 - e2 * phi.sin().powi(2);
            a * a * (1.0 - e2) * phi.cos() / (w * w)
        };
        let h = 1.0 / f64::from(steps);
        let sum: f64 = (0..=steps)
            .map(|i| {
                let weight = if i == 0 || i == steps {
                    1.0
                } else if i % 2 == 1 {
                    4.0
                } else {
                    2.0
                };
                weight * strip(south + f64::from(i) * h)
            })
            .sum();
        let expected = sum * h.to_radians() / 3.0 * 1f64.to_radians();
        close(area_km2(&cell(south)), expected, expected * 1e-9);
    }
    // The whole Earth: 510,065,622 km² (Moritz, Geodetic Reference System 1980).
    let earth = [[-180.0, -90.0], [180.0, -90.0], [180.0, 90.0], [-180.0, 90.0], [-180.0, -90.0]];
    close(area_km2(&earth), 510_065_622.0, 10.0);
}

#[test]
fn a_plane_is_left_the_way_it_was_entered() {
    for centre in [[111.7, 29.2], [179.9, -18.0], [0.0, 0.0], [-68.0, -28.0]] {
        let plane = Plane::around(centre);
        for azimuth in [0.0, 33.0, 90.0, 181.0, 270.0] {
            for distance in [0.0, 1.0, 100.0, 900.0] {
                let offset = plane.offset(azimuth, distance);
                let back = plane.project(plane.unproject(offset)).unwrap();
                close(back[0], offset[0], 1e-5);
                close(back[1], offset[1], 1e-5);
            }
        }
        let [longitude, latitude] = plane.unproject([0.0, 0.0]);
        close(longitude, centre[0], 1e-9);
        close(latitude, centre[1], 2e-8);
    }
}

/// One degree of latitude at 29° N is 110.85 km, one of longitude 97.44 km: the plane's directions are off by under 0.3 %.
#[test]
fn distances_are_those_on_the_ground() {
    let plane = Plane::around([111.7, 29.2]);
    let [longitude, latitude] = plane.unproject(plane.offset(0.0, 100.0));
    close(longitude, 111.7, 1e-9);
    close((latitude - 29.2) * 110.857, 100.0, 0.3);
    let [longitude, _] = plane.unproject(plane.offset(90.0, 100.0));
    close((longitude - 111.7) * 97.258, 100.0, 0.3);
}

#[test]
fn what_is_on_the_other_side_of_the_earth_has_no_place_in_the_plane() {
    let plane = Plane::around([111.7, 29.2]);
    assert!(plane.project([-68.3, -29.2]).is_none());
    assert!(plane.project([111.7, -59.0]).is_some());
}
