use std::time::Duration;

use dongting_bus::PublishError;
use dongting_manifest::message::MAX_BODY_BYTES;
use dongting_manifest::{Kind, Lane};
use dongting_tests::nats::Nats;
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
    assert!(error.is_permanent() && error.to_string().contains(&messages[1].id), "{error}");
    assert_eq!(results[2].as_ref().unwrap().sequence, 2);
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
