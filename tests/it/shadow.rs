//! A candidate beside what is at work, of every role: what it says otherwise is told, nothing of it leaves, and nobody waits for it.

mod behind;
mod hosts;
mod kept;
mod session;

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::extract::Query;
use axum::routing::get;
use axum::{Json, Router};
use dongting_tests::host::{Host, dongting, eventually, plugin};
use dongting_tests::restamp::{restamped, reworded};
use serde_json::{Value, json};

const TOKEN: &str = "a-token-of-the-tests";

/// The guest as another release that does the same, in the folder.
fn alike(folder: &Path, guest: &str) -> String {
    let component = std::fs::read(plugin(&format!("guests/{guest}.wasm")).unwrap()).unwrap();
    written(folder, "alike.wasm", &restamped(&component, "7.0.0").unwrap())
}

/// Likewise, in other words.
fn otherwise(folder: &Path, guest: &str, words: (&str, &str)) -> String {
    let component = std::fs::read(plugin(&format!("guests/{guest}.wasm")).unwrap()).unwrap();
    written(folder, "otherwise.wasm", &reworded(&component, "8.0.0", words).unwrap())
}

fn written(folder: &Path, name: &str, component: &[u8]) -> String {
    let path = folder.join(name);
    std::fs::write(&path, component).unwrap();
    path.to_str().unwrap().to_owned()
}

/// An installation. `more` says what it has besides, before what it is granted.
fn installation(id: &str, component: &str, more: &str, grants: &str) -> String {
    format!(
        r#"
        [[installation]]
        id = "{id}"
        component = {component:?}
        region = "430000"
        push_token = "{TOKEN}"
        {more}
        [installation.grants]
        {grants}
        "#
    )
}

fn beside(shadow: &str) -> String {
    format!("shadow = {shadow:?}")
}

fn reload(host: &Host, configuration: &str) -> (bool, String) {
    host.configure(configuration).unwrap();
    let ran = dongting(&["reload", "--url", &host.url]).unwrap();
    (ran.status.success(), String::from_utf8([ran.stdout, ran.stderr].concat()).unwrap())
}

fn reloaded(host: &Host, configuration: &str) {
    let (good, said) = reload(host, configuration);
    assert!(good, "{said}");
}

fn shadow(host: &Host, id: &str) -> Value {
    host.installation(id).unwrap()["shadow"].take()
}

fn count(shadow: &Value, name: &str) -> u64 {
    shadow[name].as_u64().unwrap_or_else(|| panic!("{shadow}"))
}

/// Calls that were compared, different ones, skipped ones, and those that cannot be made again.
fn figures(shadow: &Value) -> [u64; 4] {
    ["calls", "different", "skipped", "incomplete"].map(|name| count(shadow, name))
}

/// Waits until something became of so many calls.
fn followed(host: &Host, id: &str, calls: u64) -> Value {
    let mut last = Value::Null;
    let all = eventually(&format!("{calls} calls of the shadow of `{id}`"), || {
        last = shadow(host, id);
        let [compared, _, skipped, incomplete] = figures(&last);
        Ok(compared + skipped + incomplete >= calls)
    });
    all.unwrap_or_else(|error| panic!("{error}: {last}"));
    last
}

/// Of the differences those of a kind.
fn of(shadow: &Value, what: &str) -> Vec<Value> {
    let all = shadow["differences"].as_array().unwrap();
    all.iter().filter(|one| one["what"] == what).cloned().collect()
}

/// How many calls of an installation were written down.
fn recorded(host: &Host, id: &str) -> u64 {
    let (from, to) = ("2026-01-01T00:00:00Z", "2100-01-01T00:00:00Z");
    let asked = ["replay", "--installation", id, "--from", from, "--to", to, "--json", "--url", &host.url];
    let ran = dongting(&asked).unwrap();
    let all: Value = serde_json::from_slice(&ran.stdout)
        .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&ran.stderr)));
    assert_eq!(all["same"], all["calls"], "{all}");
    all["calls"].as_u64().unwrap()
}

fn push(host: &Host, id: &str, body: &str) -> u16 {
    host.push(id, TOKEN, body.as_bytes()).unwrap().status
}

fn running(host: &Host, id: &str) {
    eventually("it runs", || Ok(host.state(id)?.0 == "running")).unwrap();
}

