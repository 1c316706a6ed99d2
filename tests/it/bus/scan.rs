use std::collections::HashSet;

use dongting_bus::Start;
use dongting_manifest::{Lane, Timestamp};
use dongting_tests::nats::Nats;

use super::observations;

#[tokio::test]
async fn a_stretch_of_a_lane_is_told_by_its_ids() {
    let nats = Nats::start().await.unwrap();
    let start = Timestamp::now();
    let ids = async |from, last| {
        let mut found = HashSet::new();
        let tell = |id: &str| assert!(found.insert(id.to_owned()), "{id} was told before");
        nats.bus.ids(Lane::Bulk, from, last, tell).await.unwrap();
        found
    };
    let none = ids(Start::Since(start), 0).await;
    assert!(none.is_empty(), "and it does not wait for one");
    let first = observations(0..1_500);
    nats.bus.publish(&first).await.into_iter().for_each(|stored| drop(stored.unwrap()));
    let middle = Timestamp::now();
    let second = observations(1_500..1_510);
    nats.bus.publish(&second).await.into_iter().for_each(|stored| drop(stored.unwrap()));
    assert_eq!(ids(Start::Since(start), 1_510).await.len(), 1_510);
    let late = ids(Start::Since(middle), 1_510).await;
    assert_eq!(late.len(), 10);
    assert!(second.iter().all(|message| late.contains(&message.id)));
    assert_eq!(ids(Start::Since(start), 700).await.len(), 700, "no further than it is asked");
    assert!(ids(Start::Since(Timestamp::now()), 1_510).await.is_empty());
    assert_eq!(ids(Start::At(1_501), 1_510).await, late);
    assert!(ids(Start::At(1_511), 1_510).await.is_empty(), "and it does not ask");
}
