use std::time::Duration;

use dongting_bus::consumer::ConsumerError;
use dongting_bus::{AtWork, Consumer, ConsumerOptions, Delivery, FetchError, Start};
use dongting_manifest::subject::filters;
use dongting_manifest::{Kind, Lane};
use dongting_tests::nats::{DEADLINE, Nats, eventually};
use tokio::time::{Instant, timeout};

use super::{message, observations};

const SOON: Duration = Duration::from_millis(100);

fn changsha() -> ConsumerOptions {
    let filters = filters("430100".parse().unwrap(), "water", Kind::Observation, None);
    ConsumerOptions { start: Start::All, ..ConsumerOptions::new("flood", Lane::Bulk, filters) }
}

fn keys(deliveries: &[Delivery]) -> Vec<&str> {
    deliveries.iter().map(|delivery| delivery.message.as_ref().unwrap().key.as_str()).collect()
}

/// Everything that is there, acknowledged.
async fn drain(consumer: &Consumer) -> Vec<String> {
    let mut all = Vec::new();
    loop {
        let deliveries = consumer.fetch(100, SOON).await.unwrap();
        if deliveries.is_empty() {
            return all;
        }
        all.extend(keys(&deliveries).into_iter().map(str::to_owned));
        for delivery in &deliveries {
            delivery.ack_confirmed().await.unwrap();
        }
    }
}

#[tokio::test]
async fn a_region_gets_what_concerns_it_and_no_more_than_asked() {
    let nats = Nats::start().await.unwrap();
    let mut messages = Vec::new();
    for (n, region) in ["430102", "430700", "430100", "430000", "000000", "430726"].into_iter().enumerate() {
        messages.push(message(region, Kind::Observation, n));
        messages.push(message(region, Kind::Warning, n));
    }
    nats.bus.publish(&messages).await.into_iter().for_each(|stored| drop(stored.unwrap()));
    let consumer = nats.bus.consumer(&changsha()).await.unwrap();
    let two = consumer.fetch(2, DEADLINE).await.unwrap();
    assert_eq!(keys(&two), ["reading 0", "reading 2"]);
    assert_eq!(two[0].message.as_ref().unwrap(), &messages[0]);
    assert_eq!((two[0].origin.stream.as_str(), two[0].origin.sequence, two[0].delivered), ("EM_BULK", 1, 1));
    assert_eq!(two[0].origin.stream_created, nats.bus.lane(Lane::Bulk).await.unwrap().created);
    let rest = consumer.fetch(100, DEADLINE).await.unwrap();
    assert_eq!(keys(&rest), ["reading 3", "reading 4"]);
    assert!(consumer.fetch(100, SOON).await.unwrap().is_empty());
}

#[tokio::test]
async fn what_comes_while_it_waits_comes_at_once() {
    let nats = Nats::start().await.unwrap();
    let consumer = nats.bus.consumer(&changsha()).await.unwrap();
    let began = Instant::now();
    let (deliveries, ()) = tokio::join!(consumer.fetch(100, DEADLINE), async {
        nats.bus.publish(&observations(0..1)).await.remove(0).unwrap();
    });
    assert_eq!(keys(&deliveries.unwrap()), ["reading 0"]);
    assert!(began.elapsed() < DEADLINE / 4, "{:?}", began.elapsed());
}

#[tokio::test]
async fn acks_naks_and_terms() {
    let nats = Nats::start().await.unwrap();
    nats.bus.publish(&observations(0..4)).await.into_iter().for_each(|stored| drop(stored.unwrap()));
    let consumer = nats.bus.consumer(&changsha()).await.unwrap();
    let deliveries = consumer.fetch(4, DEADLINE).await.unwrap();
    deliveries[0].ack().await.unwrap();
    deliveries[1].nak(SOON).await.unwrap();
    deliveries[2].term("no such\r\nstation").await.unwrap();
    deliveries[3].ack_confirmed().await.unwrap();
    // A stale ack is accepted, too: what counts is kept elsewhere.
    deliveries[3].ack_confirmed().await.unwrap();
    let again = consumer.fetch(4, DEADLINE).await.unwrap();
    assert_eq!(keys(&again), ["reading 1"]);
    assert_eq!(again[0].delivered, 2);
    again[0].ack_confirmed().await.unwrap();
    assert!(consumer.fetch(4, SOON).await.unwrap().is_empty());
}

