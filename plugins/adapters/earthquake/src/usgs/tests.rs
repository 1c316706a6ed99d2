use crate::document::tests::told;

#[test]
fn feeds() {
    let check = |json: &str, expected: &[&str]| assert_eq!(told(super::read(json)), expected, "{json}");
    check(
        include_str!("../../tests/data/usgs/summary.geojson"),
        &[
            "ex70001 Reviewed 2026-08-29T06:36:52.125Z | 29.21 111.68 14320 m | mww 6.75 | EX 2026-08-29T06:44:43Z | 14 km NW of Changde, China",
            "ex70002 Automatic 2026-08-29T06:46:40Z | 27.8 113.1 - | - | EX 2026-08-29T06:48:20Z | -",
            "ex70003 Deleted 2026-08-29T06:46:40Z | 27.8 113.1 10000 m | mb 5.6 | EX 2026-08-29T07:01:40Z | Zhuzhou",
            "! feature 4: duplicate field `mag` at line 1 column 62",
        ],
    );
    check(r#"{"type":"FeatureCollection","features":[]}"#, &[]);
    check(
        r#"{"type":"FeatureCollection","features":[],"features":[]}"#,
        &["the document is not a GeoJSON feed: duplicate field `features` at line 1 column 52"],
    );
    check(
        r#"{"type":"Feature","features":[]}"#,
        &["the document is not a GeoJSON feed: its type is `Feature`, not `FeatureCollection`"],
    );
    let feature = |properties: &str, coordinates: &str| {
        format!(
            r#"{{"type":"FeatureCollection","features":[{{"id":"a","properties":{properties},"geometry":{{"coordinates":{coordinates}}}}}]}}"#
        )
    };
    let time = r#"{"time":1787985412125,"mag":3}"#;
    check(&feature(time, "[112,91,5]"), &["! event a: latitude 91 is not within -90 to 90"]);
    check(&feature(time, "[112]"), &["! event a: its coordinates have no longitude and latitude"]);
    check(&feature(time, "[null,null,5]"), &["! event a: its coordinates have no longitude and latitude"]);
    check(
        &feature(r#"{"time":9223372036854775807}"#, "[112,28]"),
        &["! event a: 9223372036854775807 milliseconds since 1970 is no instant"],
    );
    check(
        &feature(r#"{"time":0,"status":"Status 1"}"#, "[112,28]"),
        &["! event a: its status is `status 1`, not automatic, reviewed or deleted"],
    );
    check(
        &feature(r#"{"time":0,"type":"not existing"}"#, "[112,28]"),
        &["a Deleted 1970-01-01T00:00:00Z | 28 112 - | - | - - | -"],
    );
}
