//! The capability `records`: documents found by what stands in them, written with the call's messages or not at all.

use std::collections::BTreeSet;
use std::sync::Arc;

use dongting_manifest::installation::Limits;
use dongting_manifest::record::{
    self, Collection, Collections, Extent, Page, Query, Record, Writes, Written,
};
use dongting_sandbox::{Applied, Call, Outcome, Read, Readers, RecordReader};
use dongting_store::{Commit, CommitError, Store};
use dongting_tests::documents;
use dongting_tests::host::{Host, eventually};

use crate::guests::{self, NOW, call, message};
use crate::store::{Place, on_both, open};

const MODEL: &str = "model";

/// Reads the real database, as the engine does.
struct Committed(Store);

impl RecordReader for Committed {
    fn extent(&self) -> Read<'_, Extent> {
        Box::pin(async move {
            let declared = record::declared(&collections());
            Ok(self.0.record_extent(MODEL, &declared).await.unwrap().0)
        })
    }

    fn get(&self, collection: &str, id: &str) -> Read<'_, Option<Record>> {
        let (collection, id) = (collection.to_owned(), id.to_owned());
        Box::pin(async move { Ok(self.0.record(MODEL, &collection, &id).await.unwrap()) })
    }

    fn find(&self, query: &Query, without: BTreeSet<String>, max_bytes: usize) -> Read<'_, Page> {
        let query = query.clone();
        Box::pin(async move { Ok(self.0.records(MODEL, &query, &without, max_bytes).await.unwrap()) })
    }
}

/// As the guest's manifest declares them.
fn collections() -> Collections {
    let stations = Collection { indexes: vec!["/level".into(), "/county".into()] };
    Collections::from([("stations".into(), stations), ("counts".into(), Collection::default())])
}

async fn ran(store: &Store, steps: &str, limits: Limits) -> Outcome<Applied> {
    let mut input = message("a");
    input.body = steps.as_bytes().to_vec();
    let readers = Readers { records: Some(Arc::new(Committed(store.clone()))), ..Readers::default() };
    let call = Call { readers, ..call(limits, NOW, 1) };
    guests::plugin("records").apply(call, &[input]).await
}

/// What the steps were answered, and what they wrote.
async fn steps(store: &Store, steps: &str, limits: Limits) -> (Vec<String>, Writes) {
    let outcome = ran(store, steps, limits).await;
    let body = &outcome.result.unwrap().drafts[0].body;
    (serde_json::from_slice(body).unwrap(), outcome.writes.records)
}

async fn commit(store: &Store, records: Writes) -> Result<(), CommitError> {
    let records_declared = record::declared(&collections());
    store.commit(Commit { records, records_declared, ..Commit::new(MODEL) }).await.map(drop)
}

on_both! {
    records
    records_are_bounded_whatever_a_guest_asks
    documents_are_indexed_anew_where_the_indexes_change
}

