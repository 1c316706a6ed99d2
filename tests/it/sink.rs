//! A sink whose receiver breaks off, or that is killed before it is answered: tried again with the same key, or held for a person.

mod killed;

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use dongting_tests::database::DatabaseKind;
use dongting_tests::host::{Host, dongting, eventually, plugin};
use dongting_tests::hosts_on_both;
use dongting_tests::restamp::restamped;

hosts_on_both! {
    fn {
        what_may_have_arrived_is_tried_again_with_the_same_key
        a_backlog_of_one_partition_is_delivered_one_by_one
        what_may_have_arrived_is_held_for_a_person
    }
}

const TOKEN: &str = "a-token-of-the-tests";

/// What a receiver does with a request that it has read.
#[derive(Clone, Copy, PartialEq)]
enum Manner {
    Answers,
    BreaksOff,
    /// Says nothing, and keeps the connection.
    Hangs,
}

/// Reads requests.
struct Receiver {
    address: SocketAddr,
    manner: Arc<Mutex<Manner>>,
    /// The idempotency keys of the requests, in their order.
    keys: Arc<Mutex<Vec<String>>>,
}

impl Receiver {
    fn start(manner: Manner) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (manner, keys) = (Arc::new(Mutex::new(manner)), Arc::new(Mutex::new(Vec::new())));
        let (now, seen) = (Arc::clone(&manner), Arc::clone(&keys));
        std::thread::spawn(move || {
            let mut hanging = Vec::new();
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let head = request(&mut stream);
                seen.lock().unwrap().extend(header(&head, "idempotency-key").map(str::to_owned));
                let manner = *now.lock().unwrap();
                match manner {
                    Manner::Answers => {
                        let said = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
                        stream.write_all(said).unwrap();
                    }
                    Manner::BreaksOff => {}
                    Manner::Hangs => hanging.push(stream),
                }
            }
        });
        Self { address, manner, keys }
    }

    fn answers(&self) {
        *self.manner.lock().unwrap() = Manner::Answers;
    }

    fn keys(&self) -> Vec<String> {
        self.keys.lock().unwrap().clone()
    }
}

/// Reads a request to its end. Its head, in lower case.
fn request(stream: &mut TcpStream) -> String {
    let (mut bytes, mut piece) = (Vec::new(), [0; 4096]);
    loop {
        let text = String::from_utf8_lossy(&bytes).to_lowercase();
        if let Some(end) = text.find("\r\n\r\n") {
            let length: usize = header(&text[..end], "content-length").unwrap().parse().unwrap();
            if bytes.len() >= end + 4 + length {
                return text[..end].to_owned();
            }
        }
        let read = stream.read(&mut piece).unwrap();
        assert!(read > 0, "the request broke off: {text}");
        bytes.extend_from_slice(&piece[..read]);
    }
}

fn header<'h>(head: &'h str, name: &str) -> Option<&'h str> {
    head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
}

fn start(database: DatabaseKind, receiver: &Receiver, more: &str) -> Host {
    Host::start_on(database, &configuration(receiver.address, "ledger-sink", more)).unwrap()
}

/// Readings that are pushed, counted and delivered by a guest. `more` says what the sink has besides.
pub fn configuration(receiver: SocketAddr, sink: &str, more: &str) -> String {
    let guest = |name: &str| plugin(&format!("guests/{name}.wasm")).unwrap();
    let (feed, count, component) = (guest("ledger-feed"), guest("ledger-count"), guest(sink));
    let port = receiver.port();
    let state = if sink == "courier" { ", \"state\"" } else { "" };
    format!(
        r#"
        [[installation]]
        id = "pushed"
        component = {feed:?}
        region = "430000"
        poll = false
        push_token = "{TOKEN}"
        grants = {{ capabilities = ["config", "http"], publish = [{{ domain = "ledger", kind = "observation" }}] }}
        [[installation]]
        id = "count"
        component = {count:?}
        region = "430000"
        [installation.grants]
        capabilities = ["state"]
        subscribe = [{{ domain = "ledger", kind = "observation" }}]
        publish = [{{ domain = "ledger", kind = "assessment" }}]
        [[installation]]
        id = "sink"
        component = {component:?}
        region = "430000"
        settings = {{ url = "http://{receiver}" }}
        {more}
        [installation.grants]
        capabilities = ["config", "http"{state}]
        subscribe = [{{ domain = "ledger", kind = "assessment" }}]
        http = [{{ host = "127.0.0.1", port = {port}, networks = ["127.0.0.0/8"] }}]
        "#
    )
}

