//! `dongting-store` on a real file, and the same on a real server.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use dongting_manifest::plugin::Topic;
use dongting_manifest::{Kind, Lane, Message, Region, Subject, Timestamp, message};
use dongting_store::{
    Begun, Commit, CommitError, Cursor, Database, Entry, Input, Move, Output, Park, Store, Tailed,
};
use dongting_tests::postgres::{PASSWORD, Postgres};
use tempfile::TempDir;

pub mod forgetting;
pub mod lineage;
pub mod many;

const MODEL: &str = "model";

/// Where a test's database is, for as long as the test runs.
pub trait Place {
    fn new() -> Self;
    fn database(&self) -> Database;
}

impl Place for TempDir {
    fn new() -> Self {
        // A name that would be another in a URL.
        tempfile::Builder::new().prefix("a %41?b#c").tempdir().unwrap()
    }

    fn database(&self) -> Database {
        Database::Sqlite(self.path().join("dongting.db"))
    }
}

impl Place for Postgres {
    fn new() -> Self {
        Self::start().unwrap()
    }

    fn database(&self) -> Database {
        self.url().parse().unwrap()
    }
}

/// Each of these tests on each kind of database.
macro_rules! on_both {
    ($($test:ident)*) => {
        mod sqlite {
            $(#[tokio::test]
            async fn $test() {
                super::$test::<tempfile::TempDir>().await;
            })*
        }
        mod postgres {
            $(#[tokio::test]
            async fn $test() {
                super::$test::<dongting_tests::postgres::Postgres>().await;
            })*
        }
    };
}

pub(crate) use on_both;

on_both! {
    a_call_is_committed_whole_and_once
    a_state_that_is_too_large_undoes_the_call
    a_cursor_moves_only_from_where_it_was_read
    what_holds_and_what_it_was_made_of
    a_large_body_comes_with_its_message_and_not_in_lists
    a_lease_has_one_holder_and_a_stale_one_cannot_commit
    what_is_parked_comes_back_in_its_order
    what_is_parked_is_told_by_partition
    an_attempt_that_was_not_ended_is_told
    the_highest_version_that_ran_never_falls
}

pub async fn open<P: Place>() -> (P, Store) {
    let place = P::new();
    let store = Store::open(&place.database()).await.unwrap();
    (place, store)
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
    store.commit(commit).await.map(drop)
}

async fn outbox(store: &Store) -> Vec<Message> {
    let message = |output| match output {
        Output::Message(message) => message,
        other => panic!("{other:?}"),
    };
    let rows = store.pending(MODEL, 100).await.unwrap();
    rows.into_iter().flat_map(|pending| pending.outputs).map(message).collect()
}

async fn a_call_is_committed_whole_and_once<P: Place>() {
    let (place, store) = open::<P>().await;
    commit(&store, &inputs([1, 2]), Some(b"2"), &[output(1), output(2)]).await.unwrap();
    // Input 2 again, with a new one: nothing of that call happens.
    let again = commit(&store, &inputs([3, 2]), Some(b"9"), &[output(3)]).await;
    assert!(matches!(again, Err(CommitError::Applied)), "{again:?}");
    store.close().await;

    let store = Store::open(&place.database()).await.unwrap();
    assert_eq!(store.state(MODEL, "count").await.unwrap().as_deref(), Some(b"2".as_slice()));
    assert_eq!(store.state("another", "count").await.unwrap(), None);
    assert_eq!(outbox(&store).await, [output(1), output(2)]);
    assert_eq!(store.applied(MODEL, &inputs([1, 2, 3])).await.unwrap(), inputs([1, 2]));
    assert!(store.applied("another", &inputs([1])).await.unwrap().is_empty());

    commit(&store, &inputs([3]), Some(b"3"), &[output(3)]).await.unwrap();
    let first = store.pending(MODEL, 1).await.unwrap()[0].position;
    store.confirmed(&[first]).await.unwrap();
    store.confirmed(&[]).await.unwrap();
    assert_eq!(outbox(&store).await, [output(3)]);
}

