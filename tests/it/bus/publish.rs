use std::time::Duration;

use base64::Engine;
use dongting_bus::{Bus, PublishError, Server, cloudevents};
use dongting_manifest::message::MAX_BODY_BYTES;
use dongting_manifest::{Kind, Lane, Message};
use dongting_tests::nats::{Nats, Raw, options, small};
use serde_json::json;
use tokio::time::Instant;

use super::{message, observations};

#[tokio::test]
async fn messages_are_stored_in_order_and_once() {
    let nats = Nats::start().await.unwrap();
    let messages = observations(0..1_000);
    let stored: Vec<_> = nats.bus.publish(&messages).await.into_iter().map(Result::unwrap).collect();
    for (n, stored) in stored.iter().enumerate() {
        assert_eq!((stored.stream.as_str(), stored.sequence), ("EM_BULK", n as u64 + 1));
        assert!(!stored.duplicate);
    }
    let again = nats.bus.publish(&messages[10..20]).await;
    for (n, stored) in again.into_iter().map(Result::unwrap).enumerate() {
        assert!(stored.duplicate);
        assert_eq!(stored.sequence, n as u64 + 11);
    }
    assert_eq!(nats.bus.lane(Lane::Bulk).await.unwrap().last_sequence, 1_000);
}

#[tokio::test]
async fn each_kind_goes_to_its_lane() {
    let nats = Nats::start().await.unwrap();
    let messages: Vec<_> =
        Kind::ALL.into_iter().enumerate().map(|(n, kind)| message("430102", kind, n)).collect();
    for (kind, stored) in Kind::ALL.into_iter().zip(nats.bus.publish(&messages).await) {
        assert_eq!(stored.unwrap().stream, dongting_bus::lane::stream(kind.lane()));
    }
}

#[tokio::test]
async fn a_bad_message_harms_no_other() {
    let nats = Nats::start().await.unwrap();
    let mut messages = observations(0..3);
    messages[1].body = vec![0; MAX_BODY_BYTES + 1];
    messages[2].body = vec![0; MAX_BODY_BYTES];
    let results = nats.bus.publish(&messages).await;
    assert_eq!(results[0].as_ref().unwrap().sequence, 1);
    let error = results[1].as_ref().unwrap_err();
    assert!(matches!(error, PublishError::Encode { id, .. } if *id == messages[1].id), "{error:?}");
    assert_eq!(results[2].as_ref().unwrap().sequence, 2);
}

/// The id of the batch that the message at a place of the bulk lane was stored with.
async fn batch_of(raw: &mut Raw, sequence: u64) -> Option<String> {
    let body = format!("{{\"seq\":{sequence}}}");
    let answer = raw.request("$JS.API.STREAM.MSG.GET.EM_BULK", &[], &body).await.unwrap();
    let headers = answer["message"]["hdrs"].as_str().unwrap();
    let headers = base64::engine::general_purpose::STANDARD.decode(headers).unwrap();
    let headers = String::from_utf8(headers).unwrap();
    headers.lines().find_map(|line| line.strip_prefix("Nats-Batch-Id: ").map(str::to_owned))
}

/// The ids of the first of the bulk lane, in its order.
async fn read(bus: &Bus, count: usize) -> Vec<String> {
    let mut tail = bus.tail(Lane::Bulk, 1);
    let mut read = Vec::new();
    while read.len() < count {
        read.extend(tail.batch(Duration::ZERO).await.into_iter().map(|tailed| tailed.message.unwrap().id));
    }
    read
}

fn ids(messages: &[Message]) -> Vec<String> {
    messages.iter().map(|message| message.id.clone()).collect()
}

#[tokio::test]
async fn many_are_stored_together() {
    let nats = Nats::start().await.unwrap();
    nats.bus.publish(&observations(0..40)).await.into_iter().for_each(|stored| drop(stored.unwrap()));
    nats.bus.publish(&observations(40..45)).await.into_iter().for_each(|stored| drop(stored.unwrap()));
    let mut raw = nats.raw().await.unwrap();
    // The first goes ahead.
    assert_eq!(batch_of(&mut raw, 1).await, None);
    let batch = batch_of(&mut raw, 2).await;
    assert!(batch.is_some());
    assert_eq!(batch_of(&mut raw, 40).await, batch);
    assert_eq!(batch_of(&mut raw, 41).await, None);
    let one_by_one = nats.bus.clone().one_by_one();
    one_by_one.publish(&observations(45..85)).await.into_iter().for_each(|stored| drop(stored.unwrap()));
    assert_eq!(batch_of(&mut raw, 85).await, None);
    assert_eq!(read(&nats.bus, 85).await, ids(&observations(0..85)));
}

