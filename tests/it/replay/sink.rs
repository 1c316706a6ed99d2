//! What a sink delivered, delivered again to nobody.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, AtomicUsize, Ordering};

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use dongting_tests::database::DatabaseKind;
use dongting_tests::host::{Host, dongting, eventually, plugin};
use dongting_tests::hosts_on_both;
use dongting_tests::restamp::restamped;
use serde_json::{Value, json};
use tokio::task::JoinHandle;

use crate::sink::configuration;

hosts_on_both! {
    async fn {
        what_a_sink_delivered_is_delivered_again_to_nobody
        what_a_sink_with_a_state_delivered_is_delivered_again_to_nobody
    }
}

const TOKEN: &str = "a-token-of-the-tests";

/// Counts what it is asked, and answers with a status that can be changed.
struct Receiver {
    address: SocketAddr,
    status: Arc<AtomicU16>,
    asked: Arc<AtomicUsize>,
    server: JoinHandle<()>,
}

impl Receiver {
    async fn start() -> Self {
        let (status, asked) = (Arc::new(AtomicU16::new(200)), Arc::new(AtomicUsize::new(0)));
        type Both = (Arc<AtomicU16>, Arc<AtomicUsize>);
        let answer = async |State((status, asked)): State<Both>, _: String| {
            let so_many = asked.fetch_add(1, Ordering::Relaxed) + 1;
            let status = StatusCode::from_u16(status.load(Ordering::Relaxed)).unwrap();
            (status, format!("request {so_many}"))
        };
        let shared: Both = (Arc::clone(&status), Arc::clone(&asked));
        let router = Router::new().route("/effect", post(answer)).with_state(shared);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { address, status, asked, server }
    }

    fn answers(&self, status: u16) {
        self.status.store(status, Ordering::Relaxed);
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::Relaxed)
    }
}

fn push(host: &Host, partition: &str, numbers: std::ops::RangeInclusive<u64>) {
    let readings: Vec<Value> = numbers.map(|n| json!({ "partition": partition, "n": n })).collect();
    let answer = host.push("pushed", TOKEN, json!(readings).to_string().as_bytes()).unwrap();
    assert_eq!(answer.status, 200, "{}", answer.body);
}

fn replay(host: &Host, more: &[&str]) -> (bool, Value) {
    let (from, to) = ("2026-01-01T00:00:00Z", "2100-01-01T00:00:00Z");
    let asked =
        ["replay", "--installation", "sink", "--from", from, "--to", to, "--json", "--url", &host.url];
    let ran = dongting(&[&asked[..], more].concat()).unwrap();
    let said = String::from_utf8_lossy(&ran.stdout).into_owned();
    let all =
        serde_json::from_str(&said).unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&ran.stderr)));
    (ran.status.success(), all)
}

/// The same bit for bit; how many calls.
fn comes_to_the_same(host: &Host) -> u64 {
    let (same, all) = replay(host, &[]);
    assert!(same, "{all}");
    let [calls, others @ ..] =
        ["calls", "same", "different", "incomplete", "otherwise"].map(|name| all[name].as_u64().unwrap());
    assert_eq!(others, [calls, 0, 0, 0], "{all}");
    calls
}

/// What the host knows of what was delivered: each message's deliveries.
fn dispatched(host: &Host) -> Vec<Value> {
    let messages = host.messages("assessment").unwrap();
    let of =
        |message: &Value| host.get(&format!("messages/{}", message["id"].as_str().unwrap())).unwrap().body;
    messages.iter().map(|message| of(message)["message"]["dispatched"].clone()).collect()
}

fn delivered(host: &Host) -> usize {
    dispatched(host).iter().filter_map(Value::as_array).map(Vec::len).sum()
}

fn state(host: &Host) -> (String, String) {
    host.state("sink").unwrap()
}

/// A receiver that works, is busy, refuses, works again and goes away for ever; and then the host that delivers to it is killed.
async fn an_outage(database: DatabaseKind, sink: &str) -> Host {
    let receiver = Receiver::start().await;
    let mut host = Host::start_on(database, &configuration(receiver.address, sink, "")).unwrap();
    push(&host, "a", 1..=3);
    eventually("the first", || Ok(delivered(&host) == 3)).unwrap();
    receiver.answers(503);
    push(&host, "a", 4..=6);
    eventually("it is busy", || Ok(state(&host).0 == "backoff")).unwrap();
    let before = receiver.asked();
    eventually("it is asked again", || Ok(receiver.asked() > before + 2)).unwrap();
    receiver.answers(200);
    eventually("it works again", || Ok(delivered(&host) == 6)).unwrap();
    receiver.answers(422);
    push(&host, "b", 1..=1);
    eventually("it refuses", || Ok(host.rejects("sink")? == 1)).unwrap();
    receiver.answers(200);
    push(&host, "c", 1..=2);
    eventually("all", || Ok(delivered(&host) == 9)).unwrap();

    // Nobody hears of a replay.
    let (asked, told, letters) =
        (receiver.asked(), dispatched(&host), host.get("dead-letters").unwrap().body);
    assert!(comes_to_the_same(&host) >= 5);
    assert_eq!((receiver.asked(), dispatched(&host)), (asked, told), "nothing left it");
    assert_eq!(host.get("dead-letters").unwrap().body, letters, "nothing left it");

    // Nobody listens any more, and the life that asked ends too.
    let calls = comes_to_the_same(&host);
    receiver.server.abort();
    let _ = receiver.server.await;
    push(&host, "d", 1..=2);
    eventually("its record", || Ok(replay(&host, &[]).1["calls"].as_u64() > Some(calls))).unwrap();
    let (_, why) = state(&host);
    assert!(why.contains("cannot be reached") && why.contains("ConnectionRefused"), "{why}");
    host.kill_and_restart().unwrap();
    eventually("it asks in vain", || Ok(state(&host).0 == "backoff")).unwrap();
    assert!(comes_to_the_same(&host) > calls);

    let file = |name: &str, bytes: Vec<u8>| {
        let file = host.folder.path().join(name);
        std::fs::write(&file, bytes).unwrap();
        file.to_str().unwrap().to_owned()
    };
    let component = std::fs::read(plugin(&format!("guests/{sink}.wasm")).unwrap()).unwrap();
    let later = file("later.wasm", restamped(&component, "0.2.0").unwrap());
    let (_, all) = replay(&host, &["--release", &later]);
    assert_eq!((&all["same"], &all["otherwise"]), (&all["calls"], &all["calls"]), "{all}");
    host
}

