use proptest::prelude::*;

use crate::geo::{Boundaries, TopologyError};

/// Two counties that share a border (arc 0, from 111,28 to 111,29), the western one with a hole (arc 3) that is the
/// third county, and an island of the eastern one (arc 4). Quantized to 0.001°.
const DOCUMENT: &str = r#"{
  "type": "Topology",
  "transform": { "scale": [0.001, 0.001], "translate": [110, 28] },
  "objects": {
    "counties": { "type": "GeometryCollection", "geometries": [
      { "type": "MultiPolygon", "properties": { "code": "430703", "name": "东" }, "arcs": [[[-1, 2]], [[4]]] },
      { "type": "Polygon", "properties": { "code": "430702" }, "arcs": [[0, 1], [3]] },
      { "type": "Polygon", "properties": { "code": "430704" }, "arcs": [[3]] }
    ] },
    "cities": { "type": "GeometryCollection", "geometries": [
      { "type": "Polygon", "properties": { "code": "430700" }, "arcs": [[2, 1]] }
    ] }
  },
  "arcs": [
    [[1000, 0], [7, 500], [-7, 500]],
    [[1000, 1000], [-1000, 0], [0, -1000], [1000, 0]],
    [[1000, 0], [1000, 0], [0, 1000], [-1000, 0]],
    [[400, 400], [0, 200], [200, 0], [0, -200], [-200, 0]],
    [[3000, 0], [500, 0], [0, 500], [-500, 0], [0, -500]]
  ]
}"#;

fn counties() -> Boundaries {
    Boundaries::from_topojson(DOCUMENT.as_bytes(), "counties").unwrap()
}

#[test]
fn regions_have_their_rings_holes_and_islands() {
    let counties = counties();
    let codes: Vec<&str> = counties.regions.iter().map(|region| region.code.as_str()).collect();
    assert_eq!(codes, ["430702", "430703", "430704"]);
    let west = counties.region("430702").unwrap();
    assert_eq!(west.polygons.len(), 1);
    assert_eq!(west.polygons[0].rings.len(), 2);
    assert_eq!(west.polygons[0].rings[0].first(), Some(&[111.0, 28.0]));
    let hole = counties.region("430704").unwrap();
    assert!(west.area_km2 > 10_000.0 && hole.area_km2 > 400.0);
    let city = Boundaries::from_topojson(DOCUMENT.as_bytes(), "cities").unwrap();
    let east = counties.region("430703").unwrap();
    let island = 2700.0;
    let sum = west.area_km2 + hole.area_km2 + east.area_km2;
    assert!((sum - city.regions[0].area_km2 - island).abs() < 50.0, "{sum}");
    assert!(counties.region("430705").is_none());
}

#[test]
fn points_are_found() {
    let counties = counties();
    let at = |longitude, latitude| counties.locate(longitude, latitude);
    assert_eq!(at(110.2, 28.5), Some("430702"));
    assert_eq!(at(110.5, 28.5), Some("430704"));
    assert_eq!(at(111.5, 28.5), Some("430703"));
    assert_eq!(at(113.2, 28.2), Some("430703"));
    assert_eq!(at(112.5, 28.2), None);
    assert_eq!(at(111.003, 28.5), Some("430702"));
    // On the borders: the region to the east has them.
    assert_eq!(at(111.007, 28.5), Some("430703"));
    assert_eq!(at(110.4, 28.5), Some("430704"));
    assert_eq!(at(110.6, 28.5), Some("430702"));
    assert_eq!(at(f64::NAN, 28.5), None);
}

