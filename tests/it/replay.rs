//! The past run again, and a candidate tried on what comes.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::extract::Query;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Json, Router};
use dongting_tests::database::DatabaseKind;
use dongting_tests::documents;
use dongting_tests::host::{Host, dongting, eventually, plugin};
use dongting_tests::hosts_on_both;
use dongting_tests::restamp::restamped;
use serde_json::{Value, json};

mod given;
mod sink;

hosts_on_both! {
    fn {
        the_same_release_comes_to_the_same_and_another_is_compared
        documents_are_as_they_were
        timers_ring_again_as_they_did
        what_the_history_said_is_said_again
        a_source_is_replayed_with_what_quiet_polls_have_kept
    }
    async fn {
        a_source_is_replayed_with_the_answers_it_had
    }
}

pub fn configuration(model: &str, capabilities: &str, more: &str) -> String {
    let installation = format!(
        r#"
        id = "model"
        region = "430000"
        grants.capabilities = [{capabilities}]
        {more}
        "#
    );
    documents::configuration(model, &installation).unwrap()
}

fn push(host: &Host, bodies: &[&str]) {
    for body in bodies {
        let answer = documents::push(host, format!("\"{body}\"").as_bytes()).unwrap();
        assert_eq!(answer.status, 200, "{body}: {}", answer.body);
    }
}

fn now(host: &Host) -> String {
    host.get("health").unwrap().body["now"].as_str().unwrap().to_owned()
}

fn replay(host: &Host, from: &str, to: &str, more: &[&str]) -> (bool, Value) {
    let mut arguments =
        vec!["replay", "--url", &host.url, "--installation", "model", "--from", from, "--to", to, "--json"];
    arguments.extend(more);
    let ran = dongting(&arguments).unwrap();
    let said = String::from_utf8(ran.stdout).unwrap();
    let answer =
        serde_json::from_str(&said).unwrap_or_else(|_| Value::String(String::from_utf8(ran.stderr).unwrap()));
    (ran.status.success(), answer)
}

fn the_same_release_comes_to_the_same_and_another_is_compared(database: DatabaseKind) {
    let mut host = Host::start_on(database, &configuration("guests/counter.wasm", "\"state\"", "")).unwrap();
    let start = now(&host);
    push(&host, &["one", "two", "reject"]);
    eventually("two", || Ok(host.messages("assessment")?.len() == 2)).unwrap();
    eventually("the reject", || Ok(host.rejects("model")? == 1)).unwrap();
    let middle = now(&host);
    push(&host, &["three", "four"]);
    eventually("four", || Ok(host.messages("assessment")?.len() == 4)).unwrap();
    let end = now(&host);
    // What was recorded outlives the host.
    host.kill_and_restart().unwrap();
    eventually("it runs", || Ok(host.state("model")?.0 == "running")).unwrap();

    let (same, all) = replay(&host, &start, &end, &[]);
    assert!(same, "{all}");
    let calls = all["calls"].as_u64().unwrap();
    assert!(calls >= 2 && all["same"] == calls, "{all}");
    assert_eq!((&all["different"], &all["incomplete"], &all["otherwise"]), (&0.into(), &0.into(), &0.into()));
    // From the middle on, the state is as it was then: it does not count from one again.
    let (same, later) = replay(&host, &middle, &end, &[]);
    assert!(same && later["calls"].as_u64().unwrap() < calls, "{later}");
    assert_eq!(later["same"], later["calls"], "{later}");
    let (same, none) = replay(&host, &end, &end, &[]);
    assert!(same && none["calls"] == 0, "{none}");
    // Nothing left it.
    assert_eq!(host.messages("assessment").unwrap().len(), 4);
    push(&host, &["five"]);
    eventually("five", || Ok(host.messages("assessment")?.iter().any(|m| m["data"] == 5))).unwrap();

    let echo = plugin("guests/echo.wasm").unwrap();
    let (done, other) = replay(&host, &start, &end, &["--release", echo.to_str().unwrap()]);
    assert!(done, "a difference is what is asked for: {other}");
    assert!(other["plugin"].as_str().unwrap().starts_with("echo@0.1.0#"));
    let found = other["differences"].as_array().unwrap();
    let of = |what: &str| found.iter().filter(|one| one["what"] == what).count();
    // The echo has another source in its ids, so each statement is missing and another one new; it rejects nothing.
    assert_eq!((of("missing"), of("new"), of("verdict")), (4, 5, 1), "{other}");
    assert!(
        found.iter().any(|one| one["after"].as_str().is_some_and(|after| after.ends_with("\"one\""))),
        "{other}"
    );

    let trap = plugin("guests/trap.wasm").unwrap();
    let (_, trapped) = replay(&host, &start, &end, &["--release", trap.to_str().unwrap()]);
    assert!(trapped["differences"][0]["after"].as_str().unwrap().contains("trapped"), "{trapped}");
    let (_, gate) =
        replay(&host, &start, &end, &["--release", plugin("guests/gate.wasm").unwrap().to_str().unwrap()]);
    assert!(
        gate.as_str().unwrap().contains("asks for the capability `config`, which is not granted"),
        "{gate}"
    );
    let (_, none) = replay(&host, "yesterday", &end, &[]);
    assert!(none.as_str().unwrap().contains("yesterday"), "{none}");
}

