//! Delivery by the real host: order, parking, poison, a plugin that is broken, a release that takes over.

use std::collections::BTreeSet;

use dongting_manifest::{Message, Subject, Timestamp, message};
use dongting_tests::database::DatabaseKind;
use dongting_tests::documents;
use dongting_tests::host::{Host, dongting, eventually, plugin};
use dongting_tests::hosts_on_both;
use dongting_tests::nats::{Nats, Raw};
use dongting_tests::restamp::stamped;
use serde_json::{Value, json};

mod ahead;
mod begun;
mod both_lanes;
mod stopped;

hosts_on_both! {
    fn {
        a_closed_partition_waits_in_order_and_holds_back_no_other
        poison_becomes_the_dead_letters_and_nothing_else
        what_no_message_can_carry_is_a_fault_of_its_call
        a_broken_release_trips_the_breaker_and_buries_nothing
        what_is_parked_is_taken_up_by_a_release_without_order
        a_release_that_cannot_run_leaves_the_old_one_at_work
    }
    async fn {
        what_jetstream_has_given_up_on_is_found
        what_is_given_up_while_no_host_runs_is_found_by_one_without_state
        what_is_given_up_while_no_host_runs_is_found_by_one_with_order
    }
}

/// Documents become observations, and the gate lets them pass.
fn configuration(settings: &str) -> String {
    let installation = format!(
        r#"
        id = "gate"
        region = "430000"
        settings = {{ {settings} }}
        grants.capabilities = ["config", "state"]
        "#
    );
    documents::configuration("guests/gate.wasm", &installation).unwrap()
}

fn push(host: &Host, bodies: impl IntoIterator<Item = &'static str>) {
    for body in bodies {
        let answer = documents::push(host, format!("\"{body}\"").as_bytes()).unwrap();
        assert_eq!(answer.status, 200, "{body}: {}", answer.body);
    }
}

/// What passed the gate, in the order of its counting.
fn passed(host: &Host) -> Vec<String> {
    let mut counted: Vec<(u64, String)> = host
        .messages("assessment")
        .unwrap()
        .iter()
        .map(|message| {
            let said = message["data"][1].as_str().unwrap().trim_matches('"').to_owned();
            (message["data"][0].as_u64().unwrap(), said)
        })
        .collect();
    counted.sort();
    counted.into_iter().map(|(_, said)| said).collect()
}

fn reload(host: &Host, configuration: &str) -> (bool, String) {
    host.configure(configuration).unwrap();
    let ran = dongting(&["reload", "--url", &host.url]).unwrap();
    let said = String::from_utf8(ran.stdout).unwrap() + &String::from_utf8(ran.stderr).unwrap();
    (ran.status.success(), said)
}

fn a_closed_partition_waits_in_order_and_holds_back_no_other(database: DatabaseKind) {
    let mut host = Host::start_on(database, &configuration("closed = [\"a\"]")).unwrap();
    push(&host, ["a/1", "b/1", "a/2", "b/2", "a/3"]);
    eventually("the open partition", || Ok(passed(&host) == ["b/1", "b/2"])).unwrap();
    assert_eq!(host.state("gate").unwrap(), ("backoff".into(), "a is closed".into()));
    // What waits is kept through a kill, in its order, and what comes later is still behind it.
    host.kill_and_restart().unwrap();
    push(&host, ["a/4", "b/3"]);
    eventually("the open partition", || Ok(passed(&host) == ["b/1", "b/2", "b/3"])).unwrap();
    let (done, said) = reload(&host, &configuration("closed = []"));
    assert!(done && said.contains("gate\tchanged\tgate@0.1.0#"), "{said}");
    let all = ["b/1", "b/2", "b/3", "a/1", "a/2", "a/3", "a/4"];
    eventually("all", || Ok(passed(&host) == all)).unwrap();
    assert_eq!(host.state("gate").unwrap().0, "running");
    assert_eq!(host.rejects("gate").unwrap(), 0);
}

fn poison_becomes_the_dead_letters_and_nothing_else(database: DatabaseKind) {
    let host = Host::start_on(database, &configuration("")).unwrap();
    push(&host, ["a/1", "a/poison", "b/1", "a/2", "b/poison", "b/2"]);
    eventually("the good ones", || Ok(passed(&host).len() == 4)).unwrap();
    let order = |partition: &str| -> Vec<String> {
        passed(&host).into_iter().filter(|said| said.starts_with(partition)).collect()
    };
    assert_eq!(
        (order("a"), order("b")),
        (vec!["a/1".into(), "a/2".into()], vec!["b/1".into(), "b/2".into()])
    );
    eventually("the dead letters", || Ok(host.rejects("gate")? == 2)).unwrap();
    let letters = host.get("dead-letters").unwrap().body;
    let keys: Vec<&str> =
        letters["deadLetters"].as_array().unwrap().iter().map(|l| l["reason"].as_str().unwrap()).collect();
    assert!(keys.iter().all(|reason| reason.contains("trapped")), "{keys:?}");
    // Driven again they trap again, and stay.
    for letter in letters["deadLetters"].as_array().unwrap() {
        let again =
            dongting(&["dead-letters", "--url", &host.url, "redrive", &letter["sequence"].to_string()])
                .unwrap();
        assert!(!again.status.success());
    }
    assert_eq!(host.get("dead-letters").unwrap().body["deadLetters"].as_array().unwrap().len(), 2);
}

