use std::time::Duration;

use dongting_bus::Connection;
use dongting_manifest::Lane;
use dongting_tests::nats::{DEADLINE, Nats, eventually};
use tokio::time::timeout;

use super::observations;

const AT_ONCE: Duration = Duration::ZERO;

#[tokio::test]
async fn a_tail_goes_on_through_a_kill() {
    let nats = Nats::start().await.unwrap();
    nats.bus.publish(&observations(0..600)).await.into_iter().for_each(|stored| drop(stored.unwrap()));
    let mut tail = nats.bus.tail(Lane::Bulk, 3);
    let mut next = 3;
    while next <= 600 {
        for tailed in timeout(DEADLINE, tail.batch(AT_ONCE)).await.unwrap() {
            assert_eq!(tailed.sequence, next);
            assert_eq!(tailed.message.unwrap().key, format!("reading {}", next - 1));
            next += 1;
        }
    }
    let mut connection = nats.bus.connection();
    let (batch, ()) = tokio::join!(timeout(2 * DEADLINE, tail.batch(AT_ONCE)), async {
        nats.kill().unwrap();
        connection.wait_for(|now| *now == Connection::Disconnected).await.unwrap();
        connection.wait_for(|now| *now == Connection::Connected).await.unwrap();
        eventually("it is published", async || {
            nats.bus.publish(&observations(600..601)).await.remove(0).ok()
        })
        .await
        .unwrap();
    });
    assert_eq!(batch.unwrap()[0].sequence, 601);
}

#[tokio::test]
async fn a_tail_may_be_cancelled_at_any_time() {
    let nats = Nats::start().await.unwrap();
    let mut tail = nats.bus.tail(Lane::Bulk, 1);
    let publish = async {
        for n in 0..50 {
            nats.bus.publish(&observations(n..n + 1)).await.remove(0).unwrap();
        }
    };
    let read = async {
        let mut next = 1;
        while next <= 50 {
            // Cancelled more often than not.
            let read = timeout(Duration::from_millis(2), tail.batch(AT_ONCE)).await;
            for tailed in read.unwrap_or_default() {
                assert_eq!(tailed.sequence, next);
                next += 1;
            }
        }
    };
    timeout(DEADLINE, async { tokio::join!(publish, read) }).await.unwrap();
}

/// As long as the host gathers, or longer: what comes meanwhile is one batch.
#[tokio::test]
async fn what_comes_soon_after_the_first_is_given_with_it() {
    let nats = Nats::start().await.unwrap();
    let mut tail = nats.bus.tail(Lane::Bulk, 1);
    let publish = async {
        for n in 0..4 {
            nats.bus.publish(&observations(n..n + 1)).await.remove(0).unwrap();
        }
    };
    let read = timeout(DEADLINE, tail.batch(Duration::from_secs(3)));
    let (batch, ()) = tokio::join!(read, publish);
    let sequences: Vec<u64> = batch.unwrap().iter().map(|tailed| tailed.sequence).collect();
    assert_eq!(sequences, [1, 2, 3, 4]);
}

#[tokio::test]
async fn where_enough_waits_nothing_is_waited_for() {
    let nats = Nats::start().await.unwrap();
    nats.bus.publish(&observations(0..600)).await.into_iter().for_each(|stored| drop(stored.unwrap()));
    let mut tail = nats.bus.tail(Lane::Bulk, 1);
    let batch = timeout(DEADLINE, tail.batch(4 * DEADLINE)).await.unwrap();
    assert_eq!((batch[0].sequence, batch.len()), (1, 512));
}
