//! Calls as the store keeps them for replay, and the bodies that their records name, on both kinds of database.

use std::time::Duration;

use dongting_manifest::Timestamp;
use dongting_store::{Body, CallRecord, Commit};

use crate::store::{Place, on_both, open};

on_both! {
    a_call_that_is_written_again_is_there_once
    bodies_are_kept_once_and_go_by_age_and_size
}

const ONE: &str = "one";

fn at(seconds: u64) -> Timestamp {
    let start: Timestamp = "2026-11-24T00:00:00Z".parse().unwrap();
    start.saturating_add(Duration::from_secs(seconds))
}

fn call(seconds: u64, input: &str) -> CallRecord {
    CallRecord {
        made_at: Some(at(seconds)),
        plugin: "p".to_owned(),
        settings: "{}".to_owned(),
        inputs: vec![input.to_owned()],
        rejects: vec![None],
        ..CallRecord::default()
    }
}

/// A host that is stopped while it waits for the answer to a commit writes the same calls again, with others behind them.
async fn a_call_that_is_written_again_is_there_once<P: Place>() {
    let (_place, store) = open::<P>().await;
    let (first, second, third) = (call(1, "a"), call(1, "b"), call(2, "a"));
    store.record_calls(&[(ONE, &first), (ONE, &second)]).await.unwrap();
    store.record_calls(&[(ONE, &first), (ONE, &second), ("other", &first), (ONE, &third)]).await.unwrap();
    let mut commit = Commit::new(ONE);
    commit.call = Some(call(1, "a"));
    store.commit(&commit).await.unwrap();
    let inputs = async |installation: &str| {
        let calls = store.calls(installation, (at(0), at(9)), 0, 10).await.unwrap();
        calls.into_iter().map(|call| call.record.inputs.concat()).collect::<Vec<_>>()
    };
    // A commit is there once by itself, and never taken for something else.
    assert_eq!(inputs(ONE).await, ["a", "b", "a", "a"]);
    assert_eq!(inputs("other").await, ["a"]);
}

async fn bodies_are_kept_once_and_go_by_age_and_size<P: Place>() {
    let (_place, store) = open::<P>().await;
    let [a, b, c] = ["a", "b", "c"].map(|text| Body::new(text.repeat(1_000).into_bytes()));
    store.keep_bodies(vec![&b, &a, &b]).await.unwrap();
    assert_eq!(store.body(&a.digest).await.unwrap().as_ref(), Some(&a.bytes));
    let (past, future) = (Timestamp::now(), Timestamp::now().saturating_add(Duration::from_secs(2 * 3_600)));
    assert_eq!(store.forget_bodies(past, 2_000).await.unwrap(), 0, "they find room");
    store.keep_bodies(vec![&c]).await.unwrap();
    assert_eq!(store.forget_bodies(past, 2_000).await.unwrap(), 2, "those that came together go together");
    assert_eq!(store.body(&b.digest).await.unwrap(), None);
    assert_eq!(store.body(&c.digest).await.unwrap(), Some(c.bytes));
    assert_eq!(store.forget_bodies(future, 2_000).await.unwrap(), 1, "too old");
}