/// What no message can carry is found before it is promised: later it would be tried for ever.
fn what_no_message_can_carry_is_a_fault_of_its_call(database: DatabaseKind) {
    let toml = documents::configuration("guests/output-flood.wasm", "id = \"model\"\nregion = \"430000\"");
    let host = Host::start_on(database, &toml.unwrap()).unwrap();
    let told = |attributes: Value| {
        let flood = json!({ "drafts": 1, "bytes": 1, "rejects": 0, "attributes": attributes }).to_string();
        assert_eq!(documents::push(&host, flood.as_bytes()).unwrap().status, 200);
    };
    // Each after the one before, since many in a row would be the plugin's fault and trip its breaker.
    for (bad, done) in [
        (json!([["quality", "", 1, 1]]), 1),
        (json!([["quality", "良", 1, 1], ["quality", "差", 1, 1]]), 2),
        (json!([["note", "洞", 341, 16]]), 3),
    ] {
        told(bad);
        eventually("the dead letter", || Ok(host.rejects("model")? == done)).unwrap();
        told(json!([["quality", "良", 300 + done, 1]]));
        eventually("the good one", || Ok(host.messages("assessment")?.len() as u64 == done)).unwrap();
    }
    let letters = host.get("dead-letters").unwrap().body;
    let reasons: Vec<&str> =
        letters["deadLetters"].as_array().unwrap().iter().map(|l| l["reason"].as_str().unwrap()).collect();
    let saying = |what: &str| reasons.iter().filter(|reason| reason.contains(what)).count();
    assert_eq!(
        saying("draft 0: the extension attribute `quality` is given twice or empty"),
        2,
        "{reasons:?}"
    );
    assert_eq!(saying("bytes as headers, more than 40960"), 1, "{reasons:?}");
}

fn a_broken_release_trips_the_breaker_and_buries_nothing(database: DatabaseKind) {
    let host = Host::start_on(database, &configuration("traps = true")).unwrap();
    push(&host, ["a/1", "b/1", "c/1", "d/1", "e/1", "f/1", "a/2"]);
    eventually("the breaker", || Ok(host.state("gate")?.0 == "tripped")).unwrap();
    assert!(host.state("gate").unwrap().1.starts_with("it faults on one message after the other"));
    assert_eq!(host.rejects("gate").unwrap(), 0);
    let (done, said) = reload(&host, &configuration("traps = false"));
    assert!(done, "{said}");
    eventually("all", || Ok(passed(&host).len() == 7)).unwrap();
    let passed = passed(&host);
    let at = |said: &str| passed.iter().position(|one| one == said).unwrap();
    assert!(at("a/1") < at("a/2"), "{passed:?}");
    assert_eq!(host.rejects("gate").unwrap(), 0);
}

/// A release without order goes on with what one with order has parked.
fn what_is_parked_is_taken_up_by_a_release_without_order(database: DatabaseKind) {
    let mut host = Host::start_on(database, &configuration("closed = [\"a\"]")).unwrap();
    push(&host, ["a/1", "b/1", "a/2"]);
    eventually("the open partition", || Ok(passed(&host) == ["b/1"])).unwrap();
    eventually("both wait", || Ok(host.get("installations/gate/parked")?.body["messages"] == 2)).unwrap();
    let gate = plugin("guests/gate.wasm").unwrap();
    let other = host.folder.path().join("unordered.wasm");
    let values = [("version", "0.2.0"), ("ordering", "none")];
    std::fs::write(&other, stamped(&std::fs::read(&gate).unwrap(), &values).unwrap()).unwrap();
    let open = configuration("closed = []").replace(gate.to_str().unwrap(), other.to_str().unwrap());
    host.configure(&open).unwrap();
    host.kill_and_restart().unwrap();
    eventually("all", || {
        Ok(BTreeSet::from_iter(passed(&host)) == ["a/1", "a/2", "b/1"].map(str::to_owned).into())
    })
    .unwrap();
    assert_eq!(host.rejects("gate").unwrap(), 0);
}