#[test]
fn a_decoder_is_followed() {
    let document = plugin("guests/document.wasm").unwrap().to_str().unwrap().to_owned();
    let configuration = |more: &str| {
        let grants = "publish = [{ domain = \"test\", kind = \"observation\", per_second = 100000 }]";
        installation("desk", &document, &format!("limits.document_record_kib = 1\n{more}"), grants)
    };
    let host = Host::start(&configuration("")).unwrap();
    running(&host, "desk");
    // Before there was a shadow.
    assert_eq!(push(&host, "desk", "zero"), 200);
    reloaded(&host, &configuration(&beside(&alike(host.folder.path(), "document"))));
    for body in ["one", "two", "one"] {
        assert_eq!(push(&host, "desk", body), 200);
    }
    assert_eq!(push(&host, "desk", ""), 422);
    let large = format!("d/{}", " ".repeat(2_000));
    assert_eq!(push(&host, "desk", &large), 422, "its key is too long");
    let all = followed(&host, "desk", 5);
    assert_eq!(figures(&all), [4, 0, 0, 1], "{all}");
    assert!(all["unkept"].as_str().unwrap().contains("limits.document_record_kib"), "{all}");

    // Asked for again as it is, it goes on.
    reloaded(&host, &configuration(&beside(&alike(host.folder.path(), "document"))));
    assert_eq!(figures(&shadow(&host, "desk")), [4, 0, 0, 1]);
    assert_eq!(push(&host, "desk", "three"), 200);
    assert_eq!(figures(&followed(&host, "desk", 6)), [5, 0, 0, 1]);

    let words = ("the document is empty", "the document was lost");
    reloaded(&host, &configuration(&beside(&otherwise(host.folder.path(), "document", words))));
    assert_eq!(figures(&shadow(&host, "desk")), [0, 0, 0, 0], "another one begins anew");
    assert_eq!(push(&host, "desk", "four"), 200);
    assert_eq!(push(&host, "desk", ""), 422);
    let all = followed(&host, "desk", 2);
    assert_eq!(figures(&all), [2, 1, 0, 0], "{all}");
    let told = &of(&all, "verdict")[0];
    assert_eq!(told["after"], "the document was lost", "{all}");

    // Taken away, it is called no more.
    reloaded(&host, &configuration(""));
    assert_eq!(push(&host, "desk", "five"), 200);
    assert_eq!(shadow(&host, "desk"), Value::Null);
    let messages = || host.messages("observation").unwrap();
    eventually("all that was pushed", || Ok(messages().len() == 6)).unwrap();
}

/// Pages of one reading up to the fourth, and how often they were asked for.
async fn feed() -> (SocketAddr, Arc<AtomicU64>) {
    let asked = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&asked);
    let answer = async move |Query(asked): Query<std::collections::BTreeMap<String, u64>>| {
        counted.fetch_add(1, Ordering::Relaxed);
        let next = (asked["after"] + 1).min(4);
        let readings: Vec<Value> =
            (asked["after"] + 1..=next).map(|n| json!({ "partition": "a", "n": n })).collect();
        Json(json!({ "next": next, "readings": readings }))
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = Router::new().route("/feed", get(answer));
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    (address, asked)
}

/// A source with the readings of a feed and a candidate beside it, and what the candidate came to.
async fn fed(candidate: impl Fn(&Path) -> String) -> Value {
    let (address, asked) = feed().await;
    let component = plugin("guests/ledger-feed.wasm").unwrap().to_str().unwrap().to_owned();
    let folder = tempfile::tempdir().unwrap();
    let more = format!(
        "every_seconds = 86400\nsettings = {{ url = \"http://{address}\" }}\n{}",
        beside(&candidate(folder.path()))
    );
    let port = address.port();
    let grants = format!(
        r#"
        capabilities = ["config", "http"]
        publish = [{{ domain = "ledger", kind = "observation" }}]
        http = [{{ host = "127.0.0.1", port = {port}, networks = ["127.0.0.0/8"] }}]
        "#
    );
    let configuration = installation("feed", &component, &more, &grants);
    let host = Host::start(&configuration).unwrap();
    eventually("the first reading", || Ok(host.messages("observation")?.len() == 1)).unwrap();
    let all = followed(&host, "feed", 1);
    assert_eq!(asked.load(Ordering::Relaxed), 1, "only the release at work asks");
    assert_eq!(host.messages("observation").unwrap().len(), 1, "nothing left it");
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_is_told_what_the_other_was_told() {
    let same = fed(|folder| alike(folder, "ledger-feed")).await;
    assert_eq!(figures(&same), [1, 0, 0, 0], "{same}");
    let words = ("em.ledger.observation.v1", "em.ledger.observation.v2");
    let other = fed(|folder| otherwise(folder, "ledger-feed", words)).await;
    assert_eq!(figures(&other), [1, 1, 0, 0], "{other}");
    // What the release at work has said is shown, too.
    let (missing, new) = (of(&other, "missing"), of(&other, "new"));
    assert_eq!((missing.len(), new.len()), (1, 1), "{other}");
    assert!(missing[0]["before"].as_str().unwrap().contains("a/1"), "{other}");
    // Of what nobody has asked it gets no answer.
    let astray = fed(|folder| otherwise(folder, "ledger-feed", ("/feed?after=", "/fled?after="))).await;
    assert_eq!(figures(&astray), [1, 1, 0, 0], "{astray}");
    assert_eq!(of(&astray, "verdict").len(), 1, "{astray}");
}
