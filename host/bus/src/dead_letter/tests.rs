#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

use async_nats::jetstream::message::StreamMessage;

use dongting_manifest::Region;

use super::*;

fn letter() -> DeadLetter {
    DeadLetter {
        installation: "quake-hunan".to_owned(),
        reason: "震级 is missing\r\nNats-Rollup: all".to_owned(),
        plugin: "earthquake@0.1.0#sha256:00".to_owned(),
        traceparent: String::new(),
        region: Some(Region::HUNAN),
        origin: Some(Origin {
            stream: "EM_BULK".to_owned(),
            stream_created: "2026-08-29T06:37:10.5Z".parse().unwrap(),
            sequence: 7,
            subject: "em.43.00.00.earthquake.observation.-".to_owned(),
        }),
        attributes: vec![("ce-id".to_owned(), "a%20b".to_owned())],
        content_type: "application/json".to_owned(),
        payload: b"{}".to_vec(),
    }
}

fn round_trip(letter: &DeadLetter) -> DeadLetter {
    let headers = wire::to_nats(&headers(letter, &letter.id()));
    let subject = format!("dead.{}", letter.installation).into();
    let payload = letter.payload.clone().into();
    stored(StreamMessage { subject, sequence: 1, headers, payload, time: async_nats::datetime::now() }).letter
}

#[test]
fn a_letter_is_read_as_written() {
    assert_eq!(round_trip(&letter()), letter());
    let document = DeadLetter { origin: None, region: None, attributes: Vec::new(), ..letter() };
    assert_eq!(round_trip(&document), document);
}

#[test]
fn a_letter_gives_the_server_no_orders() {
    let orders = [("Nats-Rollup", "all"), ("nats-expected-last-sequence", "1"), ("dt-reason", "forged")];
    let attributes = orders.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
    let headers = headers(&DeadLetter { attributes, ..letter() }, "id");
    let given: Vec<&str> =
        headers.iter().map(|(name, _)| name.as_str()).filter(|n| !n.starts_with("dt-")).collect();
    assert_eq!(given, ["Nats-Msg-Id"]);
    assert_eq!(headers.iter().filter(|(name, _)| name == "dt-reason").count(), 1);
}

#[test]
fn a_letter_has_one_id() {
    let id = letter().id();
    assert_eq!(DeadLetter { reason: "other".to_owned(), payload: b"x".to_vec(), ..letter() }.id(), id);
    assert_ne!(DeadLetter { installation: "other".to_owned(), ..letter() }.id(), id);
    let origin = Origin { sequence: 8, ..letter().origin.unwrap() };
    assert_ne!(DeadLetter { origin: Some(origin), ..letter() }.id(), id);
    let origin = Origin { stream_created: Timestamp::now(), ..letter().origin.unwrap() };
    assert_ne!(DeadLetter { origin: Some(origin), ..letter() }.id(), id);
    let document = DeadLetter { origin: None, ..letter() };
    assert_ne!(DeadLetter { payload: b"x".to_vec(), ..document.clone() }.id(), document.id());
}