fn a_release_that_cannot_run_leaves_the_old_one_at_work(database: DatabaseKind) {
    let host = Host::start_on(database, &configuration("")).unwrap();
    push(&host, ["a/1"]);
    eventually("the first", || Ok(passed(&host) == ["a/1"])).unwrap();
    let broken = configuration("").replace("gate.wasm", "no-such.wasm");
    let (done, said) = reload(&host, &broken);
    assert!(!done && said.contains("gate\trefused\t") && said.contains("cannot be read"), "{said}");
    assert!(said.contains("documents\tunchanged"), "{said}");
    push(&host, ["a/2"]);
    eventually("the second", || Ok(passed(&host) == ["a/1", "a/2"])).unwrap();
    let (done, said) = reload(&host, "[[installation]]\nid = 7");
    assert!(!done && said.contains("is not understood"), "{said}");
    // Taken out and put in again: it goes on where it stopped.
    let without = configuration("");
    let (without, _) = without.rsplit_once("[[installation]]").unwrap();
    let (done, said) = reload(&host, without);
    assert!(done && said.contains("gate\tstopped"), "{said}");
    push(&host, ["a/3"]);
    let (done, said) = reload(&host, &configuration(""));
    assert!(done && said.contains("gate\tstarted"), "{said}");
    eventually("the third", || Ok(passed(&host) == ["a/1", "a/2", "a/3"])).unwrap();
    let state: Value = host.installation("gate").unwrap();
    assert_eq!(state["state"], "running", "{state}");
}

/// Somebody sets `max_deliver` on an installation's consumer: JetStream falls silent about what has used it up, and the host finds it.
async fn what_jetstream_has_given_up_on_is_found(database: DatabaseKind) {
    let nats = Nats::start().await.unwrap();
    let url = nats.url();
    let toml = documents::configuration("guests/trap.wasm", "id = \"model\"\nregion = \"430000\"").unwrap();
    let host = Host::start_on_with(database, &toml, &[("DONGTING_NATS", &url)]).unwrap();
    let mut raw = nats.raw().await.unwrap();
    // It traps until it is a dead letter, and the host has looked at the consumer's settings by then. It does not look again for minutes.
    assert_eq!(documents::push(&host, b"0").unwrap().status, 200);
    eventually("a dead letter", || Ok(host.rejects("model")? == 1)).unwrap();
    // The second time the consumer is what the host has made it again.
    for (document, letters) in [(b"1", 2), (b"2", 3)] {
        let changed = change_consumer(&mut raw, &[("max_deliver", 1.into())]).await;
        assert_eq!(changed["max_deliver"], 1, "{changed}");
        // Its second delivery never comes.
        assert_eq!(documents::push(&host, document).unwrap().status, 200);
        eventually("a dead letter", || Ok(host.rejects("model")? == letters)).unwrap();
        let letters = host.get("dead-letters").unwrap().body;
        let reason = letters["deadLetters"][0]["reason"].as_str().unwrap().to_owned();
        assert!(
            reason.contains("gave it up after 1 deliveries") && reason.contains("re-drive it"),
            "{reason}"
        );
        told(&mut raw, CONSUMER_INFO, "its settings back", |told| told["config"]["max_deliver"] == -1).await;
    }
}

const CONSUMER_INFO: &str = "$JS.API.CONSUMER.INFO.EM_BULK.model";

