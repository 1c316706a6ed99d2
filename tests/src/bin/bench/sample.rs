//! The inputs: the same bytes for every side.

use anyhow::{Context, Result};
use dongting_manifest::{Kind, Message, Region, Subject, Timestamp};

/// 2026-08-29T06:40:00Z, in microseconds.
pub const NOW: i64 = 1_787_985_600_000_000;
pub const TYPE: &str = "em.test.observation.v1";
pub const REGION: &str = "430000";
pub const TRACEPARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
pub const PLUGIN: &str = "bench@0.1.0#0000000000000000000000000000000000000000000000000000000000000000";

/// 1 KiB of JSON such as stations send: numbers, short texts, a list.
pub fn body(at: usize) -> Vec<u8> {
    let mut text = format!(r#"{{"station":"HN{at:05}","level":31.42,"status":"normal","readings":["#);
    let mut reading = 0;
    while text.len() < 960 {
        let comma = if reading == 0 { "" } else { "," };
        text.push_str(&format!(
            r#"{comma}{{"t":{},"v":{}.25}}"#,
            1_787_985_600 + reading * 300,
            30 + reading % 7
        ));
        reading += 1;
    }
    text.push_str(r#"],"note":""#);
    text.push_str(&"x".repeat(1024_usize.saturating_sub(text.len() + 2)));
    text.push_str("\"}");
    text.into_bytes()
}

pub fn key(at: usize) -> String {
    format!("HN{at:05}")
}

pub fn id(at: usize) -> String {
    dongting_manifest::message::id("bench", TYPE, &key(at), "1")
}

pub fn messages(count: usize) -> Result<Vec<Message>> {
    let now = Timestamp::from_micros(NOW).context("the sample's instant")?;
    let subject =
        Subject { region: Region::HUNAN, domain: "test".to_owned(), kind: Kind::Observation, detail: None };
    let message = |at| Message {
        id: id(at),
        source: "bench".to_owned(),
        r#type: TYPE.to_owned(),
        subject: subject.clone(),
        time: now,
        received: now,
        key: key(at),
        revision: "1".to_owned(),
        partition: key(at),
        causation: Vec::new(),
        plugin: PLUGIN.to_owned(),
        traceparent: TRACEPARENT.to_owned(),
        content_type: "application/json".to_owned(),
        extensions: Vec::new(),
        body: body(at),
    };
    Ok((0..count).map(message).collect())
}

/// A feed of the USGS with all the fields of a real one, those that the adapter does not read as well.
pub fn feed(events: usize) -> Vec<u8> {
    let features: Vec<String> = (0..events).map(feature).collect();
    format!(
        r#"{{"type":"FeatureCollection","metadata":{{"generated":1787985600000,"url":"http://localhost/earthquakes/feed/v1.0/summary/all_day.geojson","title":"Bench","status":200,"api":"1.10.3","count":{events}}},"features":[{}],"bbox":[-179.9,-60.1,0,179.9,70.2,600]}}"#,
        features.join(",")
    )
    .into_bytes()
}

fn feature(at: usize) -> String {
    let millis = 1_787_900_000_000 + at as i64 * 600_000;
    let longitude = 108.8 + at as f64 * 0.05;
    let latitude = 24.7 + at as f64 * 0.05;
    let magnitude = 2.5 + (at % 40) as f64 / 10.0;
    format!(
        r#"{{"type":"Feature","properties":{{"mag":{magnitude:.1},"place":"{at} km NW of Changde, China","time":{millis},"updated":{},"tz":null,"url":"http://localhost/earthquakes/eventpage/us7000{at:04}","detail":"http://localhost/earthquakes/feed/v1.0/detail/us7000{at:04}.geojson","felt":null,"cdi":null,"mmi":null,"alert":null,"status":"reviewed","tsunami":0,"sig":291,"net":"us","code":"7000{at:04}","ids":",us7000{at:04},","sources":",us,","types":",origin,phase-data,","nst":43,"dmin":0.92,"rms":0.61,"gap":88,"magType":"mb","type":"earthquake","title":"M {magnitude:.1} - {at} km NW of Changde, China"}},"geometry":{{"type":"Point","coordinates":[{longitude:.4},{latitude:.4},10.5]}},"id":"us7000{at:04}"}}"#,
        millis + 900_000
    )
}