#[tokio::test]
async fn what_is_not_acknowledged_comes_again() {
    let nats = Nats::start().await.unwrap();
    nats.bus.publish(&observations(0..1)).await.remove(0).unwrap();
    let options = ConsumerOptions { ack_wait: Duration::from_millis(300), ..changsha() };
    let consumer = nats.bus.consumer(&options).await.unwrap();
    for delivered in 1..=4 {
        let deliveries = consumer.fetch(1, DEADLINE).await.unwrap();
        assert_eq!(deliveries[0].delivered, delivered);
    }
}

#[tokio::test]
async fn what_is_at_work_does_not_come_again() {
    let nats = Nats::start().await.unwrap();
    nats.bus.publish(&observations(0..2)).await.into_iter().for_each(|stored| drop(stored.unwrap()));
    let ack_wait = Duration::from_secs(1);
    let consumer = nats.bus.consumer(&ConsumerOptions { ack_wait, ..changsha() }).await.unwrap();
    let deliveries = consumer.fetch(2, DEADLINE).await.unwrap();
    let at_work = AtWork::new(&nats.bus, &deliveries);
    let again = async {
        let again = consumer.fetch(2, ack_wait * 3).await.unwrap();
        assert!(again.is_empty(), "{again:?}");
        deliveries[0].ack_confirmed().await.unwrap();
        // Nobody says any more that the second is at work.
    };
    tokio::select! {
        () = again => {}
        never = at_work.keep(ack_wait / 5) => match never {},
    }
    assert_eq!(keys(&consumer.fetch(2, DEADLINE).await.unwrap()), ["reading 1"]);
}

#[tokio::test]
async fn a_second_consumer_does_not_inherit_the_first_s_settings() {
    let nats = Nats::start().await.unwrap();
    nats.bus.publish(&observations(0..10)).await.into_iter().for_each(|stored| drop(stored.unwrap()));
    let first = nats.bus.consumer(&changsha()).await.unwrap();
    let held = first.fetch(2, DEADLINE).await.unwrap();
    let options = ConsumerOptions { max_ack_pending: 3, start: Start::New, ..changsha() };
    let second = nats.bus.consumer(&options).await.unwrap();
    // It goes on where the first stood, with the new bound: two are out, so one more may be.
    assert_eq!(keys(&second.fetch(10, DEADLINE).await.unwrap()), ["reading 2"]);
    let began = Instant::now();
    assert!(second.fetch(10, SOON).await.unwrap().is_empty());
    assert!(began.elapsed() >= SOON, "a consumer whose messages are all out must not be asked in a circle");
    for delivery in held {
        delivery.ack_confirmed().await.unwrap();
    }
    assert_eq!(keys(&second.fetch(10, DEADLINE).await.unwrap()), ["reading 3", "reading 4"]);
}

#[tokio::test]
async fn new_filters_replace_the_old() {
    let nats = Nats::start().await.unwrap();
    let consumer = nats.bus.consumer(&changsha()).await.unwrap();
    let both = |n| [message("430100", Kind::Observation, n), message("430100", Kind::Status, n)];
    nats.bus.publish(&both(0)).await.into_iter().for_each(|stored| drop(stored.unwrap()));
    assert_eq!(drain(&consumer).await, ["reading 0"]);
    let mut options = changsha();
    options.filters = filters("430100".parse().unwrap(), "water", Kind::Status, None);
    let changed = nats.bus.consumer(&options).await.unwrap();
    nats.bus.publish(&both(1)).await.into_iter().for_each(|stored| drop(stored.unwrap()));
    let deliveries = changed.fetch(10, DEADLINE).await.unwrap();
    let kinds: Vec<Kind> = deliveries.iter().map(|d| d.message.as_ref().unwrap().subject.kind).collect();
    assert_eq!(kinds, [Kind::Status]);
    // The same options again change nothing.
    nats.bus.consumer(&options).await.unwrap();
}

#[tokio::test]
async fn a_deleted_consumer_is_gone() {
    let nats = Nats::start().await.unwrap();
    let consumer = nats.bus.consumer(&changsha()).await.unwrap();
    let (waiting, deleted) = tokio::join!(consumer.fetch(1, DEADLINE), async {
        eventually("the fetch waits", async || {
            let mut raw = nats.raw().await.unwrap();
            let info = raw.request("$JS.API.CONSUMER.INFO.EM_BULK.flood", &[], "").await.unwrap();
            (info["num_waiting"] == 1).then_some(())
        })
        .await
        .unwrap();
        nats.bus.delete_consumer("flood", Lane::Bulk).await
    });
    assert!(deleted.unwrap());
    assert!(matches!(waiting, Err(FetchError::Gone(_))), "{:?}", waiting.map(|d| d.len()));
    assert!(matches!(consumer.fetch(1, DEADLINE).await, Err(FetchError::Gone(_))));
    assert!(!nats.bus.delete_consumer("flood", Lane::Bulk).await.unwrap());
}

