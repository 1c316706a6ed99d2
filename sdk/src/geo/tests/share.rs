use proptest::prelude::*;

use crate::geo::{Boundary, Convex, Offset, Plane, Polygon, Position, Ring};

const CENTRE: Position = [111.7, 29.2];

/// A star-shaped region of two polygons, the first with a hole in the shape of itself.
fn region(centre: Position, radii: &[f64], hole: f64) -> Boundary {
    let ring = |[x, y]: Position, scale: f64| -> Ring {
        let step = std::f64::consts::TAU / radii.len() as f64;
        let mut ring: Ring = radii
            .iter()
            .enumerate()
            .map(|(i, radius)| {
                let (sin, cos) = (i as f64 * step).sin_cos();
                [x + scale * radius * cos, y + scale * radius * sin]
            })
            .collect();
        ring.push(ring[0]);
        ring
    };
    let island = [centre[0] + 4.0, centre[1] + 1.0];
    let polygons = vec![
        Polygon { rings: vec![ring(centre, 1.0), ring(centre, hole)] },
        Polygon { rings: vec![ring(island, 0.5)] },
    ];
    Boundary::new("430702".into(), polygons).unwrap()
}

fn ellipse(plane: &Plane, azimuth: f64, major: f64, minor: f64) -> Convex {
    let corners = (0..180)
        .map(|i| {
            let (sin, cos) = f64::from(i * 2).to_radians().sin_cos();
            let (along, across) = (major * cos, minor * sin);
            plane.offset(azimuth + across.atan2(along).to_degrees(), along.hypot(across))
        })
        .collect();
    Convex::new(corners).unwrap()
}

fn rectangle(west: f64, south: f64, east: f64, north: f64) -> Convex {
    Convex::new(vec![[west, south], [east, south], [east, north], [west, north]]).unwrap()
}

/// By asking of each of a grid's points whether it is in the region and in the area.
fn counted(region: &Boundary, plane: &Plane, area: &Convex, corners: &[Offset], step: f64) -> f64 {
    let steps = |from: f64, to: f64| {
        let count = ((to - from) / step) as usize;
        (0..count).map(move |i| from + (i as f64 + 0.5) * step)
    };
    let left = |a: Offset, b: Offset, p: Offset| {
        (b[0] - a[0]) * (p[1] - a[1]) - (b[1] - a[1]) * (p[0] - a[0]) >= 0.0
    };
    let (mut inside, mut all) = (0.0, 0.0);
    for x in steps(-700.0, 700.0) {
        for y in steps(-500.0, 500.0) {
            if region.contains(plane.unproject([x, y])) {
                all += 1.0;
                let mut edges = corners.iter().zip(corners.iter().cycle().skip(1));
                if edges.all(|(a, b)| left(*a, *b, [x, y])) {
                    inside += 1.0;
                }
            }
        }
    }
    assert!(area.area() > 0.0);
    inside / all
}

fn radii() -> impl Strategy<Value = Vec<f64>> {
    proptest::collection::vec(0.2..1.5_f64, 5..40)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_whole_is_one_and_the_disjoint_nothing(radii in radii(), hole in 0.1..0.8_f64, azimuth in 0.0..360.0_f64) {
        let plane = Plane::around(CENTRE);
        let region = region(CENTRE, &radii, hole).project(&plane).unwrap();
        prop_assert!((region.share_inside(&ellipse(&plane, azimuth, 3000.0, 2500.0)) - 1.0).abs() < 1e-12);
        prop_assert_eq!(region.share_inside(&rectangle(-900.0, -900.0, -800.0, -800.0)), 0.0);
    }

    /// A plane cut in two: the shares add up to one.
    #[test]
    fn complements_add_up(radii in radii(), hole in 0.1..0.8_f64, x in -300.0..300.0_f64, tilt in -200.0..200.0_f64) {
        let plane = Plane::around(CENTRE);
        let region = region(CENTRE, &radii, hole).project(&plane).unwrap();
        let far = 5000.0;
        let west = Convex::new(vec![[-far, -far], [x, -far], [x + tilt, far], [-far, far]]).unwrap();
        let east = Convex::new(vec![[x, -far], [far, -far], [far, far], [x + tilt, far]]).unwrap();
        let sum = region.share_inside(&west) + region.share_inside(&east);
        prop_assert!((sum - 1.0).abs() < 1e-9, "{}", sum);
    }

    /// What is inside a small area is inside a larger one.
    #[test]
    fn shares_grow(radii in radii(), azimuth in 0.0..360.0_f64, major in 20.0..300.0_f64, flat in 0.3..1.0_f64) {
        let plane = Plane::around([CENTRE[0] + 0.7, CENTRE[1] - 0.4]);
        let region = region(CENTRE, &radii, 0.3).project(&plane).unwrap();
        let small = region.share_inside(&ellipse(&plane, azimuth, major, major * flat));
        let large = region.share_inside(&ellipse(&plane, azimuth, major * 1.3, major * flat * 1.1));
        prop_assert!(small <= large + 1e-12);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(6))]

    #[test]
    fn a_fine_grid_counts_the_same(
        radii in radii(), hole in 0.1..0.8_f64, azimuth in 0.0..360.0_f64,
        major in 40.0..250.0_f64, flat in 0.4..1.0_f64, east in -1.0..1.0_f64,
    ) {
        let plane = Plane::around([CENTRE[0] + east, CENTRE[1]]);
        let region = region(CENTRE, &radii, hole);
        let area = ellipse(&plane, azimuth, major, major * flat);
        let share = region.project(&plane).unwrap().share_inside(&area);
        let counted = counted(&region, &plane, &area, area.corners(), 4.0);
        prop_assert!((share - counted).abs() < 0.01, "{} {}", share, counted);
    }
}

#[test]
fn only_convex_areas_are_taken() {
    let star: Vec<Offset> = [0, 2, 4, 1, 3]
        .map(|i| {
            let (sin, cos) = (f64::from(i) * 72.0_f64).to_radians().sin_cos();
            [cos, sin]
        })
        .to_vec();
    assert!(Convex::new(star).is_none());
    assert!(Convex::new(vec![[0.0, 0.0], [2.0, 0.0], [0.5, 0.5], [0.0, 2.0]]).is_none());
    assert!(Convex::new(vec![[0.0, 0.0], [1.0, 0.0]]).is_none());
    assert!(Convex::new(vec![[0.0, 0.0], [1.0, 1.0], [2.0, 2.0]]).is_none());
    assert!(Convex::new(vec![[0.0, 0.0], [f64::NAN, 0.0], [0.0, 1.0]]).is_none());
    // Clockwise and closed will do.
    let square = Convex::new(vec![[0.0, 0.0], [0.0, 1.0], [1.0, 1.0], [1.0, 0.0], [0.0, 0.0]]).unwrap();
    assert_eq!(square.area(), 1.0);
}

/// A horseshoe whose legs are inside and whose bow is not: two pieces, joined by a bridge without area.
#[test]
fn pieces_add_up() {
    let horseshoe =
        [[0.0, 0.0], [1.0, 0.0], [1.0, 4.0], [3.0, 4.0], [3.0, 0.0], [4.0, 0.0], [4.0, 5.0], [0.0, 5.0]];
    let area = rectangle(-1.0, -1.0, 5.0, 2.0);
    assert_eq!(area.area_inside(&horseshoe), 4.0);
    assert_eq!(area.area_inside(&[]), 0.0);
}
