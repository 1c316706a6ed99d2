//! What is forgotten, in pieces, and what stays because somebody can still read it.

use dongting_manifest::Timestamp;
use dongting_store::{CallPlace, CallRecord, Commit, Input, Store, VersionPlace};

use super::{MODEL, Place, commit, created, inputs, on_both, open};

on_both! {
    what_lies_below_the_floor_is_forgotten_and_the_floor_stays
    a_call_and_the_state_before_it
    versions_are_forgotten_piece_by_piece
    inputs_are_forgotten_piece_by_piece
}

async fn what_lies_below_the_floor_is_forgotten_and_the_floor_stays<P: Place>() {
    let (_place, store) = open::<P>().await;
    let floor = async || store.floor(MODEL, "EM_BULK", created()).await.unwrap();
    commit(&store, &inputs(1..=5), None, &[]).await.unwrap();
    assert_eq!(floor().await, None);
    let raise = async |sequence| store.raise_floor(MODEL, &inputs([sequence])[0]).await.unwrap();
    raise(4).await;
    forget_used_up(&store).await;
    assert_eq!(store.applied(MODEL, &inputs(1..=5)).await.unwrap(), inputs([4, 5]));
    assert_eq!(floor().await, Some(4));
    raise(2).await;
    assert_eq!(floor().await, Some(4), "a floor does not fall");
    assert_eq!(store.floor("another", "EM_BULK", created()).await.unwrap(), None);

    // The stream was deleted and made again: it counts from one, and what was known of the old one is of no use.
    let anew: Timestamp = "2026-11-25T00:00:00Z".parse().unwrap();
    store.raise_floor(MODEL, &Input { stream_created: anew, ..inputs([1])[0].clone() }).await.unwrap();
    assert_eq!(store.floor(MODEL, "EM_BULK", anew).await.unwrap(), Some(1));
    assert_eq!(floor().await, None);
    forget_used_up(&store).await;
    assert!(store.applied(MODEL, &inputs(1..=5)).await.unwrap().is_empty());
}

/// How many with each piece.
async fn forget_used_up(store: &Store) -> Vec<u64> {
    let mut gone = Vec::new();
    for below in store.used_up().await.unwrap() {
        while gone.last() != Some(&0) {
            gone.push(store.forget_used_up(&below).await.unwrap());
        }
    }
    assert_eq!(store.used_up().await.unwrap(), []);
    gone
}

/// And those of a stream that was made anew since, behind them.
async fn inputs_are_forgotten_piece_by_piece<P: Place>() {
    let (_place, store) = open::<P>().await;
    let anew = created().saturating_add(std::time::Duration::from_secs(1));
    let later = inputs(1..=300).into_iter().map(|input| Input { stream_created: anew, ..input });
    let later: Vec<Input> = later.collect();
    for some in inputs(1..=800).chunks(64).chain(later.chunks(64)) {
        commit(&store, some, None, &[]).await.unwrap();
    }
    store.raise_floor(MODEL, &later[250]).await.unwrap();
    assert_eq!(forget_used_up(&store).await, [500, 500, 50, 0]);
    assert_eq!(store.applied(MODEL, &later).await.unwrap(), later[250..]);
}

