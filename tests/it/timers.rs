//! The capability `timers`: what is set is due once, whatever is killed in between.

use std::collections::BTreeMap;
use std::sync::Arc;

use dongting_manifest::Timestamp;
use dongting_manifest::installation::Limits;
use dongting_manifest::timer::Timer;
use dongting_sandbox::{Applied, Call, Outcome, Read, Readers, TimerReader};
use dongting_store::{Commit, CommitError, Rung};
use dongting_tests::database::DatabaseKind;
use dongting_tests::documents;
use dongting_tests::host::{Host, dongting, eventually, plugin};
use dongting_tests::hosts_on_both;
use dongting_tests::restamp::rewritten;

use crate::guests::{self, NOW, call, message};
use crate::store::{Place, on_both, open};

fn at(second: i64) -> Timestamp {
    Timestamp::from_micros(1_790_000_000_000_000 + second * 1_000_000).unwrap()
}

fn timer(second: i64) -> Timer {
    Timer { at: at(second), payload: b"before".to_vec() }
}

/// Two timers, `a` and `b`.
struct Two;

impl TimerReader for Two {
    fn get(&self, name: &str) -> Read<'_, Option<Timer>> {
        let found = ["a", "b"].contains(&name).then(|| timer(1));
        Box::pin(async move { Ok(found) })
    }

    fn count(&self) -> Read<'_, u64> {
        Box::pin(async { Ok(2) })
    }
}

async fn wished(wish: &str, timers: u32) -> Outcome<Applied> {
    let mut input = message("a");
    input.body = wish.as_bytes().to_vec();
    let readers = Readers { timers: Some(Arc::new(Two)), ..Readers::default() };
    let limits = Limits { timers, ..Limits::default() };
    let call = Call { readers, ..call(limits, NOW, 1) };
    guests::plugin("timers").apply(call, &[input]).await
}

