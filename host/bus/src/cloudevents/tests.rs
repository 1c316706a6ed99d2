#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

use dongting_manifest::{Kind, Timestamp};
use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

fn earthquake() -> Message {
    Message {
        id: "4f0c".to_owned(),
        source: "ceic".to_owned(),
        r#type: "em.earthquake.observation.v1".to_owned(),
        subject: "em.43.07.26.earthquake.observation.-".parse().unwrap(),
        time: "2026-08-29T14:36:52+08:00".parse().unwrap(),
        received: "2026-08-29T06:37:10.5Z".parse().unwrap(),
        key: "石门 2026-08-29".to_owned(),
        revision: "1".to_owned(),
        partition: "石门".to_owned(),
        causation: vec!["a".to_owned(), "b".to_owned()],
        plugin: "earthquake@0.1.0#sha256:00".to_owned(),
        traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".to_owned(),
        content_type: "application/json".to_owned(),
        extensions: vec![("quality".to_owned(), "良".to_owned())],
        body: br#"{"magnitude":4.1}"#.to_vec(),
    }
}

fn set(headers: &mut Headers, name: &str, value: &str) {
    headers.retain(|(other, _)| !other.eq_ignore_ascii_case(name));
    headers.push((name.to_owned(), value.to_owned()));
}