async fn a_state_that_is_too_large_undoes_the_call<P: Place>() {
    let (_place, store) = open::<P>().await;
    commit(&store, &inputs([1]), Some(b"1"), &[]).await.unwrap();
    let full = commit(&store, &inputs([2]), Some(&[b'x'; 16]), &[output(2)]).await;
    assert!(matches!(full, Err(CommitError::StateFull { bytes: 21, limit: 20 })), "{full:?}");
    assert_eq!(store.state(MODEL, "count").await.unwrap().as_deref(), Some(b"1".as_slice()));
    assert!(store.applied(MODEL, &inputs([2])).await.unwrap().is_empty());
    assert!(outbox(&store).await.is_empty());
    commit(&store, &inputs([2]), None, &[]).await.unwrap();
    assert_eq!(store.state(MODEL, "count").await.unwrap(), None);
}

async fn a_cursor_moves_only_from_where_it_was_read<P: Place>() {
    let (_place, store) = open::<P>().await;
    assert_eq!(store.cursor("feed").await.unwrap(), Cursor::default());
    let to = |text: &str| Cursor { text: Some(text.to_owned()), complete_until: Some(created()) };
    let moved = async |from: Option<&str>, text: &str| {
        let mut commit = Commit::new("feed");
        commit.cursor = Some(Move { from: from.map(str::to_owned), to: to(text) });
        commit.outputs = vec![Output::Message(output(1))];
        store.commit(commit).await
    };
    assert!(moved(None, "a").await.is_ok());
    assert!(matches!(moved(None, "b").await, Err(CommitError::CursorMoved)));
    assert!(moved(Some("a"), "c").await.is_ok());
    // What came with the one that was refused is not there.
    assert_eq!(store.pending("feed", 10).await.unwrap().len(), 2);
    assert_eq!(store.cursor("feed").await.unwrap(), to("c"));
}