#[tokio::test]
async fn timers() {
    let answer = |outcome: &Outcome<Applied>| {
        let body = &outcome.result.as_ref().unwrap().drafts[0].body;
        serde_json::from_slice::<(u64, String)>(body).unwrap().1
    };
    assert_eq!(answer(&wished(r#"{"get": "a"}"#, 9).await), "before");
    let set =
        wished(r#"{"set": [["a", 1, "mine"], ["c", -1, ""]], "cancel": ["b", "x"], "get": "a"}"#, 9).await;
    assert_eq!(answer(&set), "mine");
    let written: Vec<(&str, bool)> =
        set.writes.timers.iter().map(|(name, timer)| (name.as_str(), timer.is_some())).collect();
    assert_eq!(written, [("a", true), ("b", false), ("c", true)]);
    assert_eq!(answer(&wished(r#"{"cancel": ["a"], "get": "a"}"#, 9).await), "");
    // The quota counts what there is: to set one anew is no more, and one that is cancelled makes room.
    assert!(wished(r#"{"set": [["a", 1, ""], ["b", 1, ""]]}"#, 2).await.result.is_ok());
    let long = "n".repeat(257);
    for (bad, limit, why) in [
        (r#"{"set": [["c", 1, ""]]}"#.to_owned(), 2, "limits.timers"),
        (r#"{"flood": 20000}"#.to_owned(), 100_000, "limits.timers"),
        (r#"{"set_at": 9223372036854775807}"#.to_owned(), 9, "outside the years"),
        (r#"{"set": [["", 1, ""]]}"#.to_owned(), 9, "1 to 256 bytes"),
        (r#"{"set": [["\u0000", 1, ""]]}"#.to_owned(), 9, "no NUL"),
        (format!(r#"{{"cancel": ["{long}"]}}"#), 9, "1 to 256 bytes"),
        (format!(r#"{{"set": [["a", 1, "{}"]]}}"#, "x".repeat(65_537)), 9, "at most 65536"),
    ] {
        let outcome = wished(&bad, limit).await;
        let said = outcome.result.unwrap_err().to_string();
        assert!(said.contains(why), "{bad:.60}: {said}");
        assert!(outcome.writes.timers.is_empty());
    }
}

on_both! {
    a_timer_is_used_up_once
}

async fn a_timer_is_used_up_once<P: Place>() {
    let (_place, store) = open::<P>().await;
    let set = async |names: &[(&str, Option<Timer>)], rung: Vec<Rung>| {
        let mut commit = Commit::new("model");
        commit.timers =
            names.iter().map(|(name, timer)| ((*name).to_owned(), timer.clone())).collect::<BTreeMap<_, _>>();
        commit.timers_limit = 2;
        commit.rung = rung;
        store.commit(commit).await.map(drop)
    };
    let due = async |second| -> Vec<(String, u32)> {
        let due = store.due_timers("model", at(second), 10).await.unwrap();
        due.into_iter().map(|due| (due.name, due.tries)).collect()
    };
    assert_eq!(store.next_timer("model").await.unwrap(), None);
    let far = |second: i64| Some(Timer { at: at(1_000_000_000 + second), payload: Vec::new() });
    set(&[("a", far(1)), ("b", far(2))], Vec::new()).await.unwrap();
    assert_eq!(store.next_timer("model").await.unwrap(), Some(at(1_000_000_001)));
    assert_eq!(due(1_000_000_000).await, []);
    assert_eq!(due(1_000_000_005).await, [("a".into(), 0), ("b".into(), 0)]);
    assert!(store.due_timers("another", at(2_000_000_000), 10).await.unwrap().is_empty());
    let full = set(&[("c", far(3))], Vec::new()).await;
    assert!(matches!(full, Err(CommitError::TimersFull { count: 3, limit: 2 })), "{full:?}");
    let rung =
        |name: &str, second: i64, again| Rung { name: name.into(), at: at(1_000_000_000 + second), again };
    // Tried again later, then used up and set anew in one commit; the old deadline opens it no more.
    set(&[], vec![rung("a", 1, Some((at(1_000_000_009), 1)))]).await.unwrap();
    assert_eq!(due(1_000_000_008).await, [("b".into(), 0)]);
    assert_eq!(due(1_000_000_009).await, [("b".into(), 0), ("a".into(), 1)]);
    set(&[("a", far(7))], vec![rung("a", 1, None)]).await.unwrap();
    let again = set(&[("b", None)], vec![rung("a", 1, None)]).await;
    assert!(matches!(again, Err(CommitError::Applied)), "{again:?}");
    assert_eq!(due(1_000_000_009).await, [("b".into(), 0), ("a".into(), 0)]);
    // One whose deadline has passed waits a moment, so that one that sets itself does not spin.
    set(&[("b", Some(timer(-1_000_000_000)))], Vec::new()).await.unwrap();
    assert!(store.next_timer("model").await.unwrap().unwrap() > Timestamp::now());
    set(&[("a", None), ("b", None)], Vec::new()).await.unwrap();
    assert_eq!(store.count_timers("model").await.unwrap(), 0);
}

hosts_on_both! {
    fn {
        timers_are_due_once_whatever_is_killed
        a_timer_waits_and_poison_becomes_a_dead_letter
    }
}

fn configuration(waits: bool) -> String {
    let installation = format!(
        r#"
        id = "alarms"
        region = "430000"
        settings = {{ waits = {waits} }}
        grants.capabilities = ["config", "state", "timers"]
        "#
    );
    documents::configuration("guests/timers.wasm", &installation).unwrap()
}

/// What was due, in the order of its counting.
fn due(host: &Host) -> Vec<(u64, String)> {
    let mut all: Vec<(u64, String)> = host
        .messages("assessment")
        .unwrap()
        .iter()
        .map(|one| serde_json::from_value(one["data"].clone()).unwrap())
        .collect();
    all.sort();
    all
}

fn wish(host: &Host, wish: &str) {
    assert_eq!(documents::push(host, wish.as_bytes()).unwrap().status, 200, "{wish}");
}

fn timers_are_due_once_whatever_is_killed(database: DatabaseKind) {
    let mut host = Host::start_on(database, &configuration(false)).unwrap();
    wish(&host, r#"{"many": [300, 1000, 10], "set": [["never", 3000, ""]]}"#);
    wish(&host, r#"{"cancel": ["never"]}"#);
    for some in [20, 100, 180] {
        eventually("some are due", || Ok(due(&host).len() > some)).unwrap();
        host.kill_and_restart().unwrap();
    }
    eventually("all are due", || Ok(due(&host).len() == 300)).unwrap();
    // Counted in the same transactions: none twice, none lost.
    let found = due(&host);
    assert!(found.iter().zip(1..).all(|((count, _), n)| *count == n), "{found:?}");
    let mut names: Vec<&str> = found.iter().map(|(_, name)| name.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), 300);
    // One set again by the call that it was given to is due again, and then no more.
    wish(&host, r#"{"set": [["twice", 100, "again"]]}"#);
    let twice = [(301, "twice again".to_owned()), (302, "twice done".to_owned())];
    eventually("both", || Ok(due(&host)[300..] == twice)).unwrap();
    assert_eq!(host.state("alarms").unwrap().0, "running");
}

/// The lane whose worker serves the timers is another one in the next release.
#[test]
fn timers_are_due_though_their_lane_is_dropped() {
    let component = std::fs::read(plugin("guests/timers.wasm").unwrap()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let alert = r#"{ domain = "other", kind = "assessment" }"#;
    let both = format!(r#"[{{ domain = "test", kind = "observation" }}, {alert}]"#);
    let release = |name: &str, subscribe: &str| {
        let values = [("version", format!("\"{name}.0.0\"")), ("subscribe", subscribe.to_owned())];
        let values = values.each_ref().map(|(key, value)| (*key, value.as_str()));
        let path = folder.path().join(name);
        std::fs::write(&path, rewritten(&component, &values).unwrap()).unwrap();
        let granted =
            configuration(false).replace("grants.subscribe = [", &format!("grants.subscribe = [{alert}, "));
        granted.replace(plugin("guests/timers.wasm").unwrap().to_str().unwrap(), path.to_str().unwrap())
    };
    let host = Host::start(&release("1", &both)).unwrap();
    wish(&host, r#"{"set": [["later", 3000, "ring"], ["now", 0, "ring"]]}"#);
    eventually("the first", || Ok(due(&host) == [(1, "now ring".into())])).unwrap();
    host.configure(&release("2", &format!("[{alert}]"))).unwrap();
    assert!(dongting(&["reload", "--url", &host.url]).unwrap().status.success());
    eventually("the second", || Ok(due(&host).len() == 2)).unwrap();
}

fn a_timer_waits_and_poison_becomes_a_dead_letter(database: DatabaseKind) {
    let mut host = Host::start_on(database, &configuration(true)).unwrap();
    wish(&host, r#"{"set": [["good", 0, "ring"], ["bad", 0, "poison"]]}"#);
    eventually("it waits", || Ok(host.state("alarms")?.0 == "backoff")).unwrap();
    assert_eq!(due(&host), []);
    host.kill_and_restart().unwrap();
    host.configure(&configuration(false)).unwrap();
    assert!(dongting(&["reload", "--url", &host.url]).unwrap().status.success());
    eventually("the good one", || Ok(due(&host) == [(1, "good ring".into())])).unwrap();
    eventually("the bad one", || Ok(host.rejects("alarms")? == 1)).unwrap();
    let letters = host.get("dead-letters").unwrap().body;
    let letter = &letters["deadLetters"][0];
    assert!(letter["reason"].as_str().unwrap().contains("trapped"), "{letter}");
    // Driven again it is given as it was, and traps as it did.
    let again =
        dongting(&["dead-letters", "--url", &host.url, "redrive", &letter["sequence"].to_string()]).unwrap();
    let said = String::from_utf8_lossy(&again.stderr).into_owned() + &String::from_utf8_lossy(&again.stdout);
    assert!(!again.status.success() && said.contains("trapped"), "{said}");
}