async fn a_call_and_the_state_before_it<P: Place>() {
    let (_place, store) = open::<P>().await;
    // From before calls were recorded.
    commit(&store, &inputs([1]), Some(b"old"), &[]).await.unwrap();
    let record = |n: u64| CallRecord {
        made_at: Some(created().saturating_add(std::time::Duration::from_secs(n))),
        plugin: "p".to_owned(),
        settings: "{}".to_owned(),
        attachments: String::new(),
        inputs: vec![n.to_string()],
        rejects: vec![None],
        ..CallRecord::default()
    };
    let made = async |n: u64, value: Option<&str>| {
        let mut commit = Commit::new(MODEL);
        commit.call = Some(record(n));
        commit.state.insert("count".to_owned(), value.map(|value| value.as_bytes().to_vec()));
        commit.state_limit_bytes = 100;
        store.commit(commit).await.unwrap();
    };
    for (n, value) in [(2, Some("two")), (3, None), (4, Some("four"))] {
        made(n, value).await;
    }
    let whole = (created(), created().saturating_add(std::time::Duration::from_secs(60)));
    let calls = store.calls(MODEL, whole, CallPlace::default(), 10).await.unwrap();
    assert_eq!(calls.iter().map(|call| call.record.inputs[0].as_str()).collect::<Vec<_>>(), ["2", "3", "4"]);
    let before = async |index: usize| {
        let position = calls[index].position;
        let value = store.state_before(MODEL, "count", position).await.unwrap();
        value.map(|value| String::from_utf8(value).unwrap())
    };
    assert_eq!(before(0).await.as_deref(), Some("old"));
    assert_eq!(before(1).await.as_deref(), Some("two"));
    assert_eq!(before(2).await, None, "it was deleted");
    assert_eq!(store.calls(MODEL, whole, calls[0].place(), 10).await.unwrap().len(), 2);
    // Forgotten up to the third: what only the forgotten could read goes with them.
    let third = created().saturating_add(std::time::Duration::from_secs(4));
    assert_eq!(store.forget_calls(third).await.unwrap(), 2);
    assert_eq!(store.forget_calls(third).await.unwrap(), 0);
    forget_versions(&store).await;
    assert_eq!(before(2).await, None);
    assert_eq!(store.calls(MODEL, whole, CallPlace::default(), 10).await.unwrap().len(), 1);
    // With the last call goes all but what is kept now.
    made(5, Some("five")).await;
    let fifth = store.calls(MODEL, whole, calls[2].place(), 10).await.unwrap()[0].position;
    let value = async || store.state_before(MODEL, "count", fifth).await.unwrap();
    assert_eq!(value().await.as_deref(), Some(b"four".as_slice()));
    assert_eq!(store.forget_calls(whole.1).await.unwrap(), 2);
    forget_versions(&store).await;
    assert_eq!(value().await, None);
    // Nothing is left of a key that is gone, but what a call that is kept has read before.
    made(6, None).await;
    forget_versions(&store).await;
    let sixth = store.calls(MODEL, whole, CallPlace::default(), 10).await.unwrap()[0].position;
    assert_eq!(store.state_before(MODEL, "count", sixth).await.unwrap().as_deref(), Some(b"five".as_slice()));
    assert_eq!(store.forget_calls(whole.1).await.unwrap(), 1);
    forget_versions(&store).await;
    assert_eq!(store.state_before(MODEL, "count", sixth).await.unwrap(), None);
    // So the key counts as one that was never written by a call.
    commit(&store, &inputs([9]), Some(b"anew"), &[]).await.unwrap();
    assert_eq!(store.state_before(MODEL, "count", sixth).await.unwrap().as_deref(), Some(b"anew".as_slice()));
}

/// In pieces of 500, and of each no more than nobody can read.
async fn versions_are_forgotten_piece_by_piece<P: Place>() {
    let (_place, store) = open::<P>().await;
    let made = async |n: u64| {
        let mut commit = Commit::new(MODEL);
        let made_at = created().saturating_add(std::time::Duration::from_millis(n));
        commit.call = Some(CallRecord { made_at: Some(made_at), ..CallRecord::default() });
        for key in ["a", "b"] {
            commit.state.insert(key.to_owned(), Some(n.to_string().into_bytes()));
        }
        commit.state_limit_bytes = 100;
        store.commit(commit).await.unwrap();
    };
    for n in 1..=600 {
        made(n).await;
    }
    let whole = (created(), created().saturating_add(std::time::Duration::from_secs(60)));
    let kept = created().saturating_add(std::time::Duration::from_millis(590));
    let mut gone = Vec::new();
    while gone.last() != Some(&0) {
        gone.push(store.forget_calls(kept).await.unwrap());
    }
    assert_eq!(gone, [500, 89, 0]);
    forget_versions(&store).await;
    let calls = store.calls(MODEL, whole, CallPlace::default(), 100).await.unwrap();
    assert_eq!(calls.len(), 11);
    for (call, n) in calls.iter().zip(589..) {
        for key in ["a", "b"] {
            let before = store.state_before(MODEL, key, call.position).await.unwrap();
            assert_eq!(before, Some(n.to_string().into_bytes()), "{key} before {}", call.position);
        }
    }
    // What only the forgotten calls could read.
    let first = calls[0].position;
    assert_eq!(store.state_before(MODEL, "a", first - 1).await.unwrap(), None);
    // Of each key what the calls that are kept have found there, of three letters beside the key; not what they were the first to find.
    let told = forget_versions(&store).await;
    assert_eq!(told.len(), 2 * 11);
    assert!(
        told.iter().all(|(id, call, bytes)| id == MODEL && *call >= first && *bytes == 64 + 1 + 3),
        "{told:?}"
    );
    // Up to a call, whenever it was made.
    let tenth = calls[9].position;
    for (installation, left) in [("another", 11), (MODEL, 1)] {
        assert!(!store.forget_calls_up_to(installation, tenth).await.unwrap(), "no more is left");
        assert_eq!(store.calls(MODEL, whole, CallPlace::default(), 100).await.unwrap().len(), left);
    }
    forget_versions(&store).await;
    assert_eq!(forget_versions(&store).await.len(), 2);
}

/// What is kept for calls.
pub async fn forget_versions(store: &Store) -> Vec<(String, i64, u64)> {
    let mut after = Some(VersionPlace::default());
    let mut kept = Vec::new();
    while let Some(place) = after {
        let looked = store.forget_versions(&place).await.unwrap();
        kept.extend(looked.kept);
        after = looked.next;
    }
    kept
}