fn push(host: &Host) {
    let answer = host.push("pushed", TOKEN, br#"[{"partition":"a","n":1}]"#).unwrap();
    assert_eq!(answer.status, 200, "{}", answer.body);
}

fn what_may_have_arrived_is_tried_again_with_the_same_key(database: DatabaseKind) {
    let receiver = Receiver::start(Manner::BreaksOff);
    let host = start(database, &receiver, "");
    push(&host);
    eventually("two attempts", || Ok(receiver.keys().len() >= 2)).unwrap();
    assert_eq!(host.state("sink").unwrap().0, "backoff");
    receiver.answers();
    eventually("delivered", || Ok(host.state("sink")?.0 == "running")).unwrap();
    let keys = receiver.keys();
    assert!(keys[0].len() == 40 && keys.iter().all(|key| *key == keys[0]), "{keys:?}");
    assert_eq!(host.rejects("sink").unwrap(), 0);
    // The lineage leads from the raw reading to what was sent.
    let reading = host.messages("observation").unwrap()[0]["id"].as_str().unwrap().to_owned();
    let lineage = host.get(&format!("messages/{reading}")).unwrap().body;
    let sent = &lineage["effects"][0]["dispatched"][0];
    assert_eq!(
        (&sent["installation"], &sent["key"]),
        (&"sink".into(), &keys[0].as_str().into()),
        "{lineage}"
    );
    assert!(
        sent["reason"].is_null() && sent["plugin"].as_str().unwrap().starts_with("ledger-sink@"),
        "{sent}"
    );
    let receives = receiver.address.to_string();
    assert_eq!(sent["grants"]["http"], serde_json::json!([receives]), "{sent}");
    assert_eq!(sent["grants"]["subscribe"], serde_json::json!(["ledger assessment"]), "{sent}");
    let told = dongting(&["lineage", "--url", &host.url, &reading]).unwrap();
    let told = String::from_utf8(told.stdout).unwrap();
    let last: Vec<&str> = told.lines().last().unwrap().split('\t').collect();
    let [relation, _, key, installation, plugin, reason, grants] = last.as_slice() else { panic!("{told}") };
    assert_eq!((*relation, *key, *installation, *reason), ("sent", &*keys[0], "sink", "-"), "{told}");
    assert_eq!(sent["plugin"], *plugin, "{told}");
    assert!(plugin.contains('#') && grants.ends_with(&format!(", http {receives}")), "{told}");
}

/// Each in a call of its own, since what goes before it has to have arrived: as many calls of one batch as it has messages.
fn a_backlog_of_one_partition_is_delivered_one_by_one(database: DatabaseKind) {
    const READINGS: usize = 200;
    let receiver = Receiver::start(Manner::BreaksOff);
    let host = start(database, &receiver, "");
    let readings: Vec<_> = (1..=READINGS).map(|n| serde_json::json!({ "partition": "a", "n": n })).collect();
    let pushed = host.push("pushed", TOKEN, serde_json::json!(readings).to_string().as_bytes()).unwrap();
    assert_eq!(pushed.status, 200, "{}", pushed.body);
    eventually("an attempt", || Ok(!receiver.keys().is_empty())).unwrap();
    receiver.answers();
    let delivered = || receiver.keys().into_iter().collect::<BTreeSet<_>>().len();
    eventually("all are delivered", || Ok(delivered() == READINGS && host.state("sink")?.0 == "running"))
        .unwrap();
}

fn what_may_have_arrived_is_held_for_a_person(database: DatabaseKind) {
    let receiver = Receiver::start(Manner::BreaksOff);
    let host = start(database, &receiver, "on_unknown = \"hold\"");
    push(&host);
    eventually("it is held", || Ok(host.rejects("sink")? == 1)).unwrap();
    assert_eq!(receiver.keys().len(), 1, "it is not tried again by itself");
    let letters = host.get("dead-letters").unwrap().body;
    let letter = &letters["deadLetters"][0];
    let reason = letter["reason"].as_str().unwrap();
    assert!(reason.starts_with("held, since it may have arrived ("), "{reason}");
    // The receiver says that it has not: the person sends it again, by another release.
    receiver.answers();
    let number = letter["sequence"].to_string();
    let component = std::fs::read(plugin("guests/ledger-sink.wasm").unwrap()).unwrap();
    let other = host.folder.path().join("other.wasm");
    std::fs::write(&other, restamped(&component, "0.9.0").unwrap()).unwrap();
    let by = ["--component", other.to_str().unwrap()];
    let redrive = ["dead-letters", "--url", &host.url, "redrive", &number];
    let sent = dongting(&[&redrive[..], &by[..]].concat()).unwrap();
    assert!(sent.status.success(), "{}", String::from_utf8_lossy(&sent.stderr));
    let keys = receiver.keys();
    assert!(keys.len() == 2 && keys[0] == keys[1], "{keys:?}");
    assert!(host.get("dead-letters").unwrap().body["deadLetters"].as_array().unwrap().is_empty());
    // Each of the two tells what its release was granted.
    let assessment = host.messages("assessment").unwrap()[0]["id"].as_str().unwrap().to_owned();
    let lineage = host.get(&format!("messages/{assessment}")).unwrap().body;
    let told = lineage["message"]["dispatched"].as_array().unwrap();
    let told: Vec<_> =
        told.iter().map(|one| (&one["reason"], &one["plugin"], &one["grants"]["http"])).collect();
    let granted = serde_json::json!([receiver.address.to_string()]);
    let [(held, first, one), (delivered, second, other)] = told.as_slice() else { panic!("{lineage}") };
    assert_eq!((*held, *delivered), (&reason.into(), &serde_json::Value::Null), "{lineage}");
    assert!(first.as_str().unwrap().starts_with("ledger-sink@0.1.0#"), "{lineage}");
    assert!(second.as_str().unwrap().starts_with("ledger-sink@0.9.0#"), "{lineage}");
    assert_eq!((*one, *other), (&granted, &granted), "{lineage}");
}
