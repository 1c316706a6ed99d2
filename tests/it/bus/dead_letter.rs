use std::time::Duration;

use dongting_bus::{Bus, ConsumerOptions, PublishError, Start, cloudevents};
use dongting_manifest::dead_letter::DocumentHead;
use dongting_manifest::{DeadLetter, Kind, Lane, Region};
use dongting_tests::nats::{DEADLINE, Nats, small};

use super::message;

fn document(n: u8) -> DeadLetter {
    DeadLetter {
        installation: "quake-hunan".to_owned(),
        reason: format!("第 {n} 份文件无法解析: no <event>"),
        plugin: "earthquake@0.1.0#sha256:00".to_owned(),
        traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".to_owned(),
        region: Some(Region::HUNAN),
        origin: None,
        attributes: Vec::new(),
        document: Some(DocumentHead {
            transport: "http".to_owned(),
            name: Some(format!("文件 {n}.xml")),
            received: "2026-08-29T06:37:10.5Z".parse().unwrap(),
        }),
        content_type: "application/xml".to_owned(),
        payload: vec![n; 10],
    }
}

#[tokio::test]
async fn letters_are_kept_once_and_read_newest_first() {
    let nats = Nats::start().await.unwrap();
    assert!(nats.bus.dead_letters(None, None, 10).await.unwrap().is_empty());
    for n in 0..5 {
        assert!(!nats.bus.dead_letter(&document(n)).await.unwrap().duplicate);
    }
    assert!(nats.bus.dead_letter(&document(3)).await.unwrap().duplicate);
    let letters = nats.bus.dead_letters(None, None, 3).await.unwrap();
    let read: Vec<_> = letters.iter().map(|stored| (stored.sequence, stored.letter.clone())).collect();
    let listed = |n| DeadLetter { payload: Vec::new(), ..document(n) };
    assert_eq!(read, [(5, listed(4)), (4, listed(3)), (3, listed(2))]);
    assert_eq!(letters[0].bytes, 10);
    assert!(nats.bus.dead_letters(Some("another"), None, 3).await.unwrap().is_empty());
    assert_eq!(nats.bus.dead_letters(Some("quake-hunan"), None, 1).await.unwrap().len(), 1);
}

#[tokio::test]
async fn the_newest_of_few_are_found_among_many() {
    let nats = Nats::start().await.unwrap();
    let rare = |n| DeadLetter { installation: "rare".to_owned(), ..document(n) };
    // 1 and 2, 63 and 64, and 125.
    for n in 0..120 {
        if n % 60 == 0 {
            nats.bus.dead_letter(&rare(n)).await.unwrap();
            nats.bus.dead_letter(&rare(n + 1)).await.unwrap();
        }
        nats.bus.dead_letter(&document(n)).await.unwrap();
    }
    nats.bus.dead_letter(&rare(120)).await.unwrap();
    for discarded in (70..120).chain([64]) {
        assert!(nats.bus.discard_dead_letter(discarded).await.unwrap());
    }
    let listed = async |installation, before, limit| -> Vec<u64> {
        let letters = nats.bus.dead_letters(installation, before, limit).await.unwrap();
        letters.iter().map(|one| one.sequence).collect()
    };
    assert_eq!(listed(Some("rare"), None, 3).await, [125, 63, 2]);
    assert_eq!(listed(Some("rare"), Some(63), 3).await, [2, 1]);
    assert_eq!(listed(Some("rare"), Some(1), 3).await, [0; 0]);
    assert_eq!(listed(Some("rare"), Some(1_000), 1).await, [125]);
    assert_eq!(listed(Some("*"), None, 3).await, [0; 0]);
    assert_eq!(listed(None, None, 8).await, [125, 124, 123, 122, 121, 120, 69, 68]);
    assert_eq!(listed(None, Some(5), 1_000).await, [4, 3, 2, 1]);
    let mut raw = nats.raw().await.unwrap();
    let left = raw.request("$JS.API.STREAM.INFO.DEAD", &[], "").await.unwrap();
    assert_eq!(left["state"]["consumer_count"], 0, "nothing stays of a list: {left}");
}

#[tokio::test]
async fn a_letter_is_read_whole_and_discarded_once() {
    let nats = Nats::start().await.unwrap();
    for n in 0..3 {
        nats.bus.dead_letter(&document(n)).await.unwrap();
    }
    assert_eq!(nats.bus.dead_letter_at(2).await.unwrap().unwrap().letter, document(1));
    assert!(nats.bus.discard_dead_letter(2).await.unwrap());
    assert!(!nats.bus.discard_dead_letter(2).await.unwrap());
    assert!(!nats.bus.discard_dead_letter(99).await.unwrap());
    assert_eq!(nats.bus.dead_letter_at(2).await.unwrap(), None);
    let left: Vec<_> =
        nats.bus.dead_letters(None, None, 10).await.unwrap().iter().map(|one| one.sequence).collect();
    assert_eq!(left, [3, 1]);
}

