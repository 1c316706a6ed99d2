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
