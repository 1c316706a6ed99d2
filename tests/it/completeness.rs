//! How far a source is complete: on the bus, for models and people.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use axum::routing::get;
use axum::{Json, Router};
use dongting_manifest::Timestamp;
use dongting_tests::documents::{TOKEN, push};
use dongting_tests::host::{Host, dongting, eventually, plugin};
use serde_json::{Value, json};

/// What a feed says; it has no readings.
#[derive(Default)]
struct Says {
    complete_until: Mutex<Option<i64>>,
    next: AtomicI64,
    asked: AtomicU64,
}

impl Says {
    fn complete(&self, until: impl Into<Option<i64>>) {
        *self.complete_until.lock().unwrap() = until.into();
    }

    /// Until it was asked and answered since.
    fn heard(&self) {
        let asked = self.asked.load(Ordering::SeqCst);
        eventually("two polls", || Ok(self.asked.load(Ordering::SeqCst) >= asked + 2)).unwrap();
    }
}

async fn feed(says: Arc<Says>) -> std::net::SocketAddr {
    let answer = async move || {
        says.asked.fetch_add(1, Ordering::SeqCst);
        let until = *says.complete_until.lock().unwrap();
        let next = says.next.load(Ordering::SeqCst);
        Json(json!({ "next": next, "readings": [], "complete_until": until }))
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = Router::new().route("/feed", get(answer));
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    address
}

fn start(address: std::net::SocketAddr) -> Host {
    let guest = |name: &str| plugin(&format!("guests/{name}.wasm")).unwrap();
    let (feed, document, history) = (guest("ledger-feed"), guest("document"), guest("history"));
    let port = address.port();
    Host::start(&format!(
        r#"
        [[installation]]
        id = "feed"
        component = {feed:?}
        region = "430000"
        every_seconds = 0.1
        settings = {{ url = "http://{address}" }}
        [installation.grants]
        capabilities = ["config", "http"]
        publish = [{{ domain = "ledger", kind = "observation" }}, {{ domain = "ledger", kind = "forecast" }},
                   {{ domain = "gauge", kind = "observation" }}]
        http = [{{ host = "127.0.0.1", port = {port}, networks = ["127.0.0.0/8"] }}]

        [[installation]]
        id = "documents"
        component = {document:?}
        region = "430000"
        push_token = "{TOKEN}"
        grants.publish = [{{ domain = "test", kind = "observation" }}]

        [[installation]]
        id = "model"
        component = {history:?}
        region = "430100"
        [installation.grants]
        capabilities = ["history"]
        subscribe = [{{ domain = "test", kind = "observation" }},
                     {{ domain = "ledger", kind = "status", detail = "completeness" }}]
        publish = [{{ domain = "test", kind = "assessment" }}]
        "#
    ))
    .unwrap()
}

/// What a model of a city is told of the province's feed, which has said nothing else.
fn told(host: &Host) -> String {
    let known = host.messages("assessment").unwrap().len();
    // The same document again would be the same message.
    let question = json!({ "domain": "ledger", "detail": "completeness", "limit": known + 1 }).to_string();
    assert_eq!(push(host, question.as_bytes()).unwrap().status, 200);
    eventually("an answer", || Ok(host.messages("assessment")?.len() > known)).unwrap();
    host.messages("assessment").unwrap()[0]["data"].as_str().unwrap().to_owned()
}

fn body(micros: i64) -> String {
    json!({ "completeUntil": Timestamp::from_micros(micros).unwrap().to_string() }).to_string()
}

fn said(host: &Host, count: usize) -> Vec<Value> {
    eventually("it is said", || Ok(host.messages("status")?.len() >= count)).unwrap();
    let said = host.messages("status").unwrap();
    assert_eq!(said.len(), count, "{said:#?}");
    said
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_can_tell_no_rain_from_no_data() {
    let says = Arc::new(Says::default());
    let address = feed(Arc::clone(&says)).await;
    let mut host = start(address);
    says.heard();
    assert_eq!(told(&host), "", "it promised nothing");

    let noon = 1_790_000_000_000_000;
    says.complete(noon);
    let first = said(&host, 2);
    let mut about: Vec<(&str, &str)> =
        first.iter().map(|one| (one["domain"].as_str().unwrap(), one["type"].as_str().unwrap())).collect();
    about.sort_unstable();
    assert_eq!(about, [("gauge", "em.gauge.completeness.v1"), ("ledger", "em.ledger.completeness.v1")]);
    assert_eq!((&first[0]["region"], &first[0]["key"]), (&"430000".into(), &"feed".into()));
    assert_eq!(told(&host), body(noon));

    // The same again is no news, neither from this life nor from the next.
    says.heard();
    host.kill_and_restart().unwrap();
    says.heard();
    said(&host, 2);

    // Nor is half a minute, within the same minute.
    says.complete(noon + 30_000_000);
    says.heard();
    assert_eq!(told(&host), body(noon));

    // An hour on, and taken back.
    says.complete(noon + 3_600_000_000);
    said(&host, 4);
    assert_eq!(told(&host), body(noon + 3_600_000_000));
    says.complete(noon);
    said(&host, 6);
    assert_eq!(told(&host), body(noon));

    // What it does not say any more holds.
    says.complete(None);
    says.heard();
    says.next.store(1, Ordering::SeqCst);
    says.heard();
    assert_eq!(told(&host), body(noon));
    said(&host, 6);

    let (from, to) = ("2026-01-01T00:00:00Z", "2100-01-01T00:00:00Z");
    for (installation, least) in [("feed", 4), ("model", 5)] {
        let arguments = [
            "replay",
            "--url",
            &host.url,
            "--installation",
            installation,
            "--from",
            from,
            "--to",
            to,
            "--json",
        ];
        let ran = dongting(&arguments).unwrap();
        let replayed: Value = serde_json::from_slice(&ran.stdout).unwrap();
        assert!(ran.status.success(), "{replayed}");
        let calls = replayed["calls"].as_u64().unwrap();
        assert!(calls >= least && replayed["same"] == calls, "{replayed}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_complete_that_has_not_happened() {
    let says = Arc::new(Says::default());
    let tomorrow = Timestamp::now().as_micros() + 86_400_000_000;
    says.complete(tomorrow);
    let address = feed(Arc::clone(&says)).await;
    let host = start(address);
    eventually("it is said", || Ok(host.messages("status")?.len() >= 2)).unwrap();
    let told: Value = serde_json::from_str(&told(&host)).unwrap();
    let until: Timestamp = told["completeUntil"].as_str().unwrap().parse().unwrap();
    assert!(until <= Timestamp::now() && until.as_micros() < tomorrow, "{until}");
}
