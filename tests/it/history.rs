//! The capability `history`: what an installation may read of what was said before, and as of when.

use std::sync::Arc;

use dongting_manifest::history::{Found, Query};
use dongting_manifest::installation::Limits;
use dongting_manifest::plugin::Topic;
use dongting_manifest::{Kind, Lane, Message, Timestamp};
use dongting_sandbox::{HistoryReader, Read, Readers};
use dongting_store::{Entry, Tailed};
use dongting_tests::database::DatabaseKind;
use dongting_tests::documents;
use dongting_tests::host::{Host, eventually};
use dongting_tests::hosts_on_both;
use dongting_tests::nats::Nats;

use crate::guests::{self, NOW, call, message};
use crate::store::{Place, on_both, open};

struct Fixed;

impl HistoryReader for Fixed {
    fn find(&self, query: Query) -> Read<'_, Result<Found, String>> {
        let denied = query.topic.domain != "test";
        let found = Found { messages: vec![message("before")], complete: query.limit > 1 };
        Box::pin(async move { Ok(if denied { Err("not granted".to_owned()) } else { Ok(found) }) })
    }

    fn batch(&self) -> Option<u64> {
        None
    }
}

/// What the guest of this name is answered to a question.
async fn asked(question: &str, readers: Readers) -> String {
    let mut input = message("a");
    input.body = question.as_bytes().to_vec();
    let call = dongting_sandbox::Call { readers, ..call(Limits::default(), NOW, 1) };
    let outcome = guests::plugin("history").apply(call, &[input]).await;
    serde_json::from_slice(&outcome.result.unwrap().drafts[0].body).unwrap()
}

