#![allow(clippy::indexing_slicing, reason = "tests")]

use serde_json::{Value, json};

use super::*;

/// Two counties side by side, one city around them: arc 0 is the border between, 1 the left side, 2 the right.
fn made() -> Value {
    json!({
        "type": "Topology",
        "transform": {"scale": [0.001, 0.001], "translate": [112.0, 28.0]},
        "arcs": [
            [[100, 0], [10, 50], [-10, 50]],
            [[100, 100], [-100, 0], [0, -100], [100, 0]],
            [[100, 0], [100, 0], [0, 100], [-100, 0]]
        ],
        "objects": {
            "counties": {"type": "GeometryCollection", "geometries": [
                {"type": "Polygon", "arcs": [[0, 1]], "properties": {"code": "430102"}},
                {"type": "MultiPolygon", "arcs": [[[2, -1]]], "properties": {"code": "430103"}}
            ]},
            "cities": {"type": "GeometryCollection", "geometries": [
                {"type": "Polygon", "arcs": [[1, 2]], "properties": {"code": "430100"}}
            ]}
        }
    })
}

fn regions(areas: &[(&str, f64)]) -> Vec<Expected> {
    areas.iter().map(|(code, area)| Expected { code: (*code).to_owned(), area: *area }).collect()
}

/// Checks the made topology after a change to it, and gives the complaint, or nothing.
fn complaint(change: impl Fn(&mut Value)) -> String {
    let mut topology = made();
    change(&mut topology);
    let cities = regions(&[("430100", 218.0)]);
    let counties = regions(&[("430102", 114.6), ("430103", 103.6)]);
    let topology: Topology = match serde_json::from_value(topology) {
        Ok(topology) => topology,
        Err(error) => return error.to_string(),
    };
    all(&topology, &cities, &counties).err().map(|error| format!("{error:#}")).unwrap_or_default()
}

#[test]
fn sound_boundaries_pass() {
    assert_eq!(complaint(|_| ()), "");
}

#[test]
fn each_damage_is_named() {
    type Case = (&'static str, fn(&mut Value));
    let cases: [Case; 8] = [
        ("a ring is not closed", |t| t["objects"]["counties"]["geometries"][0]["arcs"] = json!([[1]])),
        ("broken before arc 0", |t| t["objects"]["counties"]["geometries"][1]["arcs"] = json!([[[2, 0]]])),
        ("there is no arc 9", |t| t["objects"]["counties"]["geometries"][1]["arcs"] = json!([[[9]]])),
        ("[\"430103\"] are missing", |t| {
            t["objects"]["counties"]["geometries"][1]["properties"]["code"] = json!("430199");
        }),
        ("430102 is there twice", |t| {
            t["objects"]["counties"]["geometries"][1]["properties"]["code"] = json!("430102");
        }),
        ("county 430102 had", |t| t["arcs"][0] = json!([[100, 0], [40, 50], [-40, 50]])),
        ("two borders cross", |t| t["arcs"][0] = json!([[100, 0], [10, 50], [-6, -5], [8, -5], [-12, 60]])),
        ("there is no object cities", |t| {
            t["objects"].as_object_mut().map(|objects| objects.remove("cities"));
        }),
    ];
    for (wanted, change) in cases {
        let said = complaint(change);
        assert!(said.contains(wanted), "wanted {wanted:?}, was told {said:?}");
    }
}

#[test]
fn a_city_with_a_border_of_its_own_does_not_fit() {
    let said = complaint(|topology| {
        topology["arcs"] = json!([
            [[100, 0], [10, 50], [-10, 50]],
            [[100, 100], [-100, 0], [0, -100], [100, 0]],
            [[100, 0], [100, 0], [0, 100], [-100, 0]],
            [[100, 0], [100, 0], [0, 100], [-100, 0]]
        ]);
        topology["objects"]["cities"]["geometries"][0]["arcs"] = json!([[1, 3]]);
    });
    assert!(said.contains("bounds a city but no county"), "{said}");
}

#[test]
fn areas_are_in_square_kilometres() {
    // One degree each way at the equator: 12,364 km² on the sphere.
    let square = [vec![vec![[0.0, -0.5], [1.0, -0.5], [1.0, 0.5], [0.0, 0.5], [0.0, -0.5]]]];
    assert!((area(&square) - 12_364.0).abs() < 1.0, "{}", area(&square));
}