async fn records<P: Place>() {
    let (_place, store) = open::<P>().await;
    let first = r#"[
        {"put": ["stations", "a", "{\"level\": 3, \"county\": \"430102\"}", 0]},
        {"put": ["stations", "b", "{\"level\": -1.5, \"county\": \"430102\"}", null]},
        {"put": ["stations", "c", "{\"level\": \"high\"}", null]},
        {"put": ["stations", "a", "{\"level\": 4}", 0]},
        {"put": ["stations", "a", "{\"level\": 4, \"county\": \"430103\"}", 1]},
        {"get": ["stations", "a"]},
        {"find": ["stations", "/level", null, null, 2]},
        {"find": ["stations", "/county", "430102", "430102", 9]}]"#;
    let (said, writes) = steps(&store, first, Limits::default()).await;
    let a = r#"4 {"level": 4, "county": "430103"}"#;
    assert_eq!(said, ["1", "2", "3", "conflict 1", "4", a, "b a | c", "b"]);
    commit(&store, writes).await.unwrap();

    // Another call sees what is committed, with its own writes in their places.
    let second = r#"[
        {"get": ["stations", "a"]},
        {"find": ["stations", null, null, null, 1]},
        {"put": ["stations", "b", "{\"level\": 9}", 2]},
        {"put": ["stations", "ab", "{\"level\": 4}", 0]},
        {"find": ["stations", "/level", null, null, 1]},
        {"find": ["stations", "/level", 4, 9, 9]},
        {"find": ["stations", "/level", null, 8, 9]},
        {"find": ["stations", "/level", "a", null, 9]},
        {"delete": ["stations", "c", 1]},
        {"delete": ["stations", "c", 3]},
        {"delete": ["stations", "c", null]},
        {"find": ["stations", null, null, null, 2]},
        {"find": ["stations", "/county", null, null, 9]}]"#;
    let (said, writes) = steps(&store, second, Limits::default()).await;
    let expected = [
        a,
        "a | b | c",
        "5",
        "6",
        "a | ab | b | c",
        "a ab b",
        "a ab",
        "c",
        "conflict 3",
        "",
        "",
        "a ab | b",
        "a",
    ];
    assert_eq!(said, expected);
    // Written meanwhile by another: nothing of this call is committed.
    let (_, other) = steps(&store, r#"[{"put": ["counts", "x", "1", 0]}]"#, Limits::default()).await;
    commit(&store, other).await.unwrap();
    let late = commit(&store, writes).await;
    assert!(matches!(late, Err(CommitError::RecordsChanged)), "{late:?}");
    let (said, writes) = steps(&store, second, Limits::default()).await;
    assert_eq!(said[2..4], ["6", "7"]);
    commit(&store, writes).await.unwrap();
    let (said, _) =
        steps(&store, r#"[{"find": ["stations", "/level", null, null, 1]}]"#, Limits::default()).await;
    assert_eq!(said, ["a | ab | b"]);
}

async fn records_are_bounded_whatever_a_guest_asks<P: Place>() {
    let (_place, store) = open::<P>().await;
    let long = "x".repeat(257);
    let large = "x".repeat(256 * 1024);
    for (step, why) in [
        (r#"{"put": ["secrets", "a", "1", null]}"#.to_owned(), "names no collection `secrets`"),
        (r#"{"get": ["../state", "a"]}"#.to_owned(), "names no collection"),
        (r#"{"put": ["stations", "a", "{", null]}"#.to_owned(), "no JSON"),
        (r#"{"put": ["stations", "", "1", null]}"#.to_owned(), "1 to 256 bytes"),
        (r#"{"put": ["stations", "\u0000", "1", null]}"#.to_owned(), "no NUL"),
        (format!(r#"{{"get": ["stations", "{long}"]}}"#), "1 to 256 bytes"),
        (format!(r#"{{"put": ["stations", "a", "\"{large}\"", null]}}"#), "at most 262144"),
        (format!(r#"{{"put": ["stations", "a", "{{\"level\": \"{long}\"}}", null]}}"#), "cannot be indexed"),
        (format!(r#"{{"find": ["stations", "/level", "{long}", null, 9]}}"#), "too long a text"),
        (r#"{"find": ["stations", "/name", null, null, 9]}"#.to_owned(), "has no index `/name`"),
        (r#"{"find": ["stations", null, null, null, 0]}"#.to_owned(), "limit must lie between"),
        (r#"{"find": ["stations", null, null, null, 1001]}"#.to_owned(), "limit must lie between"),
        (r#"{"after": "' OR 1=1 --"}"#.to_owned(), "no cursor"),
        (r#"{"delete": ["stations", "a", 7]}"#.to_owned(), "conflict 0"),
        (r#"{"flood": 100000}"#.to_owned(), "quota"),
    ] {
        let (said, writes) = steps(&store, &format!("[{step}]"), Limits::default()).await;
        assert!(said[0].contains(why), "{step:.60}: {said:?}");
        assert!(said[0] == "quota" || writes.records.is_empty());
    }
    // The limit counts what is kept, and what is deleted makes room.
    let tight = Limits { records_kib: 4, ..Limits::default() };
    let (said, writes) = steps(&store, r#"[{"flood": 3}, {"flood": 4}]"#, tight).await;
    assert_eq!(said, ["3", "quota"], "what a call writes is bounded too");
    commit(&store, writes).await.unwrap();
    let put = r#"{"put": ["counts", "z", "1", null]}"#;
    let more = format!(r#"[{{"flood": 4}}, {put}, {{"delete": ["counts", "0", null]}}, {put}]"#);
    let (said, writes) = steps(&store, &more, Limits { records_kib: 3, ..tight }).await;
    assert_eq!(said[..3], ["quota", "quota", ""]);
    assert!(said[3].parse::<u64>().is_ok(), "{said:?}");
    commit(&store, writes).await.unwrap();
}

async fn documents_are_indexed_anew_where_the_indexes_change<P: Place>() {
    let (_place, store) = open::<P>().await;
    let all: String = (0..600)
        .map(|n| {
            format!(
                r#"{{"put": ["stations", "{n:03}", "{{\"level\": {n}, \"name\": \"n{}\"}}", null]}}"#,
                n % 2
            )
        })
        .collect::<Vec<_>>()
        .join(", ");
    let (_, writes) = steps(&store, &format!("[{all}]"), Limits::default()).await;
    commit(&store, writes.clone()).await.unwrap();
    let mut other = collections();
    other.insert("stations".into(), Collection { indexes: vec!["/name".into()] });
    let declared = record::declared(&other);
    assert!(!store.record_extent(MODEL, &declared).await.unwrap().1);
    store.index_records(MODEL, &other).await.unwrap();
    let (extent, indexed) = store.record_extent(MODEL, &declared).await.unwrap();
    assert!(indexed);
    assert_eq!(extent.revision, 600);
    let key = record::text("n1").unwrap();
    let query = Query {
        collection: "stations".into(),
        index: "/name".into(),
        first: key.clone(),
        last: key,
        after: (String::new(), String::new()),
        limit: 1_000,
    };
    let found = async |query: &Query| store.records(MODEL, query, &BTreeSet::new(), 1 << 20).await.unwrap();
    let page = found(&query).await;
    assert_eq!((page.records.len(), page.complete), (300, true));
    let gone = Query { index: "/level".into(), first: String::new(), last: "~".into(), ..query.clone() };
    assert!(found(&gone).await.records.is_empty());
    let by_id = Query { index: String::new(), first: String::new(), ..gone };
    assert_eq!(found(&by_id).await.records.len(), 600);
    // A call of the release before, which made other keys, is not committed.
    let record = Record { id: "x".into(), revision: 601, body: b"1".to_vec(), bytes: 1 };
    let records = [(("stations".into(), "x".into()), Some(Written { record, keys: Vec::new() }))].into();
    let late = commit(&store, Writes { before: extent, after: extent, records }).await;
    assert!(matches!(late, Err(CommitError::RecordsChanged)), "{late:?}");
}

#[test]
fn documents_are_committed_once_whatever_is_killed() {
    let installation = r#"
        id = "register"
        region = "430000"
        grants.capabilities = ["records"]
        "#;
    let configuration = documents::configuration("guests/records.wasm", installation).unwrap();
    let mut host = Host::start(&configuration).unwrap();
    let counted = |host: &Host| -> Vec<u64> {
        let all = host.messages("assessment").unwrap();
        let mut counts: Vec<u64> =
            all.iter().map(|one| one["data"][0].as_str().unwrap().parse().unwrap()).collect();
        counts.sort_unstable();
        counts
    };
    for round in 1..=3 {
        for n in 0..100 {
            // A document of its own each, since the same one twice is one message.
            let number = round * 100 + n;
            let own: String = (0..9).map(|bit| if number >> bit & 1 == 0 { ' ' } else { '\t' }).collect();
            let body = format!(r#"["count"{own}]"#);
            assert_eq!(documents::push(&host, body.as_bytes()).unwrap().status, 200);
        }
        eventually("some are counted", || Ok(counted(&host).len() > round * 100 - 50)).unwrap();
        host.kill_and_restart().unwrap();
    }
    eventually("all are counted", || Ok(counted(&host).len() == 300)).unwrap();
    assert_eq!(counted(&host), (1..=300).collect::<Vec<u64>>());
}