#[tokio::test]
async fn history() {
    let readers = || Readers { history: Some(Arc::new(Fixed)), ..Readers::default() };
    assert_eq!(asked("{}", readers()).await, "before true");
    assert_eq!(asked(r#"{"limit": 1, "span": [0, 9]}"#, readers()).await, "before false");
    assert_eq!(asked(r#"{"domain": "water"}"#, readers()).await, "history: not granted");
    assert_eq!(asked("{}", Readers::default()).await, " true", "with no bus nothing was said");
    for (bad, why) in [
        (r#"{"limit": 0}"#, "the limit must lie between"),
        (r#"{"limit": 4294967295}"#, "the limit must lie between"),
        (r#"{"domain": "te.*"}"#, "no subject token"),
        (r#"{"region": "43'; --"}"#, "not a GB/T 2260 code"),
        (r#"{"span": [-9223372036854775808, 0]}"#, "outside the years"),
        (r#"{"times": 257}"#, "a call may ask 256 times"),
    ] {
        let said = asked(bad, readers()).await;
        assert!(said.contains(why), "{bad}: {said}");
    }
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_micros(1_790_000_000_000_000 + second * 1_000_000).unwrap()
}

/// Said of `key` at one second, received at another.
fn said(key: &str, region: &str, (time, received): (i64, i64)) -> Message {
    let mut message = message(key);
    message.id = dongting_manifest::message::id("test", "", key, &time.to_string());
    message.subject.region = region.parse().unwrap();
    (message.time, message.received) = (at(time), at(received));
    message.body = vec![b'1'; 100];
    message
}

on_both! {
    series_and_what_held_at_an_instant
    what_holds_is_what_was_said_last
    the_oldest_go_where_there_is_too_much
    what_stands_twice_on_a_lane_counts_once
}

async fn what_stands_twice_on_a_lane_counts_once<P: Place>() {
    let once: Vec<Message> = (0..100).map(|n| said("a/1", "430100", (n, n))).collect();
    // Soon after and long after, so that one statement has both and that two have one each.
    let twice: Vec<Message> = once.iter().take(2).chain(&once).chain(once.iter().rev()).cloned().collect();
    let mut bytes = Vec::new();
    for messages in [&once, &twice] {
        let (_place, store) = open::<P>().await;
        let entry = |(sequence, message): (u64, &Message)| Entry {
            lane: Lane::Bulk,
            sequence,
            message: message.clone(),
        };
        let entries: Vec<Entry> = (1..).zip(messages).map(entry).collect();
        let tailed = Tailed { stream_created: at(0), sequence: entries.len() as u64 };
        store.keep(Lane::Bulk, entries, tailed).await.unwrap();
        bytes.push(store.history_bytes().await.unwrap());
    }
    assert!(bytes[0] > 100 * 100, "{bytes:?}");
    assert_eq!(bytes[0], bytes[1]);
}

async fn the_oldest_go_where_there_is_too_much<P: Place>() {
    let (_place, store) = open::<P>().await;
    let said: Vec<Message> = (0..1_200).map(|n| said("a/1", "430100", (n, n))).collect();
    let entries = (1..).zip(&said).map(|(sequence, message)| Entry {
        lane: Lane::Bulk,
        sequence,
        message: message.clone(),
    });
    let entries: Vec<Entry> = entries.collect();
    let tailed = Tailed { stream_created: at(0), sequence: 1_200 };
    store.keep(Lane::Bulk, entries.clone(), tailed).await.unwrap();
    let bytes = store.history_bytes().await.unwrap();
    assert!(bytes > 1_200 * 100, "attributes and bodies: {bytes}");
    // Read again, as after a crash, they count once.
    store.keep(Lane::Bulk, entries, tailed).await.unwrap();
    assert_eq!(store.history_bytes().await.unwrap(), bytes);
    assert_eq!(store.forget_beyond(bytes).await.unwrap(), (0, true));
    let (gone, enough) = store.forget_beyond(bytes / 2).await.unwrap();
    assert!(enough && (600..1_199).contains(&gone), "{gone}");
    assert!(store.history_bytes().await.unwrap() <= bytes / 2);
    let kept = async |messages: &[Message]| {
        let ids: Vec<String> = messages.iter().map(|message| message.id.clone()).collect();
        store.messages(&ids).await.unwrap().len()
    };
    assert_eq!(kept(&said[..600]).await, 0);
    assert_eq!(kept(&said[1_199..]).await, 1);
    // What holds stays, whatever it takes.
    assert!(!store.forget_beyond(0).await.unwrap().1);
    assert_eq!((kept(&said).await, kept(&said[1_199..]).await), (1, 1));
}

/// Said of few keys again and again, out of order, and some of them now here and now there: compared with all that was said, looked through.
async fn what_holds_is_what_was_said_last<P: Place>() {
    let (_place, store) = open::<P>().await;
    let mut seed = 7u64;
    let mut any = |below: i64| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        i64::try_from(seed >> 33).unwrap() % below
    };
    let mut all: Vec<Message> = Vec::new();
    for received in 0..600 {
        let mut one = said(&format!("k{}", any(60)), "430100", (received + any(100), received));
        one.subject.domain = if any(5) == 0 { "other" } else { "test" }.to_owned();
        one.subject.region = if any(5) == 0 { "430200" } else { "430100" }.parse().unwrap();
        if all.iter().all(|known| known.id != one.id) {
            all.push(one);
        }
    }
    for (first, batch) in (0..).zip(all.chunks(50)) {
        let place = |n: usize| u64::try_from(first * 50 + n).unwrap();
        let entry = |(n, one): (usize, &Message)| Entry {
            lane: Lane::Bulk,
            sequence: place(n),
            message: one.clone(),
        };
        let entries: Vec<Entry> = (1..).zip(batch).map(entry).collect();
        let tailed = Tailed { stream_created: at(0), sequence: place(50) };
        store.keep(Lane::Bulk, entries, tailed).await.unwrap();
    }
    let newest_first = |some: &mut Vec<&Message>| {
        some.sort_unstable_by(|a, b| (b.time, &b.id).cmp(&(a.time, &a.id)));
    };
    for (region, domain, until, batches, limit) in [
        ("430100", "test", 1_000, u64::MAX, 1_000),
        ("430100", "test", 1_000, u64::MAX, 3),
        ("430102", "test", 1_000, u64::MAX, 3),
        ("430000", "test", 1_000, u64::MAX, 3),
        ("430000", "test", 1_000, u64::MAX, 1_000),
        ("430200", "other", 1_000, u64::MAX, 1_000),
        ("430100", "test", 300, u64::MAX, 1_000),
        ("430100", "test", 300, u64::MAX, 2),
        ("430000", "other", 300, u64::MAX, 4),
        ("430100", "test", 20, u64::MAX, 1),
        ("430102", "test", 1_000, 3, 5),
        ("430200", "test", 1_000, 3, 1_000),
        ("430100", "nobody", 1_000, u64::MAX, 5),
    ] {
        let query = Query {
            topic: Topic { domain: domain.into(), kind: Kind::Observation, detail: None },
            region: region.parse().unwrap(),
            source: None,
            key_prefix: None,
            span: None,
            limit,
        };
        let written = usize::try_from(batches.min(100)).unwrap() * 50;
        let mut seen: Vec<&Message> =
            all.iter().take(written).filter(|one| one.received <= at(until)).collect();
        newest_first(&mut seen);
        let concerned = |one: &Message| {
            let there = one.subject.region;
            one.subject.domain == domain && (query.region.contains(there) || there.contains(query.region))
        };
        let found_of = async |query: &Query| {
            let found = store.statements(query, (at(until), batches), 1 << 20).await.unwrap();
            (found.messages.iter().map(|one| one.id.clone()).collect::<Vec<_>>(), found.complete)
        };
        // Of all sources and of the one that there is.
        let mut series: Vec<&Message> = seen.iter().copied().filter(|one| concerned(one)).collect();
        series.reverse();
        series.retain(|one| (at(50)..at(500)).contains(&one.time));
        let said: Vec<String> = series.iter().map(|one| one.id.clone()).collect();
        let within = Query { span: Some((at(50), at(500))), ..query.clone() };
        for source in [None, Some(all[0].source.clone())] {
            let (ids, complete) = found_of(&Query { source, ..within.clone() }).await;
            let most = said.len().min(limit as usize);
            assert_eq!((&ids[..], complete), (&said[..most], most == said.len()), "series of {region}");
        }
        let mut keys = std::collections::BTreeSet::new();
        seen.retain(|one| keys.insert(one.key.as_str()) && concerned(one));
        let all_of_them = seen.len();
        seen.truncate(limit as usize);
        let (found, complete) = found_of(&query).await;
        let ids = |some: &[&Message]| some.iter().map(|one| one.id.clone()).collect::<Vec<_>>();
        let asked = format!("{domain} of {region} until {until}, {batches} batches, {limit} at most");
        assert_eq!(found, ids(&seen), "{asked}");
        assert_eq!(complete, all_of_them <= limit as usize, "{asked}");
        if (until, batches) == (1_000, u64::MAX) {
            // As a view is given it.
            let shown = store.latest(&query.topic, query.region, None, limit).await.unwrap();
            assert_eq!(ids(&shown.iter().collect::<Vec<_>>()), ids(&seen), "{asked}");
        }
    }
}

async fn series_and_what_held_at_an_instant<P: Place>() {
    let (_place, store) = open::<P>().await;
    let all = [
        said("a/1", "430100", (1, 1)),
        said("a/1", "430100", (5, 20)),
        said("a/1", "430100", (3, 30)),
        said("b/1", "430102", (2, 2)),
        said("c/1", "430000", (4, 4)),
        said("d/1", "430200", (6, 6)),
        said("a_x", "430100", (7, 7)),
    ];
    let entries: Vec<Entry> =
        (1..).zip(all).map(|(sequence, message)| Entry { lane: Lane::Bulk, sequence, message }).collect();
    let tailed = Tailed { stream_created: at(0), sequence: 9 };
    store.keep(Lane::Bulk, entries, tailed).await.unwrap();
    let query = Query {
        topic: Topic { domain: "test".into(), kind: Kind::Observation, detail: None },
        region: "430100".parse().unwrap(),
        source: None,
        key_prefix: None,
        span: None,
        limit: 10,
    };
    let find = async |query: &Query, until: i64| {
        let found = store.statements(query, (at(until), u64::MAX), 1_000).await.unwrap();
        let seconds = found
            .messages
            .iter()
            .map(|one| format!("{}@{}", one.key, (one.time.as_micros() - at(0).as_micros()) / 1_000_000));
        (seconds.collect::<Vec<_>>().join(" "), found.complete)
    };
    // What holds is what had the latest time among what had been received.
    assert_eq!(find(&query, 10).await, ("a_x@7 c/1@4 b/1@2 a/1@1".into(), true));
    assert_eq!(find(&query, 40).await, ("a_x@7 a/1@5 c/1@4 b/1@2".into(), true));
    let few = Query { limit: 2, ..query.clone() };
    assert_eq!(find(&few, 40).await, ("a_x@7 a/1@5".into(), false));
    let series = Query { span: Some((at(1), at(5))), ..query.clone() };
    assert_eq!(find(&series, 40).await, ("a/1@1 b/1@2 a/1@3 c/1@4".into(), true));
    assert_eq!(find(&series, 10).await, ("a/1@1 b/1@2 c/1@4".into(), true));
    // The prefix is no pattern.
    let prefix = |text: &str| Query { key_prefix: Some(text.into()), ..query.clone() };
    assert_eq!(find(&prefix("a_"), 40).await, ("a_x@7".into(), true));
    assert_eq!(find(&prefix("%"), 40).await, (String::new(), true));
    let other = Query { source: Some("/systems/other".into()), ..query.clone() };
    assert_eq!(find(&other, 40).await, (String::new(), true));
    let detail = Topic { detail: Some("rain".into()), ..query.topic.clone() };
    assert_eq!(find(&Query { topic: detail, ..query.clone() }, 40).await, (String::new(), true));
    // Bodies are bounded: two of a hundred bytes, and one in any case.
    assert_eq!(store.statements(&query, (at(40), u64::MAX), 250).await.unwrap().messages.len(), 2);
    assert_eq!(store.statements(&query, (at(40), u64::MAX), 1).await.unwrap().messages.len(), 1);
    // A message that is forgotten takes what it stated with it.
    store.forget(at(100)).await.unwrap();
    assert_eq!(find(&series, 40).await, ("b/1@2 c/1@4".into(), true));
}

hosts_on_both! {
    fn {
        a_host_answers_within_the_grants_and_after_a_kill
    }
}

fn a_host_answers_within_the_grants_and_after_a_kill(database: DatabaseKind) {
    let installation = r#"
        id = "asker"
        region = "430100"
        grants.capabilities = ["history"]
        "#;
    let configuration = documents::configuration("guests/history.wasm", installation).unwrap();
    let mut host = Host::start_on(database, &configuration).unwrap();
    let ask = |host: &Host, question: &str| {
        let known = host.messages("assessment").unwrap().len();
        assert_eq!(documents::push(host, question.as_bytes()).unwrap().status, 200);
        eventually("an answer", || Ok(host.messages("assessment")?.len() > known)).unwrap();
        host.messages("assessment").unwrap()[0]["data"].as_str().unwrap().to_owned()
    };
    let told = |host: &Host, body: &str| {
        assert_eq!(documents::push(host, body.as_bytes()).unwrap().status, 200);
        let shown = || {
            let all = host.messages("observation")?;
            Ok(all.iter().any(|one| one.to_string().contains(body)))
        };
        eventually("it is kept", shown).unwrap();
    };
    told(&host, "station/1");
    let question = r#"{"prefix": "station/"}"#;
    assert_eq!(ask(&host, question), "station/1 true");
    host.kill_and_restart().unwrap();
    let question = r#"{"prefix": "station/", "span": [0, 9000000000000000]}"#;
    assert_eq!(ask(&host, question), "station/1 true");
    assert!(ask(&host, r#"{"domain": "water"}"#).contains("not granted"));
    assert!(ask(&host, r#"{"region": "430200"}"#).contains("outside the installation's 430100"));
    assert!(ask(&host, r#"{"region": "430000"}"#).contains("outside the installation's 430100"));
}

/// Each message on a lane makes work for each of its consumers.
#[tokio::test(flavor = "multi_thread")]
async fn a_lane_is_read_by_one_consumer_however_its_messages_come() {
    let nats = Nats::start().await.unwrap();
    let url = nats.url();
    let host = Host::start_with("", &[("DONGTING_NATS", &url)]).unwrap();
    for n in 0..20 {
        // Each alone, once the history has the one before.
        let message = message(&n.to_string());
        nats.bus.publish(std::slice::from_ref(&message)).await.remove(0).unwrap();
        let kept = || Ok(host.get(&format!("messages/{}", message.id))?.status == 200);
        eventually("the history has it", kept).unwrap();
    }
    let mut raw = nats.raw().await.unwrap();
    let bulk = raw.request("$JS.API.STREAM.INFO.EM_BULK", &[], "").await.unwrap();
    assert_eq!(bulk["state"]["messages"], 20, "{bulk}");
    assert_eq!(bulk["state"]["consumer_count"], 1, "{bulk}");
}