/// Another release sends something else, and says something else of the trouble it has: that is told message by message.
fn compared(host: &Host) {
    let other = plugin("guests/ledger-sink.wasm").unwrap();
    let (_, all) = replay(host, &["--release", other.to_str().unwrap()]);
    assert_eq!((&all["same"], &all["different"]), (&0.into(), &all["calls"]), "{all}");
    let differences = all["differences"].as_array().unwrap();
    let of = |what: &str| -> Vec<&Value> { differences.iter().filter(|one| one["what"] == what).collect() };
    let ids: Vec<Value> = host.messages("assessment").unwrap().iter().map(|one| one["id"].clone()).collect();
    let (requests, verdicts) = (of("request"), of("verdict"));
    assert!(requests.iter().chain(&verdicts).all(|one| ids.contains(&one["message"])), "{all}");
    let text = |one: &Value, when: &str| one[when].as_str().unwrap_or_default().to_owned();
    let first = requests.iter().find(|one| text(one, "before").contains("/effect 1\n"));
    let first = first.unwrap_or_else(|| panic!("{all}"));
    assert!(text(first, "after").contains(r#"/effect {"count":1,"n":1,"partition":"a"}"#), "{first}");
    assert!(
        text(first, "after").ends_with("(other headers: attempt, content-length, content-type)"),
        "{first}"
    );
    // The courier takes a connection that is refused for trouble that passes; the other one does not know.
    let refused = verdicts.iter().find(|one| text(one, "before").contains("cannot be reached"));
    let refused = refused.unwrap_or_else(|| panic!("{all}"));
    assert!(
        text(refused, "before").starts_with("later: ") && text(refused, "before").ends_with("(after 200 ms)")
    );
    assert!(text(refused, "after").starts_with("unknown: "), "{refused}");
}

async fn what_a_sink_delivered_is_delivered_again_to_nobody(database: DatabaseKind) {
    an_outage(database, "ledger-sink").await;
}

async fn what_a_sink_with_a_state_delivered_is_delivered_again_to_nobody(database: DatabaseKind) {
    compared(&an_outage(database, "courier").await);
}

/// The answers are too much to be kept: it delivers all the same, and a replay says what it lacks and why.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_receiver_answered_was_too_much_to_be_kept() {
    let receiver = Receiver::start().await;
    let host =
        Host::start(&configuration(receiver.address, "courier", "limits.http_record_kib = 0")).unwrap();
    push(&host, "a", 1..=1);
    eventually("it is delivered", || Ok(delivered(&host) == 1)).unwrap();
    let (_, all) = replay(&host, &[]);
    assert_eq!((&all["calls"], &all["incomplete"]), (&1.into(), &1.into()), "{all}");
    let why = all["unkept"].as_str().unwrap();
    assert!(
        why.contains("have over 0 KiB together") && why.contains("raise limits.http_record_kib"),
        "{why}"
    );
}

/// An outage goes on and on, and leaves few records.
#[tokio::test(flavor = "multi_thread")]
async fn an_outage_does_not_fill_the_database() {
    let receiver = Receiver::start().await;
    receiver.answers(503);
    let host = Host::start(&configuration(receiver.address, "courier", "")).unwrap();
    // As many as a call may ask for.
    push(&host, "a", 1..=16);
    eventually("it is asked again and again", || Ok(receiver.asked() > 60)).unwrap();
    assert_eq!(comes_to_the_same(&host), 1, "they all went alike");
}

/// A candidate beside a sink makes its calls again, and asks nobody.
#[tokio::test(flavor = "multi_thread")]
async fn a_shadow_of_a_sink_delivers_nothing() {
    let receiver = Receiver::start().await;
    let candidate = plugin("guests/ledger-sink.wasm").unwrap();
    let host =
        Host::start(&configuration(receiver.address, "courier", &format!("shadow = {candidate:?}"))).unwrap();
    push(&host, "a", 1..=3);
    eventually("they are delivered", || Ok(delivered(&host) == 3)).unwrap();
    let calls = comes_to_the_same(&host);
    let shadow = || host.installation("sink").unwrap()["shadow"].clone();
    eventually("all are made again", || Ok(shadow()["calls"] == calls)).unwrap();
    let told = shadow();
    assert_eq!((&told["different"], &told["incomplete"]), (&calls.into(), &0.into()), "{told}");
    let differences = told["differences"].as_array().unwrap();
    assert_eq!(differences.len(), 3, "{told}");
    assert!(differences.iter().all(|one| one["what"] == "request" && one["message"] != ""), "{told}");
    assert_eq!(receiver.asked(), 3);
}