async fn what_holds_and_what_it_was_made_of<P: Place>() {
    let (_place, store) = open::<P>().await;
    assert_eq!(store.newest_received().await.unwrap(), None);
    assert_eq!(store.tailed(Lane::Bulk).await.unwrap(), None);
    let later: Timestamp = "2026-11-25T00:00:00Z".parse().unwrap();
    let said = |n: u64, time: Timestamp, causation: &[&Message]| {
        let causation = causation.iter().map(|cause| cause.id.clone()).collect();
        let message = output(n);
        let id = message::id("test", &message.r#type, &message.key, &time.to_string());
        Message { id, time, received: time, causation, ..message }
    };
    let cause = said(1, created(), &[]);
    let effect = said(2, created(), &[&cause]);
    let renewed = said(2, later, &[&cause, &effect]);
    let entry = |sequence, message: &Message| Entry { lane: Lane::Bulk, sequence, message: message.clone() };
    let entries = [entry(1, &cause), entry(2, &renewed), entry(3, &effect), entry(4, &cause)];
    let tailed = Tailed { stream_created: created(), sequence: 4 };
    // Read twice, as after a crash.
    for sequence in [3, 4] {
        store.keep(Lane::Bulk, entries.to_vec(), Tailed { sequence, ..tailed }).await.unwrap();
    }
    assert_eq!(store.tailed(Lane::Bulk).await.unwrap(), Some(tailed));
    assert_eq!(store.newest_received().await.unwrap(), Some(later));

    let topic = Topic { domain: "test".to_owned(), kind: Kind::Assessment, detail: None };
    let latest = async |since| store.latest(&topic, Region::HUNAN, since, 10).await.unwrap();
    assert_eq!(latest(None).await, [renewed.clone(), cause.clone()]);
    assert_eq!(latest(Some(later)).await, std::slice::from_ref(&renewed));
    let newest = async |domain| store.newest(domain, None, Region::HUNAN, 1).await.unwrap();
    assert_eq!(newest(Some("test")).await, std::slice::from_ref(&renewed));
    assert!(newest(Some("another")).await.is_empty());

    let lineage = store.lineage(&effect.id).await.unwrap().unwrap();
    assert_eq!(lineage.message, effect);
    assert_eq!((lineage.causes, lineage.effects), (vec![cause.clone()], vec![renewed.clone()]));
    assert!(store.lineage("nothing").await.unwrap().is_none());
    // What still holds stays, however old it is.
    assert_eq!(store.forget(later).await.unwrap(), 1);
    assert!(store.lineage(&effect.id).await.unwrap().is_none());
    assert_eq!(store.lineage(&renewed.id).await.unwrap().unwrap().causes, [cause]);
}

async fn a_large_body_comes_with_its_message_and_not_in_lists<P: Place>() {
    let (_place, store) = open::<P>().await;
    let of = |n, bytes, causation: &[&Message]| {
        let causation = causation.iter().map(|cause| cause.id.clone()).collect();
        Message { body: vec![b' '; bytes], causation, ..output(n) }
    };
    let (cause, large, effect) = (16 * 1024, 16 * 1024 + 1, 16 * 1024 + 1);
    let cause = of(1, cause, &[]);
    let large = of(2, large, &[&cause]);
    let effect = of(3, effect, &[&large]);
    let messages = [(1, &cause), (2, &large), (3, &effect)];
    let entries =
        messages.map(|(sequence, message)| Entry { lane: Lane::Bulk, sequence, message: message.clone() });
    let tailed = Tailed { stream_created: created(), sequence: 3 };
    store.keep(Lane::Bulk, entries.to_vec(), tailed).await.unwrap();

    let lineage = store.lineage(&large.id).await.unwrap().unwrap();
    let without = |message: &Message| Message { body: Vec::new(), ..message.clone() };
    assert_eq!(lineage.message, large);
    assert_eq!((lineage.causes, lineage.effects), (vec![cause.clone()], vec![without(&effect)]));
    let newest = store.newest(None, None, Region::HUNAN, 10).await.unwrap();
    let bodies = newest.iter().map(|message| message.body.len()).collect::<BTreeSet<_>>();
    assert_eq!((newest.len(), bodies), (3, [0, cause.body.len()].into()));
    assert_eq!(store.messages(std::slice::from_ref(&effect.id)).await.unwrap(), [effect]);
}

#[tokio::test]
async fn a_log_is_brought_to_its_file_beside_the_commits() {
    let (place, store) = open::<TempDir>().await;
    let bytes = |name: &str| std::fs::metadata(place.path().join(name)).unwrap().len();
    let before = bytes("dongting.db");
    let outputs: Vec<Message> = (0..500).map(output).collect();
    commit(&store, &inputs([1]), Some(b"1"), &outputs).await.unwrap();
    assert_eq!(bytes("dongting.db"), before, "it is in the log alone");
    store.settle().await.unwrap();
    assert!(bytes("dongting.db") > before + 100_000);
}

#[tokio::test]
async fn two_hosts_make_one_schema() {
    let postgres = Postgres::start().unwrap();
    let database = postgres.database();
    let (one, other) = tokio::join!(Store::open(&database), Store::open(&database));
    commit(&one.unwrap(), &inputs([1]), Some(b"1"), &[]).await.unwrap();
    assert_eq!(other.unwrap().state(MODEL, "count").await.unwrap().as_deref(), Some(b"1".as_slice()));
}

#[tokio::test]
async fn a_restarted_server_has_what_was_committed() {
    let mut postgres = Postgres::start().unwrap();
    let store = Store::open(&postgres.database()).await.unwrap();
    commit(&store, &inputs([1]), Some(b"1"), &[output(1)]).await.unwrap();
    postgres.restart().unwrap();
    assert_eq!(outbox(&store).await, [output(1)]);
    let again = commit(&store, &inputs([1]), Some(b"2"), &[]).await;
    assert!(matches!(again, Err(CommitError::Applied)), "{again:?}");
}

#[tokio::test]
async fn an_error_does_not_tell_the_password() {
    let postgres = Postgres::start().unwrap();
    let wrong = postgres.url().replace(PASSWORD, "not-the-password");
    let error = Store::open(&wrong.parse().unwrap()).await.err().unwrap();
    assert!(error.to_string().contains("postgres://dongting@127.0.0.1:"), "{error}");
    assert!(!format!("{error:?}").contains("not-the-password"), "{error:?}");
    let other: Result<Database, _> = "mysql://user:secret@host/name".parse();
    let error = other.err().unwrap().to_string();
    assert!(error.contains("postgres://") && !error.contains("secret"), "{error}");
}

async fn a_lease_has_one_holder_and_a_stale_one_cannot_commit<P: Place>() {
    let (_place, store) = open::<P>().await;
    let ttl = Duration::from_secs(5);
    let at = |seconds: u64| created().saturating_add(Duration::from_secs(seconds));
    let take = async |holder: &str, seconds| store.take_lease(MODEL, holder, at(seconds), ttl).await.unwrap();
    let first = take("a", 0).await.unwrap();
    assert_eq!(take("b", 4).await, None, "another has it");
    assert_eq!(take("a", 4).await.as_ref(), Some(&first), "taken on, in the same epoch");
    assert_eq!(take("b", 8).await, None);
    let second = take("b", 10).await.unwrap();
    assert_eq!((second.epoch, take("a", 11).await), (first.epoch + 1, None));

    let commit = async |lease, sequence| {
        let mut commit = Commit::new(MODEL);
        commit.lease = Some(lease);
        commit.inputs = inputs([sequence]);
        store.commit(commit).await.map(drop)
    };
    assert!(matches!(commit(first.clone(), 1).await, Err(CommitError::LeaseLost)));
    assert!(store.applied(MODEL, &inputs([1])).await.unwrap().is_empty(), "nothing of it happened");
    commit(second.clone(), 1).await.unwrap();
    store.release_lease(&first).await.unwrap();
    assert_eq!(take("a", 12).await, None, "who has lost it cannot give it away");
    store.release_lease(&second).await.unwrap();
    assert_eq!(take("a", 12).await.unwrap().epoch, second.epoch + 1);
}

async fn what_is_parked_comes_back_in_its_order<P: Place>() {
    let (_place, store) = open::<P>().await;
    let park = |n: u64, partition: &str, position, due: u64| {
        let mut message = output(n);
        message.partition = partition.to_owned();
        let origin = dongting_manifest::Origin {
            stream: "EM_BULK".to_owned(),
            stream_created: created(),
            sequence: n,
            subject: message.subject.to_string(),
        };
        let due = created().saturating_add(Duration::from_secs(due));
        Park { position, message, origin, tries: 1, due, reason: "later".to_owned() }
    };
    let commit = async |parks: Vec<Park>, unparked: Vec<i64>| {
        let mut commit = Commit::new(MODEL);
        (commit.parks, commit.unparked) = (parks, unparked);
        store.commit(commit).await.map(drop)
    };
    commit(vec![park(1, "a", None, 9), park(2, "b", None, 5), park(3, "a", None, 1)], vec![]).await.unwrap();
    assert_eq!(
        store.applied(MODEL, &inputs(1..=4)).await.unwrap().len(),
        3,
        "they are used up on their lane"
    );
    let partitions = async || {
        let mut found = store.parked_partitions(MODEL, "EM_BULK").await.unwrap();
        found.sort_by(|a, b| a.name.cmp(&b.name));
        found.into_iter().map(|p| (p.name, p.messages, p.due.since(created()).as_secs())).collect::<Vec<_>>()
    };
    assert_eq!(partitions().await, [("a".to_owned(), 2, 9), ("b".to_owned(), 1, 5)], "the first one's due");
    let parked = async |names: &[&str]| {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        store.parked(MODEL, "EM_BULK", &names, 10).await.unwrap()
    };
    let found = parked(&["a", "b"]).await;
    let sequences: Vec<u64> = found.iter().map(|row| row.origin.sequence).collect();
    assert_eq!(sequences, [1, 2, 3]);
    assert_eq!(found[0].message.id, output(1).id);
    commit(vec![park(1, "a", Some(found[0].position), 20)], vec![found[1].position]).await.unwrap();
    assert_eq!(partitions().await, [("a".to_owned(), 2, 20)]);
    // Used up by somebody else: nothing of the commit happens.
    let again = commit(vec![park(7, "c", None, 1)], vec![found[1].position]).await;
    assert!(matches!(again, Err(CommitError::Applied)), "{again:?}");
    assert!(parked(&["c"]).await.is_empty());
}

async fn what_is_parked_is_told_by_partition<P: Place>() {
    let (_place, store) = open::<P>().await;
    let none = store.parkings(MODEL, 10).await.unwrap();
    assert_eq!((none.partitions, none.messages, none.first.len()), (0, 0, 0));
    let park = |n: u64, stream: &str, partition: &str, tries: u32| {
        let mut message = output(n);
        message.partition = partition.to_owned();
        let subject = message.subject.to_string();
        let origin = dongting_manifest::Origin {
            stream: stream.to_owned(),
            stream_created: created(),
            sequence: n,
            subject,
        };
        Park { position: None, message, origin, tries, due: created(), reason: format!("reason {n}") }
    };
    let mut commit = Commit::new(MODEL);
    commit.parks = vec![
        park(1, "EM_BULK", "a", 3),
        park(2, "EM_BULK", "b", 1),
        park(3, "EM_BULK", "a", 0),
        // The same partition on another lane waits for itself.
        park(4, "EM_ALERT", "a", 2),
    ];
    store.commit(commit).await.unwrap();
    let all = store.parkings(MODEL, 2).await.unwrap();
    assert_eq!((all.partitions, all.messages), (3, 4), "counted, though not all are told");
    let told: Vec<_> =
        all.first.iter().map(|w| (w.partition.as_str(), w.messages, w.tries, w.reason.as_str())).collect();
    assert_eq!(told, [("a", 2, 3, "reason 1"), ("b", 1, 1, "reason 2")], "the longest waiting first");
    let head = output(1);
    assert_eq!((&all.first[0].message, all.first[0].received), (&head.id, head.received));
    assert_eq!(all.first[0].due, created());
    assert_eq!(store.parkings("another", 10).await.unwrap().partitions, 0);
}

async fn an_attempt_that_was_not_ended_is_told<P: Place>() {
    let (_place, store) = open::<P>().await;
    let begin = async |inputs: &[Input]| store.begin_attempts(MODEL, None, inputs).await.unwrap();
    let first = Begun { number: 1, open: false };
    assert_eq!(begin(&inputs([1, 2])).await, [first, first]);
    let again = Begun { number: 2, open: true };
    assert_eq!(begin(&inputs([1, 3])).await, [again, first], "1 was begun and not ended");
    let mut commit = Commit::new(MODEL);
    commit.attempts = vec![(inputs([1])[0].clone(), true), (inputs([2])[0].clone(), false)];
    store.commit(commit).await.unwrap();
    let known = Begun { number: 2, open: false };
    assert_eq!(begin(&inputs([1, 2])).await, [first, known], "2 is known not to have arrived");
    // Of a host that has lost the lease nothing is written down, and so nothing is sent.
    let take =
        async |holder, now| store.take_lease(MODEL, holder, now, Duration::from_secs(5)).await.unwrap();
    let stale = take("a", created()).await;
    let held = take("b", created().saturating_add(Duration::from_secs(6))).await;
    assert!(stale.is_some() && held.is_some());
    let late = store.begin_attempts(MODEL, stale, &inputs([4])).await;
    assert!(matches!(late, Err(CommitError::LeaseLost)), "{late:?}");
    assert_eq!(store.begin_attempts(MODEL, held, &inputs([4])).await.unwrap(), [first]);
}

async fn the_highest_version_that_ran_never_falls<P: Place>() {
    let (_place, store) = open::<P>().await;
    let version = |text: &str| text.parse().unwrap();
    assert_eq!(store.highest(MODEL, "hydro/gauge").await.unwrap(), None);
    for (ran, highest) in [
        ("1.2.0", "1.2.0"),
        ("1.10.0", "1.10.0"),
        ("1.9.9", "1.10.0"),
        ("0.99.0", "1.10.0"),
        ("2.0.0", "2.0.0"),
    ] {
        store.ran(MODEL, "hydro/gauge", version(ran)).await.unwrap();
        assert_eq!(store.highest(MODEL, "hydro/gauge").await.unwrap(), Some(version(highest)), "{ran}");
    }
    store.ran(MODEL, "hydro/pump", version("0.1.0")).await.unwrap();
    store.ran("other", "hydro/gauge", version("0.1.0")).await.unwrap();
    assert_eq!(store.highest(MODEL, "hydro/gauge").await.unwrap(), Some(version("2.0.0")));
}