#[test]
fn the_headers_of_a_message() {
    let headers = encode(&earthquake()).unwrap();
    let expected = [
        ("ce-specversion", "1.0"),
        ("ce-id", "4f0c"),
        ("ce-source", "ceic"),
        ("ce-type", "em.earthquake.observation.v1"),
        ("ce-subject", "em.43.07.26.earthquake.observation.-"),
        ("ce-time", "2026-08-29T06:36:52Z"),
        ("ce-region", "430726"),
        ("ce-received", "2026-08-29T06:37:10.5Z"),
        ("ce-key", "%E7%9F%B3%E9%97%A8%202026-08-29"),
        ("ce-revision", "1"),
        ("ce-datacontenttype", "application/json"),
        ("ce-partitionkey", "%E7%9F%B3%E9%97%A8"),
        ("ce-causationid", "a,b"),
        ("ce-plugin", "earthquake@0.1.0#sha256:00"),
        ("ce-traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
        ("ce-quality", "%E8%89%AF"),
        ("Nats-Msg-Id", "4f0c"),
    ];
    assert_eq!(headers, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
}

#[test]
fn percent_encoding_as_the_binding_has_it() {
    assert_eq!(percent::encode("Euro € 😀"), "Euro%20%E2%82%AC%20%F0%9F%98%80");
    for (written, read) in [
        ("Euro%20%E2%82%AC%20%F0%9F%98%80", Some("Euro € 😀")),
        ("%e2%82%ac", Some("€")),
        ("%41BC", Some("ABC")),
        ("%2541", Some("%41")),
        (r#""a \"b\" \\ %41""#, Some(r#"a "b" \ A"#)),
        (" padded\t", Some("padded")),
        ("%C0%A0", None),
        ("%FF", None),
        ("100%", None),
        ("%4", None),
        ("%zz", None),
        (r#""open"#, None),
        (r#""a" b"#, None),
    ] {
        assert_eq!(percent::decode(written).as_deref(), read, "{written}");
    }
}

#[test]
fn what_is_cut_is_the_longest_that_fits() {
    for (value, bytes, cut) in [
        ("abc", 3, "abc"),
        ("abc", 2, "ab"),
        ("石门", 18, "石门"),
        ("石门", 17, "石"),
        ("a 石", 4, "a "),
        ("石", 8, ""),
        ("", 0, ""),
    ] {
        assert_eq!(percent::cut(value, bytes), cut, "{value} {bytes}");
    }
}

#[test]
fn header_names_are_case_insensitive_and_foreign_headers_ignored() {
    let message = earthquake();
    let mut headers: Headers = encode(&message)
        .unwrap()
        .into_iter()
        .map(|(name, value)| (name.replace("ce-", "CE-").replace("time", "Time"), value))
        .collect();
    headers.push(("X-Anything".to_owned(), "%".to_owned()));
    assert_eq!(decode(&message.subject.to_string(), &headers, &message.body).unwrap(), message);
}

#[test]
fn what_is_wrong_is_named() {
    let message = earthquake();
    let subject = message.subject.to_string();
    let check = |change: &dyn Fn(&mut Headers), says: &str| {
        let mut headers = encode(&message).unwrap();
        change(&mut headers);
        let error = decode(&subject, &headers, &message.body).unwrap_err().to_string();
        assert!(error.contains(says), "{error:?} should say {says:?}");
    };
    for name in
        ["id", "source", "specversion", "type", "subject", "time", "region", "received", "key", "revision"]
    {
        let header = format!("ce-{name}");
        check(&|headers| headers.retain(|(other, _)| *other != header), &format!("`{header}` is missing"));
        check(&|headers| set(headers, &header, ""), &format!("`{header}` is empty"));
        check(&|headers| headers.push((header.to_uppercase(), "1".to_owned())), "given twice");
        check(&|headers| set(headers, &header, "%C0%A0"), "not percent-encoded UTF-8");
    }
    check(&|headers| set(headers, "ce-specversion", "0.3"), "`0.3`");
    check(
        &|headers| set(headers, "ce-subject", "em.43.01.00.earthquake.observation.-"),
        "but the message came on",
    );
    check(&|headers| set(headers, "ce-region", "430100"), "ce-region says `430100`");
    check(&|headers| set(headers, "ce-time", "yesterday"), "`ce-time` is no instant");
    check(&|headers| set(headers, "ce-causationid", "a,,b"), "an empty one");
    check(&|headers| set(headers, "ce-causationid", &vec!["a"; 257].join(",")), "257 messages");
    check(&|headers| set(headers, "ce-not_a_name", "1"), "no CloudEvents attribute");
    check(&|headers| set(headers, "ce-data", "1"), "no CloudEvents attribute");
    check(&|headers| set(headers, "Content-Type", "Application/CloudEvents+json"), "structured mode");
    check(&|headers| set(headers, "ce-long", &"x".repeat(MAX_READ_BYTES)), "more than 41984");

    let headers = encode(&message).unwrap();
    let error = decode(&subject, &headers, &vec![0; MAX_BODY_BYTES + 1]).unwrap_err();
    assert!(matches!(error, DecodeError::Body { bytes } if bytes == MAX_BODY_BYTES + 1));
    let mut headers = headers;
    set(&mut headers, "ce-subject", "raw.x");
    assert!(matches!(decode("raw.x", &headers, b""), Err(DecodeError::Subject(_))));
}

#[test]
fn what_cannot_be_written_is_refused() {
    let check = |change: &dyn Fn(&mut Message), expected: EncodeError| {
        let mut message = earthquake();
        change(&mut message);
        assert_eq!(super::check(&message).unwrap_err(), expected);
        assert_eq!(encode(&message).unwrap_err(), expected);
    };
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    check(&|m| m.key.clear(), EncodeError::Empty("key"));
    check(&|m| m.extensions = vec![pair("Drill", "1")], EncodeError::Extension("Drill".to_owned()));
    check(&|m| m.extensions = vec![pair("plugin", "1")], EncodeError::Extension("plugin".to_owned()));
    check(
        &|m| m.extensions = vec![pair("a", "1"), pair("b", "2"), pair("a", "3")],
        EncodeError::ExtensionValue("a".to_owned()),
    );
    check(&|m| m.causation = vec!["a,b".to_owned()], EncodeError::CausationId("a,b".to_owned()));
    check(&|m| m.causation = vec!["a".to_owned(); 257], EncodeError::Causation { count: 257 });
    check(&|m| m.body = vec![0; MAX_BODY_BYTES + 1], EncodeError::Body { bytes: MAX_BODY_BYTES + 1 });
    let mut message = earthquake();
    message.extensions = vec![pair("note", &"洞".repeat(10_000))];
    let refused = encode(&message).unwrap_err();
    assert!(matches!(refused, EncodeError::Headers { bytes } if bytes > 90_000));
    assert_eq!(super::check(&message), Err(refused));
}

fn any_message() -> impl Strategy<Value = Message> {
    let text = || "\\PC{1,40}";
    let wild = || "[^\\x00\n]{1,40}";
    let instant = || (0i64..4_102_444_800_000_000).prop_map(|micros| Timestamp::from_micros(micros).unwrap());
    let subject =
        ("[a-z][a-z0-9-]{0,31}", 0..Kind::ALL.len(), proptest::option::of("[a-z0-9]{1,32}")).prop_map(
            |(domain, kind, detail)| Subject { region: Region::HUNAN, domain, kind: Kind::ALL[kind], detail },
        );
    let names = proptest::collection::btree_map("x[a-z0-9]{0,18}", wild(), 0..5);
    (
        (wild(), text(), "[a-z.]{1,20}", subject, instant(), instant(), wild(), wild()),
        ("[^\\x00\n]{0,20}", vec("[^,\\x00]{1,20}", 0..20), text(), "[0-9a-f-]{0,55}", "[a-z/]{0,20}", names, vec(any::<u8>(), 0..64)),
    )
        .prop_map(|((id, source, r#type, subject, time, received, key, revision), rest)| {
            let (partition, causation, plugin, traceparent, content_type, extensions, body) = rest;
            let extensions = extensions.into_iter().collect();
            #[rustfmt::skip]
            let message = Message {
                id, source, r#type, subject, time, received, key, revision, partition, causation, plugin, traceparent,
                content_type, extensions, body,
            };
            message
        })
}

proptest! {
    #[test]
    fn a_message_is_read_as_written(message in any_message()) {
        prop_assert_eq!(super::check(&message), Ok(()));
        let mut headers = encode(&message).unwrap();
        for (_, value) in &headers {
            prop_assert!(value.bytes().all(|b| (0x21..=0x7e).contains(&b)), "{value}");
        }
        headers.reverse();
        prop_assert_eq!(decode(&message.subject.to_string(), &headers, &message.body).unwrap(), message);
    }

    #[test]
    fn hostile_headers_never_panic(
        subject in ".{0,40}",
        headers in vec(("(ce-|CE-)?(id|type|time|subject|.{0,10})", "[%\"\\\\0-9a-zé]{0,20}"), 0..20),
        payload in vec(any::<u8>(), 0..64),
    ) {
        let _ = decode(&subject, &headers, &payload);
        for (_, value) in &headers {
            let _ = percent::decode(value);
        }
    }
}

/// PostgreSQL keeps no text with a NUL: what has one would stop whoever reads the lane into it.
#[test]
fn a_nul_is_neither_written_nor_read() {
    let mut message = earthquake();
    message.key = "a\0b".to_owned();
    assert_eq!(encode(&message), Err(EncodeError::Nul("key".to_owned())));
    assert_eq!(super::check(&message), Err(EncodeError::Nul("key".to_owned())));
    message.key = "a".to_owned();
    let mut headers = encode(&message).unwrap();
    set(&mut headers, "ce-key", "a%00b");
    let read = decode(&message.subject.to_string(), &headers, &message.body);
    assert!(matches!(&read, Err(DecodeError::Nul(name)) if name == "key"), "{read:?}");
}