/// Asks JetStream until its answer is as wanted.
async fn told(raw: &mut Raw, subject: &str, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
    let mut answer = Value::Null;
    for _ in 0..1_000 {
        answer = raw.request(subject, &[], "").await.unwrap();
        if wanted(&answer) {
            return answer;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    panic!("never came: {what} ({answer})");
}

/// As somebody who has the credentials may. The settings as they are then.
async fn change_consumer(raw: &mut Raw, settings: &[(&str, Value)]) -> Value {
    let told = told(raw, CONSUMER_INFO, "the consumer", |told| told["config"].is_object()).await;
    let mut config = told["config"].clone();
    for (name, value) in settings {
        config[name] = value.clone();
    }
    let change = json!({ "stream_name": "EM_BULK", "config": config, "action": "update" }).to_string();
    let changed = raw.request("$JS.API.CONSUMER.CREATE.EM_BULK.model", &[], &change).await.unwrap();
    changed["config"].clone()
}

/// JetStream says once that it has given up on a message, and no host runs then.
async fn what_is_given_up_while_no_host_runs_is_found(
    database: DatabaseKind,
    guest: &str,
    more: &str,
    begins_anew: bool,
) {
    let nats = Nats::start().await.unwrap();
    let url = nats.url();
    let installation = format!("id = \"model\"\nregion = \"430000\"\n{more}");
    let toml = documents::configuration(guest, &installation).unwrap();
    let mut host = Host::start_on_with(database, &toml, &[("DONGTING_NATS", &url)]).unwrap();
    let mut raw = nats.raw().await.unwrap();
    told(&mut raw, "$JS.API.STREAM.INFO.GIVEN_UP", "the stream", |told| told["config"].is_object()).await;
    eventually("it runs", || Ok(host.state("model")?.0 == "running")).unwrap();
    let short = [("max_deliver", 1.into()), ("ack_wait", 100_000_000.into())];
    change_consumer(&mut raw, &short).await;
    host.stop().unwrap();
    // A document as the host would have made an observation of it, delivered once to somebody who does nothing with it.
    nats.bus.publish(&[observation("\"a/1\"")]).await.remove(0).unwrap();
    let kept = |told: &Value| told["state"]["messages"] == 1;
    for _ in 0..1_000 {
        // It has no JSON where nothing comes.
        let _ = raw.request("$JS.API.CONSUMER.MSG.NEXT.EM_BULK.model", &[], "{\"no_wait\":true}").await;
        if kept(&raw.request("$JS.API.STREAM.INFO.GIVEN_UP", &[], "").await.unwrap()) {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    told(&mut raw, "$JS.API.STREAM.INFO.GIVEN_UP", "the advisory", kept).await;

    host.kill_and_restart().unwrap();
    let ended = |told: &Value| told["state"]["messages"] == 0;
    told(&mut raw, "$JS.API.STREAM.INFO.GIVEN_UP", "the end of the advisory", ended).await;
    assert_eq!(documents::push(&host, b"\"a/2\"").unwrap().status, 200);
    let handled = |host: &Host| -> anyhow::Result<BTreeSet<String>> {
        let all = host.messages("assessment")?;
        Ok(all.iter().map(|one| one["data"].to_string()).collect())
    };
    let of = |host: &Host, body: &str| -> anyhow::Result<usize> {
        Ok(handled(host)?.iter().filter(|data| data.contains(body)).count())
    };
    eventually("the next", || Ok(of(&host, "a/2")? == 1)).unwrap();
    let letters = host.get("dead-letters").unwrap().body;
    let letters = letters["deadLetters"].as_array().unwrap();
    let given_up =
        |letter: &Value| letter["reason"].as_str().unwrap().contains("gave it up after 1 deliveries");
    assert!(letters.iter().all(given_up), "{letters:?}");
    // Whoever begins anew is given it again, and may have handled it before the word was heard.
    assert_eq!(letters.len() + of(&host, "a/1").unwrap(), 1, "once, as a letter or as a message");
    assert!(begins_anew || letters.len() == 1);
}

async fn what_is_given_up_while_no_host_runs_is_found_by_one_without_state(database: DatabaseKind) {
    what_is_given_up_while_no_host_runs_is_found(database, "guests/echo.wasm", "", false).await;
}

/// Its consumer begins anew at each start.
async fn what_is_given_up_while_no_host_runs_is_found_by_one_with_order(database: DatabaseKind) {
    let more = "grants.capabilities = [\"config\", \"state\"]";
    what_is_given_up_while_no_host_runs_is_found(database, "guests/gate.wasm", more, true).await;
}

fn observation(body: &str) -> Message {
    let now = Timestamp::now();
    let r#type = "em.test.observation.v1".to_owned();
    Message {
        id: message::id("/systems/test", &r#type, body, "1"),
        source: "/systems/test".to_owned(),
        r#type,
        subject: "em.43.01.00.test.observation.-".parse().unwrap(),
        time: now,
        received: now,
        key: body.to_owned(),
        revision: "1".to_owned(),
        partition: "a".to_owned(),
        causation: Vec::new(),
        plugin: String::new(),
        traceparent: String::new(),
        content_type: "application/json".to_owned(),
        extensions: Vec::new(),
        body: body.as_bytes().to_vec(),
    }
}

/// What the guest `toil` computes for so many rounds, as the installation `model`.
fn toil_message(kind: &str, n: u64, work: u64) -> Message {
    let subject: Subject = format!("em.43.01.00.toil.{kind}.-").parse().unwrap();
    let key = format!("{kind}/{n}");
    Message {
        subject,
        r#type: format!("em.toil.{kind}.v1"),
        body: json!({ "work": work }).to_string().into_bytes(),
        ..observation(&key)
    }
}

/// That installation, which listens on both lanes.
fn toil(statuses_per_second: u32) -> String {
    format!(
        r#"
        [[installation]]
        id = "model"
        component = {:?}
        region = "430000"
        limits.cpu_ms = 60000
        limits.wall_ms = 120000
        [installation.grants]
        capabilities = ["state"]
        subscribe = [{{ domain = "toil", kind = "observation" }}, {{ domain = "toil", kind = "assessment" }}]
        [[installation.grants.publish]]
        domain = "toil"
        kind = "status"
        per_second = {statuses_per_second}
        [[installation.grants.publish]]
        domain = "toil"
        kind = "warning"
        "#,
        plugin("guests/toil.wasm").unwrap()
    )
}