#[tokio::test]
async fn one_of_many_that_is_there_already_is_a_duplicate_and_no_more() {
    let nats = Nats::start().await.unwrap();
    let messages = observations(0..40);
    nats.bus.publish(&messages[7..8]).await.remove(0).unwrap();
    let twice = [&messages[..], &messages[20..21]].concat();
    let stored: Vec<_> = nats.bus.publish(&twice).await.into_iter().map(Result::unwrap).collect();
    let duplicates: Vec<_> = (0..41).filter(|n| stored[*n].duplicate).collect();
    assert_eq!(duplicates, [7, 40]);
    assert_eq!((stored[7].sequence, stored[40].sequence), (1, stored[20].sequence));
    assert_eq!(nats.bus.lane(Lane::Bulk).await.unwrap().messages, 40);
}

#[tokio::test]
async fn a_bad_message_harms_none_of_many() {
    let nats = Nats::start().await.unwrap();
    let mut messages = observations(0..40);
    messages[11].body = vec![0; MAX_BODY_BYTES + 1];
    let results = nats.bus.publish(&messages).await;
    let bad: Vec<_> = (0..40).filter(|n| results[*n].is_err()).collect();
    assert_eq!(bad, [11]);
    assert_eq!(nats.bus.lane(Lane::Bulk).await.unwrap().messages, 39);
}

#[tokio::test]
async fn a_lane_of_before_takes_many_together() {
    let directory = tempfile::tempdir().unwrap();
    let server = Server::start(&options(&directory)).await.unwrap();
    let mut raw = Raw::connect(&server.url(), Some(server.credentials())).await.unwrap();
    let config = json!({ "name": "EM_BULK", "subjects": ["em.*.*.*.*.observation.*"], "storage": "file" });
    let made = raw.request("$JS.API.STREAM.CREATE.EM_BULK", &[], &config.to_string()).await.unwrap();
    assert!(made["error"].is_null(), "{made}");
    let bus = Bus::connect(&server.url(), server.credentials(), &small()).await.unwrap();
    bus.publish(&observations(0..40)).await.into_iter().for_each(|stored| drop(stored.unwrap()));
    assert!(batch_of(&mut raw, 40).await.is_some());
}

#[tokio::test]
async fn what_has_as_many_attributes_as_it_may_have_is_read_again() {
    let nats = Nats::start().await.unwrap();
    let full = |n| {
        let mut message = message("430100", Kind::Observation, n);
        let taken = |message: &Message| -> usize {
            let headers = cloudevents::encode(message).unwrap();
            headers.iter().map(|(name, value)| name.len() + value.len() + 4).sum()
        };
        message.extensions = vec![("filling".to_owned(), "x".to_owned())];
        let left = cloudevents::MAX_HEADER_BYTES - taken(&message);
        message.extensions = vec![("filling".to_owned(), "x".repeat(left + 1))];
        assert_eq!(taken(&message), cloudevents::MAX_HEADER_BYTES);
        message
    };
    let messages: Vec<_> = (0..40).map(full).collect();
    nats.bus.publish(&messages[..1]).await.remove(0).unwrap();
    nats.bus.publish(&messages[1..]).await.into_iter().for_each(|stored| drop(stored.unwrap()));
    assert_eq!(read(&nats.bus, 40).await, ids(&messages));
}

#[tokio::test]
async fn without_a_server_it_is_unavailable_and_soon() {
    let nats = Nats::start().await.unwrap();
    nats.server.stop().await;
    let began = Instant::now();
    let results = nats.bus.publish(&observations(0..1_000)).await;
    assert!(began.elapsed() < Duration::from_secs(12), "{:?}", began.elapsed());
    assert_eq!(results.len(), 1_000);
    assert!(results.iter().all(|result| matches!(result, Err(PublishError::Unavailable { .. }))));
}
