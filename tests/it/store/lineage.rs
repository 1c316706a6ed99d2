//! How far a lineage goes, and what a release was granted.

use std::time::Duration;

use dongting_manifest::{Lane, Message, Timestamp, message};
use dongting_store::{CallRecord, Commit, Entry, Given, GivenDocument, Granted, Store, Tailed};

use super::{Place, created, on_both, open, output};

on_both! {
    a_lineage_that_is_cut_says_so
    what_a_release_was_granted
    a_call_is_found_by_when_its_document_came
}

/// As many as a lineage shows each way, and as far as it goes.
const MOST: u64 = 200;
const FARTHEST: u64 = 32;

fn made(n: u64, causes: impl IntoIterator<Item = u64>) -> Message {
    let id = |n: u64| message::id("test", "em.test.assessment.v1", &n.to_string(), "1");
    Message { id: id(n), causation: causes.into_iter().map(id).collect(), ..output(n) }
}

async fn keep(store: &Store, messages: &[Message]) {
    let entries: Vec<Entry> = (1..)
        .zip(messages)
        .map(|(sequence, message)| Entry { lane: Lane::Bulk, sequence, message: message.clone() })
        .collect();
    let tailed = Tailed { stream_created: created(), sequence: messages.len() as u64 };
    store.keep(Lane::Bulk, entries, tailed).await.unwrap();
}

/// How many causes and effects it tells, each with whether there are more.
async fn told(store: &Store, message: &Message) -> [(u64, bool); 2] {
    let lineage = store.lineage(&message.id).await.unwrap().unwrap();
    [
        (lineage.causes.len() as u64, lineage.causes_truncated),
        (lineage.effects.len() as u64, lineage.effects_truncated),
    ]
}

async fn a_lineage_that_is_cut_says_so<P: Place>() {
    // Each made of the one before it.
    let (_place, store) = open::<P>().await;
    let chain: Vec<Message> = (0..FARTHEST + 2).map(|n| made(n, n.checked_sub(1))).collect();
    keep(&store, &chain).await;
    let [first, second, .., last_but_one, last] = chain.as_slice() else { panic!() };
    assert_eq!(told(&store, last).await, [(FARTHEST, true), (0, false)]);
    assert_eq!(told(&store, last_but_one).await, [(FARTHEST, false), (1, false)]);
    assert_eq!(told(&store, second).await, [(1, false), (FARTHEST, false)]);
    assert_eq!(told(&store, first).await, [(0, false), (FARTHEST, true)]);

    for (of, count, cut) in [(1_000, MOST, false), (2_000, MOST + 1, true)] {
        // Many made of one.
        let many = of + 1..=of + count;
        keep(&store, &[made(of, [])]).await;
        keep(&store, &many.clone().map(|n| made(n, [of])).collect::<Vec<_>>()).await;
        assert_eq!(told(&store, &made(of, [])).await, [(0, false), (MOST, cut)], "{count}");
        // One made of many, and that is one more than there is room for.
        let last = made(of + 500, many.clone());
        keep(&store, std::slice::from_ref(&last)).await;
        assert_eq!(told(&store, &made(of, [])).await, [(0, false), (MOST, true)], "{count}");
        assert_eq!(told(&store, &last).await, [(MOST, true), (0, false)], "{count}");
        assert_eq!(told(&store, &made(of + 1, [of])).await, [(1, false), (1, false)], "{count}");
        // One made of many first ones.
        let many = of + 501..=of + 500 + count;
        let last = made(of + 999, many.clone());
        keep(&store, &many.map(|n| made(n, [])).chain([last.clone()]).collect::<Vec<_>>()).await;
        assert_eq!(told(&store, &last).await, [(MOST, cut), (0, false)], "{count}");
    }
}

async fn what_a_release_was_granted<P: Place>() {
    let (_place, store) = open::<P>().await;
    let at = |second: i64| Timestamp::from_micros(created().as_micros() + second * 1_000_000).unwrap();
    let granted = |second, plugin: &str, grants: &str| Granted {
        since: at(second),
        plugin: plugin.to_owned(),
        grants: grants.to_owned(),
    };
    let (old, new) = ("sink@1.0.0#00", "sink@1.1.0#11");
    let [a, b, c, back] =
        [granted(0, old, "a"), granted(10, old, "b"), granted(20, new, "c"), granted(30, old, "b")];
    for one in [&a, &b, &c, &back] {
        store.keep_grants("sink", one).await.unwrap();
    }
    store.keep_grants("another", &granted(15, old, "d")).await.unwrap();
    // What it is granted already is not written anew, though another release was at work in between.
    assert_eq!(store.granted("sink", old).await.unwrap(), [b.clone(), a]);
    assert_eq!(store.granted("sink", new).await.unwrap(), std::slice::from_ref(&c));
    assert!(store.granted("nobody", old).await.unwrap().is_empty());
    // What a release was granted last stays: it may be at work still.
    store.forget_grants(at(60)).await.unwrap();
    assert_eq!(store.granted("sink", old).await.unwrap(), [b]);
    assert_eq!(store.granted("sink", new).await.unwrap(), [c]);
}

/// However long before: a dead letter's is driven again days later.
async fn a_call_is_found_by_when_its_document_came<P: Place>() {
    let (_place, store) = open::<P>().await;
    let at = |second: i64| Timestamp::from_micros(created().as_micros() + second * 1_000_000).unwrap();
    let call = |second, document: &str| CallRecord {
        made_at: Some(at(second)),
        given: Some(Given::Document(GivenDocument {
            transport: "http".to_owned(),
            name: None,
            content_type: None,
            received: at(0),
            body: document.to_owned(),
        })),
        outputs: vec![(format!("of-{document}"), String::new())],
        ..CallRecord::default()
    };
    let beside = [call(0, "one"), call(90, "another"), call(86_400, "late")];
    store.record_calls(&beside.iter().map(|call| ("desk", call)).collect::<Vec<_>>()).await.unwrap();
    let committed = Commit { call: Some(call(600, "committed")), ..Commit::new("desk") };
    store.commit(committed).await.unwrap();
    let found = async |installation: &str, id: &str, second| {
        let found = store.call_that_made((installation, id), at(second), Duration::ZERO).await.unwrap()?;
        Some(found.made_at.since(at(0)).as_secs())
    };
    for (document, second) in [("one", 0), ("another", 90), ("committed", 600), ("late", 86_400)] {
        assert_eq!(found("desk", &format!("of-{document}"), 0).await, Some(second), "{document}");
    }
    // Of another installation, of another document, and of one that came at another time.
    assert_eq!(found("another", "of-late", 0).await, None);
    assert_eq!(found("desk", "of-nothing", 0).await, None);
    assert_eq!(found("desk", "of-late", 1).await, None);
}