proptest! {
    /// Along the shared border, corners included, every point is in exactly one region.
    #[test]
    fn a_border_point_has_one_region(part in 0.0..1.0_f64, nudge in -2..=2_i32) {
        let counties = counties();
        let (from, to) = if part < 0.5 { ([111.0, 28.0], [111.007, 28.5]) } else { ([111.007, 28.5], [111.0, 29.0]) };
        let part = (part * 2.0).fract();
        let x: f64 = from[0] + part * (to[0] - from[0]);
        let x = x + f64::from(nudge) * f64::EPSILON * 64.0;
        let y = from[1] + part * (to[1] - from[1]);
        let homes = counties.regions.iter().filter(|region| region.contains([x, y])).count();
        prop_assert_eq!(homes, 1);
    }

    #[test]
    fn no_bytes_are_too_strange(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(Boundaries::from_topojson(&bytes, "counties").is_err());
    }

    /// One character changed: an answer or an error, never a panic.
    #[test]
    fn no_damage_is_too_strange(at in 0..DOCUMENT.len(), byte in b' '..b'~') {
        let mut bytes = DOCUMENT.as_bytes().to_vec();
        bytes[at] = byte;
        let _ = Boundaries::from_topojson(&bytes, "counties");
    }
}

#[test]
fn what_is_wrong_is_said() {
    let said = |from: &str, to: &str| {
        let document = DOCUMENT.replace(from, to);
        assert_ne!(document, DOCUMENT, "{from} is not in the document");
        Boundaries::from_topojson(document.as_bytes(), "counties").unwrap_err().to_string()
    };
    let cases = [
        ("\"Topology\"", "\"FeatureCollection\"", "`type` is `FeatureCollection`"),
        ("\"arcs\": [\n", "\"bows\": [\n", "missing field `arcs`"),
        ("\"counties\":", "\"districts\":", "no layer `counties`: there are cities, districts"),
        ("\"430704\"", "\"430702\"", "region `430702` is there twice"),
        ("\"code\": \"430704\"", "\"adcode\": 430704", "missing field `code`"),
        ("\"430704\"", "\"\"", "1 to 32 bytes"),
        ("[[0, 1], [3]]", "[[0, 1], [9]]", "names arc 9 of 5"),
        ("[[0, 1], [3]]", "[[0, -9223372036854775808], [3]]", "names arc 9223372036854775807"),
        ("[[0, 1], [3]]", "[[0, 4], [3]]", "does not begin where"),
        ("[[0, 1], [3]]", "[[0], [3]]", "not closed"),
        ("\"arcs\": [[3]]", "\"arcs\": []", "has no ring"),
        ("[110, 28]", "[179, 28]", "is no place on Earth"),
        ("[0.001, 0.001]", "[1e308, 0.001]", "is no place on Earth"),
        (
            "\"type\": \"Polygon\", \"properties\": { \"code\": \"430704\" }",
            "\"type\": \"Point\"",
            "unknown variant",
        ),
    ];
    for (from, to, expected) in cases {
        let said = said(from, to);
        assert!(said.contains(expected), "{from} → {to}: {said}");
    }
    let long = vec![b' '; 17 * 1024 * 1024];
    assert_eq!(Boundaries::from_topojson(&long, "counties"), Err(TopologyError::TooLong(long.len())));
}

/// 20 KB that would be 5 million positions.
#[test]
fn an_arc_named_too_often_is_refused() {
    let square = "[[0,0],[1,0],[0,1],[-1,0],[0,-1]]";
    let wiggle = vec!["[0,0]"; 1000].join(",");
    let names = vec!["0"; 5000].join(",");
    let document = format!(
        r#"{{"type":"Topology","transform":{{"scale":[1,1],"translate":[0,0]}},"objects":{{"counties":{{"geometries":[
        {{"type":"Polygon","properties":{{"code":"1"}},"arcs":[[{names}],[1]]}}]}}}},"arcs":[[{wiggle}],{square}]}}"#
    );
    let refused = Boundaries::from_topojson(document.as_bytes(), "counties");
    assert_eq!(refused, Err(TopologyError::TooMany("counties".into())));
}

#[test]
fn unquantized_arcs_are_positions() {
    let document = br#"{"type":"Topology","objects":{"counties":{"geometries":[
        {"type":"Polygon","properties":{"code":"430102"},"arcs":[[0]]}]}},
        "arcs":[[[112.9,28.1],[113.1,28.1],[113.1,28.3],[112.9,28.1]]]}"#;
    let counties = Boundaries::from_topojson(document, "counties").unwrap();
    assert_eq!(counties.locate(113.0, 28.15), Some("430102"));
}
