//! `dongting-bus` against a real nats-server.

mod consumer;
mod dead_letter;
mod kill;
mod lane;
mod publish;
mod scan;
mod server;
mod tail;
mod trap;

use dongting_manifest::message;
use dongting_manifest::{Kind, Message, Region, Subject, Timestamp};

/// Message number `n` of `kind` in `region`.
fn message(region: &str, kind: Kind, n: usize) -> Message {
    let region: Region = region.parse().unwrap();
    let key = format!("reading {n}");
    let r#type = format!("em.water.{kind}.v1");
    Message {
        id: message::id("station", &r#type, &key, "1"),
        source: "station".to_owned(),
        r#type,
        subject: Subject { region, domain: "water".to_owned(), kind, detail: None },
        time: "2026-08-29T06:36:52Z".parse().unwrap(),
        received: Timestamp::now(),
        key,
        revision: "1".to_owned(),
        partition: "station".to_owned(),
        causation: Vec::new(),
        plugin: "water@0.1.0#sha256:00".to_owned(),
        traceparent: String::new(),
        content_type: "application/json".to_owned(),
        extensions: vec![("quality".to_owned(), "良好".to_owned())],
        body: format!("{{\"n\":{n}}}").into_bytes(),
    }
}

pub fn observations(range: std::ops::Range<usize>) -> Vec<Message> {
    range.map(|n| message("430100", Kind::Observation, n)).collect()
}
