//! What JetStream and its clients do by default and this bus must not. The third trap of the kind, a second consumer that inherits
//! the first's settings, is `consumer::a_second_consumer_does_not_inherit_the_first_s_settings`.

use std::time::Duration;

use dongting_bus::{ConsumerOptions, Start};
use dongting_manifest::subject::filters;
use dongting_manifest::{Kind, Lane};
use dongting_tests::nats::{DEADLINE, Nats, eventually};
use serde_json::Value;

use super::observations;

fn options() -> ConsumerOptions {
    let filters = filters("430100".parse().unwrap(), "water", Kind::Observation, None);
    ConsumerOptions { start: Start::All, ..ConsumerOptions::new("flood", Lane::Bulk, filters) }
}

async fn info(nats: &Nats) -> Value {
    let mut raw = nats.raw().await.unwrap();
    raw.request("$JS.API.CONSUMER.INFO.EM_BULK.flood", &[], "").await.unwrap()
}

/// A client that fetches ahead holds messages whose time runs out while earlier ones are at work, and they are delivered twice.
#[tokio::test]
async fn no_prefetch_buffer_expires_messages() {
    let nats = Nats::start().await.unwrap();
    nats.bus.publish(&observations(0..10)).await.into_iter().for_each(|stored| drop(stored.unwrap()));
    let ack_wait = Duration::from_millis(500);
    let consumer = nats.bus.consumer(&ConsumerOptions { ack_wait, ..options() }).await.unwrap();
    let two = consumer.fetch(2, DEADLINE).await.unwrap();
    assert_eq!(two.len(), 2);
    let said = info(&nats).await;
    assert_eq!((&said["num_ack_pending"], &said["num_pending"]), (&2.into(), &8.into()), "{said}");
    for delivery in &two {
        delivery.ack_confirmed().await.unwrap();
    }
    // Time enough for anything fetched ahead to expire: the others have not been out yet.
    tokio::time::sleep(2 * ack_wait).await;
    let rest = consumer.fetch(10, DEADLINE).await.unwrap();
    assert_eq!(rest.iter().map(|delivery| delivery.delivered).collect::<Vec<_>>(), [1; 8]);
}

/// JetStream only falls silent about such a message: it is neither delivered again nor kept anywhere as a failure.
#[tokio::test]
async fn max_deliver_reached_is_not_a_dead_letter() {
    let nats = Nats::start().await.unwrap();
    nats.bus.publish(&observations(0..1)).await.remove(0).unwrap();
    let twice = ConsumerOptions { max_deliver: Some(2), ..options() };
    let consumer = nats.bus.consumer(&twice).await.unwrap();
    for delivered in 1..=2 {
        let deliveries = consumer.fetch(1, DEADLINE).await.unwrap();
        assert_eq!(deliveries[0].delivered, delivered);
        deliveries[0].nak(Duration::from_millis(1)).await.unwrap();
    }
    assert!(consumer.fetch(1, Duration::from_secs(1)).await.unwrap().is_empty(), "it is silent");
    assert!(nats.bus.dead_letters(None, None, 10).await.unwrap().is_empty(), "and nobody is told");
    // So an installation's consumer has no such end; the host counts for itself.
    let consumer = nats.bus.consumer(&options()).await.unwrap();
    assert_eq!(info(&nats).await["config"]["max_deliver"], -1);
    nats.bus.publish(&observations(1..2)).await.remove(0).unwrap();
    eventually("the next is delivered for the fifth time", async || {
        let deliveries = consumer.fetch(1, Duration::from_millis(100)).await.unwrap();
        let delivery = deliveries.first()?;
        delivery.nak(Duration::from_millis(1)).await.unwrap();
        (delivery.delivered >= 5).then_some(())
    })
    .await
    .unwrap();
}
