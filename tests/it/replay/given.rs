//! Documents, requests and forms given again.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::Router;
use axum::routing::get;
use dongting_tests::database::DatabaseKind;
use dongting_tests::host::{Host, dongting, eventually, plugin};
use dongting_tests::hosts_on_both;
use dongting_tests::restamp::restamped;
use serde_json::{Value, json};

hosts_on_both! {
    fn {
        documents_of_a_plugin_without_a_state
    }
    async fn {
        what_a_plugin_with_a_state_is_given_is_given_again
    }
}

const TOKEN: &str = "a-token-of-the-tests";

/// Answers each time something else.
async fn changing() -> (SocketAddr, tokio::task::JoinHandle<()>) {
    let count = Arc::new(AtomicU64::new(0));
    let answer = async move || format!("answer {}", count.fetch_add(1, Ordering::Relaxed));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = Router::new().route("/", get(answer));
    (address, tokio::spawn(async move { axum::serve(listener, router).await.unwrap() }))
}

fn desk(port: u16, more: &str) -> String {
    let desk = plugin("guests/desk.wasm").unwrap();
    format!(
        r#"
        [[installation]]
        id = "desk"
        component = {desk:?}
        region = "430000"
        push_token = "{TOKEN}"
        {more}
        [installation.grants]
        capabilities = ["state", "history", "http"]
        subscribe = [{{ domain = "test", kind = "observation" }}]
        publish = [{{ domain = "test", kind = "observation" }}, {{ domain = "test", kind = "feedback" }}]
        http = [{{ host = "127.0.0.1", port = {port}, networks = ["127.0.0.0/8"] }}]
        "#
    )
}

fn document(body: &str) -> String {
    let document = plugin("guests/document.wasm").unwrap();
    format!(
        r#"
        [[installation]]
        id = "desk"
        component = {document:?}
        region = "430000"
        push_token = "{TOKEN}"
        grants.publish = [{{ domain = "test", kind = "observation" }}]
        {body}
        "#
    )
}

fn replay(host: &Host, more: &[&str]) -> (bool, Value) {
    replay_from(host, "2026-01-01T00:00:00Z", more)
}

fn replay_from(host: &Host, from: &str, more: &[&str]) -> (bool, Value) {
    let to = "2100-01-01T00:00:00Z";
    let asked =
        ["replay", "--installation", "desk", "--from", from, "--to", to, "--json", "--url", &host.url];
    let ran = dongting(&[&asked[..], more].concat()).unwrap();
    let said = String::from_utf8_lossy(&ran.stdout).into_owned();
    let all =
        serde_json::from_str(&said).unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&ran.stderr)));
    (ran.status.success(), all)
}

fn figures(all: &Value) -> [u64; 5] {
    ["calls", "same", "different", "incomplete", "otherwise"].map(|name| all[name].as_u64().unwrap())
}

fn push(host: &Host, body: &str) -> (u16, String) {
    let answer = host.push("desk", TOKEN, body.as_bytes()).unwrap();
    (answer.status, answer.body.as_str().map_or_else(|| answer.body.to_string(), str::to_owned))
}

fn request(host: &Host, method: &str, body: &str) -> String {
    host.ask("desk", TOKEN, method, body).unwrap()
}

