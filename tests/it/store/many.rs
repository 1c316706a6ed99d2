//! Calls that change many documents and timers: what is kept, and what it was before each of them.

use std::collections::BTreeMap;

use dongting_manifest::record::{self, Collection, Collections, Extent, Query, Record, Writes, Written};
use dongting_manifest::timer::Timer;
use dongting_store::{Body, CallRecord, Commit, CommitError, Input, Rung, Store};

use super::{MODEL, Place, created, inputs, on_both, open};

type Documents = BTreeMap<(String, String), Vec<u8>>;
type Timers = BTreeMap<String, Timer>;

on_both! {
    many_changes_of_one_call
    many_attempts_and_bodies_of_one_call
}

/// More than one statement takes.
const MANY: u64 = 400;

fn collections() -> Collections {
    let stations = Collection { indexes: vec!["/county".into(), "/level".into()] };
    Collections::from([("counts".into(), Collection::default()), ("stations".into(), stations)])
}

fn commit_of_a_call() -> Commit {
    let call = CallRecord { made_at: Some(created()), ..CallRecord::default() };
    Commit {
        call: Some(call),
        records_declared: record::declared(&collections()),
        timers_limit: 1_000,
        ..Commit::new(MODEL)
    }
}

/// The changes of the call with this number: of each number one is set, or deleted, or left.
fn change(call: u64, commit: &mut Commit, documents: &mut Documents, timers: &mut Timers) {
    let mut writes = Writes { before: commit.records.after, ..Writes::default() };
    writes.after.revision = writes.before.revision;
    for n in 0..MANY {
        let collection = if n % 3 == 0 { "counts" } else { "stations" };
        let id = (collection.to_owned(), format!("{n}"));
        let name = format!("timer {n}");
        match (call * call + n) % 5 {
            0 => {
                documents.remove(&id);
                writes.records.insert(id, None);
                timers.remove(&name);
                commit.timers.insert(name, None);
            }
            1 | 2 => {
                let body = format!("{{\"county\":\"{}\",\"level\":{call}}}", n % 10).into_bytes();
                writes.after.revision += 1;
                let keys = record::keys(&collections(), collection, &body);
                let record = Record {
                    id: id.1.clone(),
                    revision: writes.after.revision,
                    body: body.clone(),
                    bytes: 1,
                };
                writes.records.insert(id.clone(), Some(Written { record, keys }));
                documents.insert(id, body.clone());
                let timer = Timer { at: created(), payload: body };
                timers.insert(name.clone(), timer.clone());
                commit.timers.insert(name, Some(timer));
            }
            _ => {}
        }
    }
    commit.records = writes;
}

async fn before(store: &Store, position: i64) -> (Documents, Timers) {
    let records = store.records_before(MODEL, position).await.unwrap();
    let mut timers = Timers::new();
    for name in store.timers_before(MODEL, position).await.unwrap() {
        let timer = store.timer_before(MODEL, &name, position).await.unwrap().unwrap();
        timers.insert(name, timer);
    }
    (records.into_iter().map(|(id, record)| (id, record.body)).collect(), timers)
}

async fn many_changes_of_one_call<P: Place>() {
    let (_place, store) = open::<P>().await;
    let (mut documents, mut timers) = (Documents::new(), Timers::new());
    let mut known = Vec::new();
    let mut extent = Extent::default();
    for call in 0..5 {
        let mut commit = commit_of_a_call();
        commit.records.after = extent;
        let was = (documents.clone(), timers.clone());
        change(call, &mut commit, &mut documents, &mut timers);
        if call == 3 {
            // Of what is due some is used up in the same call, and not set again.
            let used: Vec<String> =
                was.1.keys().filter(|name| !commit.timers.contains_key(*name)).cloned().collect();
            assert!(used.len() > 64, "{}", used.len());
            used.iter().for_each(|name| drop(timers.remove(name)));
            commit.rung = used.into_iter().map(|name| Rung { name, at: created(), again: None }).collect();
        }
        extent = commit.records.after;
        let position = store.commit(commit).await.unwrap().call.unwrap();
        known.push((position, was));
    }
    for (position, was) in &known {
        assert_eq!(before(&store, *position).await, *was, "before {position}");
    }
    assert_eq!(before(&store, i64::MAX).await, (documents.clone(), timers.clone()));
    assert_eq!(store.count_timers(MODEL).await.unwrap(), timers.len() as u64);

    let query = Query {
        collection: "stations".into(),
        index: "/county".into(),
        first: String::new(),
        last: "\u{10ffff}".into(),
        after: (String::new(), String::new()),
        limit: 1_000,
    };
    let page = store.records(MODEL, &query, &Default::default(), 1 << 20).await.unwrap();
    let mut found: Vec<_> = page.records.into_iter().map(|(_, record)| (record.id, record.body)).collect();
    found.sort();
    let stations = documents.iter().filter(|((collection, _), _)| collection == "stations");
    assert_eq!(found, stations.map(|((_, id), body)| (id.clone(), body.clone())).collect::<Vec<_>>());

    // One of many that was used up before undoes the call.
    let mut commit = commit_of_a_call();
    let rung = |name: &str| Rung { name: name.to_owned(), at: created(), again: None };
    commit.rung = timers.keys().map(|name| rung(name)).chain([rung("long gone")]).collect();
    let refused = store.commit(commit).await;
    assert!(matches!(refused, Err(CommitError::Applied)), "{refused:?}");
    assert_eq!(store.count_timers(MODEL).await.unwrap(), timers.len() as u64);
}

async fn many_attempts_and_bodies_of_one_call<P: Place>() {
    let (_place, store) = open::<P>().await;
    let other = inputs(1..=150).into_iter().map(|input| Input { stream: "EM_ALERT".to_owned(), ..input });
    // Of two streams, and not in their order.
    let all: Vec<Input> = inputs(1..=300).into_iter().chain(other).rev().collect();
    let begin = async || store.begin_attempts(MODEL, None, &all).await.unwrap();
    assert!(begin().await.iter().all(|begun| (begun.number, begun.open) == (1, false)));
    let mut commit = Commit::new(MODEL);
    // One of three is done, one known not to have arrived; of one it is not known.
    let ended = all.iter().filter(|input| input.sequence % 3 != 0);
    commit.attempts = ended.map(|input| (input.clone(), input.sequence % 3 == 1)).collect();
    store.commit(commit).await.unwrap();
    for (input, begun) in all.iter().zip(begin().await) {
        let expected = [(2, true), (1, false), (2, false)][input.sequence as usize % 3];
        assert_eq!((begun.number, begun.open), expected, "{input:?}");
    }

    let bodies: Vec<Body> = (0..300).map(|n| Body::new(vec![n as u8; n % 200])).collect();
    assert!(store.keep_bodies(bodies.iter().chain(&bodies).collect()).await.is_ok(), "each may come twice");
    for body in &bodies {
        assert_eq!(store.body(&body.digest).await.unwrap().as_ref(), Some(&body.bytes));
    }
}
