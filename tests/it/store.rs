//! `dongting-store` on a real file.

use std::collections::BTreeMap;

use dongting_manifest::{Kind, Message, Region, Subject, Timestamp, message};
use dongting_store::cursor::Cursor;
use dongting_store::{Commit, CommitError, Input, Output, Pending, Store};
use tempfile::TempDir;

const MODEL: &str = "model";

async fn open() -> (TempDir, Store) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("dongting.db")).await.unwrap();
    (folder, store)
}

fn created() -> Timestamp {
    "2026-11-24T00:00:00Z".parse().unwrap()
}

fn inputs(sequences: impl IntoIterator<Item = u64>) -> Vec<Input> {
    let input = |sequence| Input { stream: "EM_BULK".to_owned(), stream_created: created(), sequence };
    sequences.into_iter().map(input).collect()
}

fn output(n: u64) -> Message {
    let (r#type, key) = ("em.test.assessment.v1".to_owned(), format!("key {n}"));
    Message {
        id: message::id("test", &r#type, &key, "1"),
        source: "test".to_owned(),
        r#type,
        subject: Subject {
            region: Region::HUNAN,
            domain: "test".to_owned(),
            kind: Kind::Assessment,
            detail: None,
        },
        time: created(),
        received: created(),
        key,
        revision: "1".to_owned(),
        partition: String::new(),
        causation: vec!["cause".to_owned()],
        plugin: "model@0.1.0#00".to_owned(),
        traceparent: String::new(),
        content_type: "application/json".to_owned(),
        extensions: Vec::new(),
        body: n.to_string().into_bytes(),
    }
}

/// One call that used `inputs` up, wrote `value` and said `outputs`.
async fn commit(
    store: &Store,
    inputs: &[Input],
    value: Option<&[u8]>,
    outputs: &[Message],
) -> Result<(), CommitError> {
    let mut commit = Commit::new(MODEL);
    commit.inputs = inputs.to_vec();
    commit.state = BTreeMap::from([("count".to_owned(), value.map(<[u8]>::to_vec))]);
    commit.state_limit_bytes = 20;
    commit.outputs = outputs.iter().cloned().map(Output::Message).collect();
    store.commit(commit).await
}

async fn outbox(store: &Store) -> Vec<Message> {
    let message = |pending: Pending| match pending.output {
        Output::Message(message) => message,
        other => panic!("{other:?}"),
    };
    store.pending(MODEL, 100).await.unwrap().into_iter().map(message).collect()
}

#[tokio::test]
async fn a_call_is_committed_whole_and_once() {
    let (folder, store) = open().await;
    commit(&store, &inputs([1, 2]), Some(b"2"), &[output(1), output(2)]).await.unwrap();
    // Input 2 again, with a new one: nothing of that call happens.
    let again = commit(&store, &inputs([3, 2]), Some(b"9"), &[output(3)]).await;
    assert!(matches!(again, Err(CommitError::Applied)), "{again:?}");
    store.close().await;

    let store = Store::open(&folder.path().join("dongting.db")).await.unwrap();
    assert_eq!(store.state(MODEL, "count").await.unwrap().as_deref(), Some(b"2".as_slice()));
    assert_eq!(store.state("another", "count").await.unwrap(), None);
    assert_eq!(outbox(&store).await, [output(1), output(2)]);
    assert_eq!(store.applied(MODEL, &inputs([1, 2, 3])).await.unwrap(), inputs([1, 2]));
    assert!(store.applied("another", &inputs([1])).await.unwrap().is_empty());

    let first = store.pending(MODEL, 1).await.unwrap()[0].position;
    store.confirmed(&[first]).await.unwrap();
    assert_eq!(outbox(&store).await, [output(2)]);
}

#[tokio::test]
async fn a_state_that_is_too_large_undoes_the_call() {
    let (_folder, store) = open().await;
    commit(&store, &inputs([1]), Some(b"1"), &[]).await.unwrap();
    let full = commit(&store, &inputs([2]), Some(&[b'x'; 16]), &[output(2)]).await;
    assert!(matches!(full, Err(CommitError::StateFull { bytes: 21, limit: 20 })), "{full:?}");
    assert_eq!(store.state(MODEL, "count").await.unwrap().as_deref(), Some(b"1".as_slice()));
    assert!(store.applied(MODEL, &inputs([2])).await.unwrap().is_empty());
    assert!(outbox(&store).await.is_empty());
    commit(&store, &inputs([2]), None, &[]).await.unwrap();
    assert_eq!(store.state(MODEL, "count").await.unwrap(), None);
}

#[tokio::test]
async fn what_lies_below_the_floor_is_forgotten_and_the_floor_stays() {
    let (_folder, store) = open().await;
    let floor = async || store.floor(MODEL, "EM_BULK", created()).await.unwrap();
    commit(&store, &inputs(1..=5), None, &[]).await.unwrap();
    assert_eq!(floor().await, None);
    let raise = async |sequence| store.raise_floor(MODEL, &inputs([sequence])[0]).await.unwrap();
    raise(4).await;
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
    assert!(store.applied(MODEL, &inputs(1..=5)).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_cursor_moves_only_from_where_it_was_read() {
    let (_folder, store) = open().await;
    assert_eq!(store.cursor("feed").await.unwrap(), Cursor::default());
    let to = |text: &str| Cursor { text: Some(text.to_owned()), complete_until: Some(created()) };
    assert!(store.move_cursor("feed", None, &to("a")).await.unwrap());
    assert!(!store.move_cursor("feed", None, &to("b")).await.unwrap());
    assert!(store.move_cursor("feed", Some("a"), &to("c")).await.unwrap());
    assert_eq!(store.cursor("feed").await.unwrap(), to("c"));
}