/// What a plugin with a state is given by documents, requests and forms comes to the same again, each seeing what the one before has written,
/// though the system that was asked is gone; and what a candidate says otherwise is told.
async fn what_a_plugin_with_a_state_is_given_is_given_again(database: DatabaseKind) {
    let (address, server) = changing().await;
    let host = Host::start_on(database, &desk(address.port(), "")).unwrap();
    eventually("it runs", || Ok(host.state("desk")?.0 == "running")).unwrap();
    let fetch = format!(r#"{{"fetch": "http://{address}/", "bad": ["x", "y"]}}"#);
    assert_eq!(push(&host, &fetch), (200, "1".to_owned()));
    assert_eq!(request(&host, "POST", "valve 7"), "2");
    // It only asks, and is recorded beside the work: behind what is committed next, which it did not see.
    let asks = super::now(&host);
    assert_eq!(request(&host, "GET", ""), "2");
    assert_eq!(request(&host, "POST", "valve 8"), "3");
    eventually("what is shown", || Ok(host.messages("observation")?.len() == 1)).unwrap();
    let form = json!({ "region": "430100", "lang": "zh", "form": { "note": "seen" } });
    let acted = host.act("views/desk/count/actions/tick", &form).unwrap();
    assert_eq!((acted.status, &acted.body["text"]), (200, &json!("4")), "{}", acted.body);
    assert_eq!(push(&host, r#"{"refuse": "not today"}"#).0, 422);
    assert_eq!(push(&host, r#"{"quiet": true}"#).0, 200);
    assert_eq!(push(&host, &fetch), (200, "5".to_owned()));
    eventually("the letters", || Ok(host.rejects("desk")? >= 3)).unwrap();
    let messages = |host: &Host| -> anyhow::Result<usize> {
        Ok(host.messages("observation")?.len() + host.messages("feedback")?.len())
    };
    eventually("the messages", || Ok(messages(&host)? == 5)).unwrap();
    server.abort();
    let _ = server.await;

    let (same, all) = replay(&host, &[]);
    assert!(same, "{all}");
    assert_eq!(figures(&all), [8, 8, 0, 0, 0], "{all}");
    assert_eq!((messages(&host).unwrap(), host.rejects("desk").unwrap()), (5, 3), "nothing left it");
    // One that only asked is the first.
    let (same, all) = replay_from(&host, &asks, &[]);
    assert!(same, "{all}");
    assert_eq!(figures(&all), [6, 6, 0, 0, 0], "{all}");

    let other = host.folder.path().join("other.wasm");
    let desk = std::fs::read(plugin("guests/desk.wasm").unwrap()).unwrap();
    std::fs::write(&other, restamped(&desk, "0.2.0").unwrap()).unwrap();
    let (_, all) = replay(&host, &["--release", other.to_str().unwrap()]);
    assert_eq!(figures(&all), [8, 8, 0, 0, 8], "{all}");

    let tally = plugin("guests/tally.wasm").unwrap();
    let (_, all) = replay(&host, &["--release", tally.to_str().unwrap()]);
    assert_eq!(figures(&all)[..2], [8, 0], "{all}");
    let of =
        |what: &str| all["differences"].as_array().unwrap().iter().filter(|one| one["what"] == what).count();
    // Two replies are no more. It takes the refused document, and has neither of the other roles.
    assert_eq!(of("answer"), 2, "{all}");
    assert!(of("new") == 4 && of("missing") == 2 && of("verdict") >= 5, "{all}");
}

fn documents_of_a_plugin_without_a_state(database: DatabaseKind) {
    let configuration = document("limits.document_record_kib = 1");
    let mut host = Host::start_on(database, &configuration).unwrap();
    for body in ["a", "b", "a"] {
        assert_eq!(push(&host, body).0, 200);
    }
    assert_eq!(push(&host, "").0, 422);
    // Too large to be kept, and handled all the same.
    assert_eq!(push(&host, &"c".repeat(4_096)).0, 422, "its key is too long");
    assert_eq!(push(&host, &format!("d/{}", " ".repeat(100))).0, 200);
    let (same, all) = replay(&host, &[]);
    assert!(same, "{all}");
    assert_eq!(figures(&all), [6, 5, 0, 1, 0], "{all}");
    let why = all["unkept"].as_str().unwrap();
    assert!(
        why.contains("the document has 4 KiB, over 1 KiB") && why.contains("limits.document_record_kib"),
        "{why}"
    );
    host.kill_and_restart().unwrap();
    eventually("it runs", || Ok(host.state("desk")?.0 == "running")).unwrap();
    let (same, all) = replay(&host, &[]);
    assert!(same, "{all}");
    assert_eq!(figures(&all), [6, 5, 0, 1, 0], "what was recorded outlives the host: {all}");

    let brittle = plugin("guests/brittle.wasm").unwrap();
    let (_, all) = replay(&host, &["--release", brittle.to_str().unwrap()]);
    assert!(figures(&all)[2] > 0 && !all["differences"].as_array().unwrap().is_empty(), "{all}");
    // "a" was delivered twice, and is one message.
    eventually("the messages", || Ok(host.messages("observation")?.len() == 3)).unwrap();
}

/// An input that makes a plugin fault is a dead letter in the end, and is one again.
#[test]
fn what_was_refused_as_a_whole_is_refused_again() {
    let host = Host::start(&super::configuration("guests/trap.wasm", "", "")).unwrap();
    let start = super::now(&host);
    super::push(&host, &["one"]);
    eventually("the letter", || Ok(host.rejects("model")? == 1)).unwrap();
    let end = super::now(&host);
    let (same, all) = super::replay(&host, &start, &end, &[]);
    assert!(same, "{all}");
    assert_eq!(figures(&all), [1, 1, 0, 0, 0], "{all}");
}