/// Pushes one document after the other, each when the one before is answered by the model.
fn ask(host: &Host, bodies: &[&str]) {
    for body in bodies {
        let before = host.messages("assessment").unwrap().len();
        assert_eq!(documents::push(host, body.as_bytes()).unwrap().status, 200, "{body}");
        eventually(body, || Ok(host.messages("assessment")?.len() > before)).unwrap();
    }
}

fn comes_to_the_same(host: &Host, from: &str, to: &str, least: u64) {
    let (same, all) = replay(host, from, to, &[]);
    assert!(same && all["calls"].as_u64() >= Some(least), "{all}");
    assert_eq!(all["same"], all["calls"], "{all}");
}

fn documents_are_as_they_were(database: DatabaseKind) {
    let host = Host::start_on(database, &configuration("guests/records.wasm", "\"records\"", "")).unwrap();
    let start = now(&host);
    ask(
        &host,
        &[
            r#"[{"put": ["stations", "a", "{\"level\": 1}", null]}, {"put": ["stations", "b", "{\"level\": 2}", null]}, "count"]"#,
            r#"[{"delete": ["stations", "b", null]}, {"put": ["stations", "d", "{\"level\": 3}", 0]}, "count"]"#,
        ],
    );
    let middle = now(&host);
    ask(
        &host,
        &[
            r#"[{"find": ["stations", "/level", null, null, 1]}, {"put": ["stations", "c", "{\"level\": 0}", 0]}, "count"]"#,
            r#"[{"find": ["stations", "/level", null, null, 2]}, {"get": ["stations", "a"]}, "count"]"#,
        ],
    );
    let end = now(&host);
    // What is kept now is neither what was kept at the start nor in the middle.
    ask(&host, &[r#"[{"delete": ["stations", "a", null]}, {"delete": ["stations", "c", null]}, "count"]"#]);
    comes_to_the_same(&host, &middle, &end, 2);
    comes_to_the_same(&host, &start, &end, 4);
    assert_eq!(host.messages("assessment").unwrap().len(), 5, "nothing left it");
}

fn timers_ring_again_as_they_did(database: DatabaseKind) {
    let capabilities = "\"config\", \"state\", \"timers\"";
    let host = Host::start_on(database, &configuration("guests/timers.wasm", capabilities, "")).unwrap();
    let start = now(&host);
    ask(&host, &[r#"{"set": [["a", 1, "again"], ["b", 1, "ring"]], "get": "a"}"#]);
    let middle = now(&host);
    eventually("all have rung", || Ok(host.messages("assessment")?.len() == 4)).unwrap();
    ask(&host, &[r#"{"get": "a"}"#]);
    let end = now(&host);
    // None of them is there any more.
    comes_to_the_same(&host, &middle, &end, 3);
    comes_to_the_same(&host, &start, &end, 4);
    assert_eq!(host.messages("assessment").unwrap().len(), 5, "nothing left it");
}

/// Serves a feed of the ledger's form until it is ended: the first page has two readings, then it fails once, then each page has one up to
/// the sixth.
async fn feed() -> (std::net::SocketAddr, tokio::task::JoinHandle<()>) {
    let failed = Arc::new(AtomicBool::new(false));
    let answer = async move |Query(asked): Query<BTreeMap<String, u64>>| {
        let after = asked["after"];
        if after == 2 && !failed.swap(true, Ordering::Relaxed) {
            return StatusCode::INTERNAL_SERVER_ERROR.into_response();
        }
        let last = if after == 0 { 2 } else { (after + 1).min(6) };
        let readings: Vec<Value> = (after + 1..=last).map(|n| json!({ "partition": "a", "n": n })).collect();
        Json(json!({ "next": last, "readings": readings })).into_response()
    };
    let router = Router::new().route("/feed", get(answer));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    (address, tokio::spawn(async move { axum::serve(listener, router).await.unwrap() }))
}

/// A host that polls the feed.
fn fed(database: DatabaseKind, address: std::net::SocketAddr, more: &str) -> Host {
    let component = plugin("guests/ledger-feed.wasm").unwrap();
    let port = address.port();
    Host::start_on(
        database,
        &format!(
            r#"
        [[installation]]
        id = "feed"
        component = {component:?}
        region = "430000"
        every_seconds = 0.1
        settings = {{ url = "http://{address}" }}
        {more}
        [installation.grants]
        capabilities = ["config", "http"]
        publish = [{{ domain = "ledger", kind = "observation" }}]
        http = [{{ host = "127.0.0.1", port = {port}, networks = ["127.0.0.0/8"] }}]
        "#
        ),
    )
    .unwrap()
}

/// All polls of the feed.
fn replay_feed(host: &Host, more: &[&str]) -> (bool, Value) {
    let (from, to) = ("2026-01-01T00:00:00Z", "2100-01-01T00:00:00Z");
    let asked = ["replay", "--installation", "feed", "--from", from, "--to", to, "--json"];
    let ran = dongting(&[&asked[..], &["--url", &host.url], more].concat()).unwrap();
    (ran.status.success(), serde_json::from_slice::<Value>(&ran.stdout).unwrap())
}

/// The answers are too much to be kept: the feed goes on, and a replay says what it lacks and why.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_too_much_to_be_kept_is_told() {
    let (address, _server) = feed().await;
    let host = fed(DatabaseKind::Sqlite, address, "limits.http_record_kib = 0");
    eventually("the whole feed", || Ok(host.messages("observation")?.len() == 6)).unwrap();
    // The poll that heard that there is no more made nothing.
    eventually("its record", || Ok(replay_feed(&host, &[]).1["calls"] == 5)).unwrap();
    let (_, all) = replay_feed(&host, &[]);
    assert_eq!((&all["incomplete"], &all["same"]), (&5.into(), &0.into()), "{all}");
    let why = all["unkept"].as_str().unwrap();
    assert!(
        why.contains("have over 0 KiB together") && why.contains("raise limits.http_record_kib"),
        "{why}"
    );
}

async fn a_source_is_replayed_with_the_answers_it_had(database: DatabaseKind) {
    let (address, server) = feed().await;
    let mut host = fed(database, address, "");
    let component = plugin("guests/ledger-feed.wasm").unwrap();
    let replay = replay_feed;
    // Six polls heard something new: two readings, four times one, and that there are no more.
    eventually("the whole feed", || Ok(replay(&host, &[]).1["calls"] == 6)).unwrap();
    // Neither the system nor the life that asked it is there any more.
    server.abort();
    let _ = server.await;
    host.kill_and_restart().unwrap();
    eventually("it asks in vain", || Ok(host.state("feed")?.0 == "backoff")).unwrap();
    let (same, all) = replay(&host, &[]);
    assert!(same, "{all}");
    assert_eq!((&all["calls"], &all["same"], &all["incomplete"]), (&6.into(), &6.into(), &0.into()), "{all}");

    let other = host.folder.path().join("other.wasm");
    let release = restamped(&std::fs::read(&component).unwrap(), "0.2.0").unwrap();
    std::fs::write(&other, release).unwrap();
    let (same, all) = replay(&host, &["--release", other.to_str().unwrap()]);
    assert!(same, "{all}");
    assert_eq!((&all["otherwise"], &all["same"]), (&6.into(), &6.into()), "{all}");
    assert_eq!(host.messages("observation").unwrap().len(), 6, "nothing left it");
}

/// A poll that says nothing, but keeps something, is one that later ones depend on.
fn a_source_is_replayed_with_what_quiet_polls_have_kept(database: DatabaseKind) {
    let component = plugin("guests/pulse.wasm").unwrap();
    let host = Host::start_on(
        database,
        &format!(
            r#"
        [[installation]]
        id = "feed"
        component = {component:?}
        region = "430000"
        every_seconds = 0.1
        settings = {{ every = 5 }}
        [installation.grants]
        capabilities = ["config", "state"]
        publish = [{{ domain = "test", kind = "observation" }}]
        "#
        ),
    )
    .unwrap();
    eventually("three counts", || Ok(host.messages("observation")?.len() >= 3)).unwrap();
    let (same, all) = replay_feed(&host, &[]);
    assert!(same, "{all}");
    assert!(all["calls"].as_u64() >= Some(15), "{all}");
    assert_eq!((&all["different"], &all["incomplete"]), (&0.into(), &0.into()), "{all}");
}

fn what_the_history_said_is_said_again(database: DatabaseKind) {
    let host = Host::start_on(database, &configuration("guests/history.wasm", "\"history\"", "")).unwrap();
    let start = now(&host);
    // Each question is part of what the next one may find.
    ask(&host, &["{}", r#"{"limit": 2}"#, r#"{"limit": 3}"#]);
    let end = now(&host);
    ask(&host, &[r#"{"limit": 4}"#]);
    comes_to_the_same(&host, &start, &end, 3);
}

#[test]
fn a_shadow_is_compared_and_publishes_nothing() {
    let echo = plugin("guests/echo.wasm").unwrap();
    let counter = plugin("guests/counter.wasm").unwrap();
    let more = format!("shadow = {counter:?}");
    let host = Host::start(&configuration("guests/counter.wasm", "\"state\"", &more)).unwrap();
    push(&host, &["one", "two"]);
    eventually("both", || Ok(host.messages("assessment")?.len() == 2)).unwrap();
    let shadow = |host: &Host| host.installation("model").unwrap()["shadow"].take();
    eventually("the shadow", || Ok(shadow(&host)["calls"].as_u64() >= Some(1))).unwrap();
    let same = shadow(&host);
    assert_eq!((&same["different"], &same["skipped"]), (&0.into(), &0.into()), "{same}");

    let toml = configuration("guests/counter.wasm", "\"state\"", &format!("shadow = {echo:?}"));
    host.configure(&toml).unwrap();
    assert!(dongting(&["reload", "--url", &host.url]).unwrap().status.success());
    push(&host, &["three"]);
    eventually("the third", || Ok(host.messages("assessment")?.len() == 3)).unwrap();
    eventually("a difference", || Ok(shadow(&host)["different"] == 1)).unwrap();
    let other = shadow(&host);
    assert!(other["plugin"].as_str().unwrap().starts_with("echo@"), "{other}");
    let after: Vec<&str> =
        other["differences"].as_array().unwrap().iter().filter_map(|one| one["after"].as_str()).collect();
    assert!(after.iter().any(|after| after.ends_with("\"three\"")), "{other}");
    assert!(
        host.messages("assessment").unwrap().iter().all(|m| m["data"].is_number()),
        "it published nothing"
    );
}
