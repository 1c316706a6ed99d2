use dongting_bus::Connection;
use dongting_manifest::Lane;
use dongting_tests::nats::{DEADLINE, Nats, eventually};
use tokio::time::timeout;

use super::observations;

#[tokio::test]
async fn a_tail_goes_on_through_a_kill() {
    let nats = Nats::start().await.unwrap();
    nats.bus.publish(&observations(0..600)).await.into_iter().for_each(|stored| drop(stored.unwrap()));
    let mut tail = nats.bus.tail(Lane::Bulk, 3);
    for sequence in 3..=600 {
        let tailed = timeout(DEADLINE, tail.next()).await.unwrap();
        assert_eq!(tailed.sequence, sequence);
        assert_eq!(tailed.message.unwrap().key, format!("reading {}", sequence - 1));
    }
    let mut connection = nats.bus.connection();
    let (tailed, ()) = tokio::join!(timeout(2 * DEADLINE, tail.next()), async {
        nats.kill().unwrap();
        connection.wait_for(|now| *now == Connection::Disconnected).await.unwrap();
        connection.wait_for(|now| *now == Connection::Connected).await.unwrap();
        eventually("it is published", async || {
            nats.bus.publish(&observations(600..601)).await.remove(0).ok()
        })
        .await
        .unwrap();
    });
    assert_eq!(tailed.unwrap().sequence, 601);
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
            if let Ok(tailed) = timeout(std::time::Duration::from_millis(2), tail.next()).await {
                assert_eq!(tailed.sequence, next);
                next += 1;
            }
        }
    };
    timeout(DEADLINE, async { tokio::join!(publish, read) }).await.unwrap();
}
