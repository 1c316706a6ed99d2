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
        document: None,
        content_type: "application/json".to_owned(),
        payload: b"{}".to_vec(),
    }
}

fn document() -> DeadLetter {
    let head = DocumentHead {
        transport: "file".to_owned(),
        name: Some(" 水位/\"gauge\" 7%.csv\r\nNats-Rollup: all\0".to_owned()),
        received: "2026-08-29T06:37:10.123456Z".parse().unwrap(),
    };
    let content_type = "text/csv; charset=\"gb18030\"".to_owned();
    DeadLetter { origin: None, attributes: Vec::new(), document: Some(head), content_type, ..letter() }
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
    assert_eq!(round_trip(&document()), document());
    let unnamed = document().document.map(|head| DocumentHead { name: None, ..head });
    let bare = DeadLetter { document: unnamed, region: None, content_type: String::new(), ..document() };
    assert_eq!(round_trip(&bare), bare);
}

/// It said nothing of how a document came, and wrote the same headers otherwise.
#[test]
fn a_letter_of_an_earlier_version_is_read() {
    let document =
        DeadLetter { document: None, content_type: "application/octet-stream".to_owned(), ..document() };
    let written = headers(&document, &document.id());
    let names: Vec<&str> = written.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["dt-reason", "dt-plugin", "dt-region", "dt-content-type", "Nats-Msg-Id"]);
    assert_eq!(round_trip(&document), document);
}

#[test]
fn what_is_too_long_of_a_document_is_cut() {
    let long = "洞".repeat(20_000);
    let name = Some(long.clone());
    let head = document().document.map(|head| DocumentHead { transport: long.clone(), name, ..head });
    let letter = DeadLetter {
        reason: long.clone(),
        plugin: long.clone(),
        traceparent: long.clone(),
        document: head,
        attributes: vec![("ce-id".to_owned(), "x".repeat(cloudevents::MAX_READ_BYTES / 2))],
        content_type: long.clone(),
        ..letter()
    };
    let bytes: usize =
        headers(&letter, "id").iter().map(|(name, value)| cloudevents::line(name.len(), value.len())).sum();
    assert!(bytes < 48 * 1024, "{bytes}");
    let read = round_trip(&letter);
    assert!(read.attributes.is_empty());
    let head = read.document.unwrap();
    assert_eq!(head.name.unwrap().chars().count(), MAX_DOCUMENT_BYTES / 9);
    assert_eq!(read.content_type.chars().count(), MAX_DOCUMENT_BYTES / 9);
    assert_eq!(head.transport.chars().count(), MAX_SAID_BYTES / 9);
    assert_eq!(Some(head.received), document().document.map(|head| head.received));
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
    assert_ne!(DeadLetter { payload: b"x".to_vec(), ..document() }.id(), document().id());
    // The same bytes are the same letter, however and whenever they came, and whatever version kept them.
    assert_eq!(document().id(), "91fa7abb9d464652771aded9b5e30acef2e11c4b");
    let unsaid = DeadLetter { document: None, content_type: String::new(), ..document() };
    assert_eq!(unsaid.id(), document().id());
}
