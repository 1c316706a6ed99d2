//! The pure part against files: what the feed answers, and what must come of it.

use plugin_crate::feed;
use serde_json::{Value, json};

#[test]
fn the_page_is_read_as_it_was_agreed() {
    let page = feed::read(include_bytes!("../samples/page.json")).unwrap();
    let levels: Vec<Value> = page
        .levels
        .iter()
        .map(|level| json!({ "region": level.region, "data": level.payload() }))
        .collect();
    let reasons: Vec<&str> = page
        .rejects
        .iter()
        .map(|(reason, _)| reason.as_str())
        .collect();
    let read = json!({ "levels": levels, "rejects": reasons, "next": page.next });
    let wanted: Value = serde_json::from_str(include_str!("data/page.json")).unwrap();
    assert_eq!(read, wanted);
}

#[test]
fn the_cursor_is_part_of_the_address() {
    assert_eq!(
        feed::request("http://feed/levels", None),
        "http://feed/levels"
    );
    assert_eq!(
        feed::request("http://feed/levels?a=1", Some("7 &")),
        "http://feed/levels?a=1&after=7%20%26"
    );
}

#[test]
fn what_is_no_page_is_refused() {
    assert!(feed::read(b"<html>").is_err());
    assert!(feed::read(b"{}").is_err());
}

/// A draft for a region that cannot be is a fault of the whole page: it is refused here, by itself.
#[test]
fn a_region_that_cannot_be_is_refused_alone() {
    for (region, good) in [
        ("430102", true),
        ("430100", true),
        ("430000", true),
        ("430002", false),
        ("000000", false),
        ("43010", false),
        ("4301\u{661}\u{662}", false),
    ] {
        let item = json!({ "reservoir": "R1", "region": region, "time": "2026-08-29T00:00:00Z", "level_m": 1.0 });
        let page = feed::read(json!({ "items": [item] }).to_string().as_bytes()).unwrap();
        assert_eq!(page.levels.len(), usize::from(good), "{region}");
        let reasons: Vec<&str> = page
            .rejects
            .iter()
            .map(|(reason, _)| reason.as_str())
            .collect();
        assert_eq!(reasons.is_empty(), good, "{region}: {reasons:?}");
    }
}
