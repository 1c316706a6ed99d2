//! Calls as the store keeps them for replay, and the bodies that their records name, on both kinds of database.

use std::time::Duration;

use dongting_manifest::Timestamp;
use dongting_store::{Body, CallPlace, CallRecord, Commit};

use crate::store::forgetting::forget_versions;
use crate::store::{Place, on_both, open};

on_both! {
    a_call_that_is_written_again_is_there_once
    a_call_beside_the_work_stands_behind_the_commit_that_it_saw
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
    store.commit(commit).await.unwrap();
    let inputs = async |installation: &str| {
        let calls = store.calls(installation, (at(0), at(9)), CallPlace::default(), 10).await.unwrap();
        calls.into_iter().map(|call| call.record.inputs.concat()).collect::<Vec<_>>()
    };
    // A commit is there once by itself, and never taken for something else.
    assert_eq!(inputs(ONE).await, ["a", "b", "a", "a"]);
    assert_eq!(inputs("other").await, ["a"]);
}

/// Written down after commits that were made after it: it is made again with what it saw.
async fn a_call_beside_the_work_stands_behind_the_commit_that_it_saw<P: Place>() {
    let (_place, store) = open::<P>().await;
    assert_eq!(store.last_call().await.unwrap(), 0);
    let committed = async |second: u64, value: &str| {
        let mut commit = Commit::new(ONE);
        commit.state_limit_bytes = 100;
        commit.state.insert("key".to_owned(), Some(value.as_bytes().to_vec()));
        commit.call = Some(call(second, value));
        store.commit(commit).await.unwrap();
    };
    let saw = async |second: u64, input: &str| {
        let seen = Some(store.last_call().await.unwrap());
        CallRecord { seen, ..call(second, input) }
    };
    let nothing = saw(0, "saw nothing").await;
    committed(1, "a").await;
    let first = saw(2, "saw a").await;
    let again = saw(2, "saw a as well").await;
    // Of another installation, and in between.
    store.record_calls(&[("other", &call(2, "x"))]).await.unwrap();
    let beyond = saw(2, "saw no more").await;
    committed(3, "b").await;
    let second = saw(4, "saw b").await;
    committed(5, "c").await;
    let records = [&second, &first, &again, &beyond, &nothing].map(|record| (ONE, record));
    store.record_calls(&records).await.unwrap();

    let all = ["saw nothing", "a", "saw a", "saw a as well", "saw no more", "b", "saw b", "c"];
    let kept = [None, None, Some("a"), Some("a"), Some("a"), Some("a"), Some("b"), Some("b")];
    for limit in [1, 2, 3, 10] {
        let (mut found, mut after) = (Vec::new(), CallPlace::default());
        loop {
            let page = store.calls(ONE, (at(0), at(9)), after, limit).await.unwrap();
            let Some(last) = page.last() else { break };
            after = last.place();
            found.extend(page);
        }
        assert_eq!(found.iter().map(|one| one.record.inputs.concat()).collect::<Vec<_>>(), all, "by {limit}");
        for (one, kept) in found.iter().zip(kept) {
            let value = store.state_before(ONE, "key", one.sees_before()).await.unwrap();
            assert_eq!(value.as_deref(), kept.map(str::as_bytes), "{one:?}");
        }
    }
    // What it saw is kept as long as it is.
    assert_eq!(store.forget_calls(at(2)).await.unwrap(), 2);
    forget_versions(&store).await;
    let left = store.calls(ONE, (at(0), at(9)), CallPlace::default(), 1).await.unwrap();
    assert_eq!(
        store.state_before(ONE, "key", left[0].sees_before()).await.unwrap().as_deref(),
        Some(&b"a"[..])
    );
    // Nothing is left, and positions are not given again.
    let last = store.last_call().await.unwrap();
    store.forget_calls(at(9)).await.unwrap();
    assert_eq!(store.last_call().await.unwrap(), last);
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