/// nats-server writes down what was acknowledged a tenth of a second late, even where it syncs always: after
/// `kill -9` it may ask for more than is owed, never for less.
#[tokio::test]
async fn a_consumer_loses_no_message_by_a_kill() {
    let nats = Nats::start().await.unwrap();
    nats.bus.publish(&observations(0..10)).await.into_iter().for_each(|stored| drop(stored.unwrap()));
    let consumer = nats.bus.consumer(&changsha()).await.unwrap();
    for delivery in consumer.fetch(4, DEADLINE).await.unwrap() {
        delivery.ack_confirmed().await.unwrap();
    }
    assert_eq!(consumer.ack_floor().await.unwrap(), 4);
    nats.kill().unwrap();
    let mut open: std::collections::BTreeSet<String> = (4..10).map(|n| format!("reading {n}")).collect();
    eventually("all that was open comes", async || {
        match consumer.fetch(3, SOON).await {
            Ok(deliveries) => open.retain(|key| !keys(&deliveries).contains(&key.as_str())),
            Err(FetchError::Unavailable(_)) => {}
            Err(error) => panic!("{error}"),
        }
        open.is_empty().then_some(())
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn a_fetch_that_waits_hears_of_the_kill() {
    let nats = Nats::start().await.unwrap();
    let consumer = nats.bus.consumer(&changsha()).await.unwrap();
    let (broken, ()) = tokio::join!(timeout(DEADLINE / 2, consumer.fetch(1, DEADLINE)), async {
        eventually("the fetch waits", async || {
            let mut raw = nats.raw().await.ok()?;
            let info = raw.request("$JS.API.CONSUMER.INFO.EM_BULK.flood", &[], "").await.ok()?;
            (info["num_waiting"] == 1).then_some(())
        })
        .await
        .unwrap();
        nats.kill().unwrap();
    });
    assert!(matches!(broken.expect("long before it expires"), Err(FetchError::Unavailable(_))));
}

/// nats-server refuses number 1,001 by default.
#[tokio::test]
async fn more_than_a_thousand_consumers() {
    let nats = Nats::start().await.unwrap();
    for batch in 0..26 {
        let consumers = (0..40).map(|n| {
            let options = ConsumerOptions { installation: format!("flood-{batch}-{n}"), ..changsha() };
            let bus = nats.bus.clone();
            async move { bus.consumer(&options).await.map(drop) }
        });
        for made in futures::future::join_all(consumers).await {
            made.unwrap();
        }
    }
}

#[tokio::test]
async fn a_consumer_that_would_get_everything_is_refused() {
    let nats = Nats::start().await.unwrap();
    let error =
        nats.bus.consumer(&ConsumerOptions::new("flood", Lane::Bulk, Vec::new())).await.err().unwrap();
    assert!(matches!(error, ConsumerError::NoFilter(_)), "{error}");
}

#[tokio::test]
async fn a_request_that_is_taken_back_is_given_nothing_later() {
    let nats = Nats::start().await.unwrap();
    let consumer = nats.bus.consumer(&changsha()).await.unwrap();
    for _ in 0..3 {
        let (enough, asked) = tokio::sync::oneshot::channel::<()>();
        let wait = async { drop(asked.await) };
        let (first, ()) = tokio::join!(consumer.first(DEADLINE * 4, wait), async { drop(enough) });
        assert!(first.unwrap().is_none());
    }
    nats.bus.publish(&observations(0..1)).await.remove(0).unwrap();
    // Were it given to one that was taken back, it would come after its `ack_wait`, which is longer.
    let began = Instant::now();
    let deliveries = consumer.fetch(1, DEADLINE).await.unwrap();
    assert_eq!((keys(&deliveries), deliveries[0].delivered), (vec!["reading 0"], 1));
    assert!(began.elapsed() < DEADLINE / 4, "{:?}", began.elapsed());
    // What has come when it is taken back is not thrown away.
    nats.bus.publish(&observations(1..2)).await.remove(0).unwrap();
    let first = consumer.first(DEADLINE, std::future::ready(())).await.unwrap();
    let second = consumer.fetch(1, DEADLINE).await.unwrap();
    let both: Vec<_> = first.into_iter().chain(second).map(|one| one.delivered).collect();
    assert_eq!(both, [1]);
}
