use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::{document, instant};

pub(crate) fn reading(id: &str) -> Reading {
    Reading {
        event_id: id.to_owned(),
        agency: None,
        updated: None,
        status: Status::Automatic,
        origin_time: instant::utc("2026-08-29T06:36:52").unwrap(),
        latitude: 29.2,
        longitude: 111.7,
        depth: Some(10_000.0),
        magnitude: Some(Magnitude { mag: 6.4, r#type: Some("Ms".to_owned()) }),
        place: None,
    }
}

#[test]
fn ids_agree_between_formats() {
    let check = |text: &str, expected: &str| assert_eq!(event_id(text).unwrap(), expected, "{text}");
    check("us7000abcd", "us7000abcd");
    check("quakeml:earthquake.usgs.gov/fdsnws/event/1/query?eventid=us7000abcd&format=quakeml", "us7000abcd");
    check("smi:webservices.ingv.it/fdsnws/event/1/query?eventId=30116321", "30116321");
    check("smi:org.gfz-potsdam.de/geofon/gfz2026abcd", "gfz2026abcd");
    check("smi:ch.ethz.sed/event/historical/1165/", "1165");
    check("smi:local/query?originid=5", "query?originid=5");
    check("CD.20260829063652.125", "CD.20260829063652.125");
    for wrong in ["", "smi:", "smi:a//", "two words", &"x".repeat(257), "a\u{0}b"] {
        let _: Result<String, String> = event_id(wrong);
    }
    assert!(event_id("two words").is_err() && event_id(&"x".repeat(257)).is_err() && event_id(" ").is_err());
}

#[test]
fn what_cannot_be_an_earthquake_is_refused_by_name() {
    let refused = |reading: Reading| reading.checked().unwrap_err();
    assert!(refused(Reading { latitude: 91.0, ..reading("a") }).contains("latitude 91"));
    assert!(refused(Reading { longitude: 181.0, ..reading("a") }).contains("longitude 181"));
    assert!(refused(Reading { latitude: f64::NAN, ..reading("a") }).contains("latitude"));
    assert!(refused(Reading { depth: Some(6.4e6), ..reading("a") }).contains("depth"));
    let loud = Some(Magnitude { mag: 64.0, r#type: None });
    assert!(refused(Reading { magnitude: loud, ..reading("a") }).contains("magnitude 64"));
    assert_eq!(metres(14.32), 14_320.0);
    assert_eq!(number(" 6.75 "), Some(6.75));
    for wrong in ["nan", "inf", "-infinity", "1e999", "", "6,4", "六"] {
        assert_eq!(number(wrong), None, "{wrong}");
    }
    let wordy = Reading { place: Some(" 湖南\n\u{7} 常德 ".to_owned()), ..reading("a") };
    assert_eq!(wordy.checked().unwrap().place.as_deref(), Some("湖南 常德"));
}

#[test]
fn without_an_update_time_reviewed_beats_automatic_and_deleted_beats_both() {
    let held = |status| Reading { status, ..reading("a") }.held_from();
    assert!(held(Status::Automatic) < held(Status::Reviewed));
    assert!(held(Status::Reviewed) < held(Status::Deleted));
}

#[test]
fn a_statement_speaks_the_data_standard() {
    let said = Reading { updated: Some(instant::utc("2026-08-29T06:44:43").unwrap()), ..reading("e1") }
        .checked()
        .unwrap()
        .statement("CENC", locate::in_bounding_box);
    assert_eq!(
        serde_json::to_string(&said.earthquake).unwrap(),
        r#"{"eventId":"e1","agency":"CENC","updated":"2026-08-29T06:44:43Z","status":"automatic","origin":{"time":"2026-08-29T06:36:52Z","latitude":29.2,"longitude":111.7,"depth":10000.0},"magnitude":{"mag":6.4,"type":"Ms"},"place":null}"#
    );
    assert_eq!((said.key.as_str(), said.time, said.region), ("e1", 1_787_985_883_000_000, "430000"));
}

/// Each distinct statement once: key, time and body.
type Statements = BTreeSet<(String, i64, String)>;

/// What the bus keeps, and the time of the newest statement of each key.
fn kept(deliveries: &[&str]) -> (Statements, BTreeMap<String, i64>) {
    let now = instant::utc("2026-09-01T00:00:00").unwrap();
    let mut all = BTreeSet::new();
    let mut newest = BTreeMap::new();
    for delivery in deliveries {
        for reading in document::decode(delivery.as_bytes(), now).unwrap().1.readings {
            let said = reading.statement("CENC", locate::in_bounding_box);
            let held = newest.entry(said.key.clone()).or_insert(said.time);
            *held = (*held).max(said.time);
            all.insert((said.key, said.time, serde_json::to_string(&said.earthquake).unwrap()));
        }
    }
    (all, newest)
}

proptest! {
    #[test]
    fn neither_order_nor_repetition_matters(
        deliveries in Just(vec![0usize, 1, 2, 3, 4]).prop_shuffle(),
        again in proptest::collection::vec(0usize..5, 0..8),
    ) {
        let documents = [
            include_str!("../../tests/data/quakeml/automatic.xml"),
            include_str!("../../tests/data/quakeml/reviewed.xml"),
            include_str!("../../tests/data/quakeml/deleted.xml"),
            include_str!("../../tests/data/usgs/summary.geojson"),
            include_str!("../../tests/data/cenc/eqlist.json"),
        ];
        let shuffled: Vec<&str> = deliveries.iter().chain(&again).map(|&at| documents[at]).collect();
        prop_assert_eq!(kept(&shuffled), kept(&documents));
    }
}