/// JetStream takes 65,535 bytes of headers. What a hostile sender or a plugin says must not keep its letter from being stored.
#[tokio::test]
async fn a_letter_that_says_too_much_is_kept_all_the_same() {
    let nats = Nats::start().await.unwrap();
    let long = "洞".repeat(20_000);
    let attribute = |n: usize| (format!("ce-a{n}"), "x".repeat(10_000));
    let letter = DeadLetter {
        reason: long.clone(),
        traceparent: long.clone(),
        content_type: long.clone(),
        attributes: (0..6).map(attribute).collect(),
        document: None,
        ..document(1)
    };
    nats.bus.dead_letter(&letter).await.unwrap();
    let kept = nats.bus.dead_letter_at(1).await.unwrap().unwrap().letter;
    assert_eq!(kept.payload, letter.payload);
    assert_eq!(kept.attributes, letter.attributes[..4]);
    assert_eq!(kept.reason.chars().count(), 12 * 1024 / 9);
    assert!(long.starts_with(&kept.reason));
    let head =
        DocumentHead { transport: long.clone(), name: Some(long.clone()), ..document(2).document.unwrap() };
    let of_a_document = DeadLetter { document: Some(head), payload: vec![2], ..letter };
    nats.bus.dead_letter(&of_a_document).await.unwrap();
    let kept = nats.bus.dead_letter_at(2).await.unwrap().unwrap().letter;
    assert!(long.starts_with(&kept.document.unwrap().name.unwrap()));
}

#[tokio::test]
async fn a_large_letter_is_kept_whole_and_a_huge_one_refused() {
    let nats = Nats::start().await.unwrap();
    let large = DeadLetter { payload: vec![b'x'; 7 << 20], ..document(0) };
    nats.bus.dead_letter(&large).await.unwrap();
    assert_eq!(nats.bus.dead_letter_at(1).await.unwrap().unwrap().letter, large);
    let huge = DeadLetter { payload: vec![b'x'; 9 << 20], ..document(0) };
    let error = nats.bus.dead_letter(&huge).await.unwrap_err();
    assert!(matches!(error, PublishError::TooLarge { limit: 8_388_608, .. }), "{error}");
}

#[tokio::test]
async fn no_letter_makes_room_for_another() {
    let nats = Nats::start().await.unwrap();
    let mut limits = small();
    limits.dead.max_bytes = 4096;
    let bus = Bus::connect(&nats.server.url(), nats.server.credentials(), &limits).await.unwrap();
    let letter = |n| DeadLetter { payload: vec![n; 3000], ..document(n) };
    bus.dead_letter(&letter(0)).await.unwrap();
    let error = bus.dead_letter(&letter(1)).await.unwrap_err();
    assert!(matches!(error, PublishError::Full { stream: "DEAD" }), "{error:?}");
    assert_eq!(bus.dead_letter_at(1).await.unwrap().unwrap().letter, letter(0));
    assert_eq!(bus.dead_letters(None, None, 10).await.unwrap().len(), 1);
}

/// What a stranger put on the bus comes as an error, is kept with its attributes, and stops nothing behind it.
#[tokio::test]
async fn a_message_that_is_none_of_ours() {
    let nats = Nats::start().await.unwrap();
    let mut raw = nats.raw().await.unwrap();
    let subject = "em.43.01.00.water.observation.-";
    let headers = [("Ce-Id", "1"), ("ce-source", "caf%C3%A9"), ("Ce-Subject", subject), ("X-Other", "y")];
    let ack = raw.request(subject, &headers, "not ours").await.unwrap();
    assert_eq!(ack["seq"], 1, "{ack}");
    let ours = message("430100", Kind::Observation, 1);
    nats.bus.publish(std::slice::from_ref(&ours)).await.remove(0).unwrap();

    let filters = vec!["em.43.*.*.*.observation.*".to_owned()];
    let options = ConsumerOptions { start: Start::All, ..ConsumerOptions::new("flood", Lane::Bulk, filters) };
    let consumer = nats.bus.consumer(&options).await.unwrap();
    let deliveries = consumer.fetch(2, DEADLINE).await.unwrap();
    let reason = deliveries[0].message.as_ref().unwrap_err().to_string();
    assert_eq!(reason, "the header `ce-specversion` is missing");
    assert_eq!(deliveries[1].message.as_ref().unwrap(), &ours);
    for (delivery, reason) in deliveries.iter().zip([reason.as_str(), "反复失败"]) {
        let letter = DeadLetter {
            installation: "flood".to_owned(),
            reason: reason.to_owned(),
            plugin: String::new(),
            traceparent: String::new(),
            region: None,
            origin: Some(delivery.origin.clone()),
            attributes: delivery.headers.clone(),
            document: None,
            content_type: String::new(),
            payload: delivery.payload.to_vec(),
        };
        nats.bus.dead_letter(&letter).await.unwrap();
        assert!(nats.bus.dead_letter(&letter).await.unwrap().duplicate);
        delivery.term(reason).await.unwrap();
    }
    assert!(consumer.fetch(2, Duration::from_millis(100)).await.unwrap().is_empty());
    let letters = nats.bus.dead_letters(None, None, 10).await.unwrap();
    assert_eq!(letters.len(), 2);
    let whole = async |sequence| nats.bus.dead_letter_at(sequence).await.unwrap().unwrap().letter;
    let stranger = whole(1).await;
    assert_eq!(stranger.payload, b"not ours");
    let mut kept: Vec<&str> = stranger.attributes.iter().map(|(name, _)| name.as_str()).collect();
    kept.sort_unstable();
    assert_eq!(kept, ["Ce-Id", "Ce-Subject", "ce-source"]);
    // A letter holds all that its message was.
    let DeadLetter { origin, attributes, payload, .. } = whole(2).await;
    assert_eq!(cloudevents::decode(&origin.unwrap().subject, &attributes, &payload).unwrap(), ours);
}
