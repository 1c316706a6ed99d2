//! The whole of it, with the real binary: from a feed to warnings and views, through faults and kills.

use std::collections::BTreeSet;

use dongting_tests::host::{Host, boundaries, dongting, eventually, plugin};
use dongting_tests::nats::kill;
use dongting_tests::seismic_network::{Fault, Options, Revision, SeismicNetwork, Status};
use serde_json::{Value, json};

const TOKEN: &str = "a-token-of-the-tests";

fn configuration(network: &SeismicNetwork) -> String {
    let adapter = plugin("earthquake.wasm").unwrap();
    let model = plugin("earthquake-impact.wasm").unwrap();
    let views = plugin("earthquake-views.wasm").unwrap();
    let boundaries = boundaries().unwrap();
    let port = network.address().port();
    let url = network.fdsn_url();
    format!(
        r#"
        boundaries = {boundaries:?}
        [[installation]]
        id = "catalogue"
        component = {adapter:?}
        region = "430000"
        system = "network"
        every_seconds = 0.2
        push_token = "{TOKEN}"
        attachments = {{ counties = {boundaries:?} }}
        settings = {{ format = "fdsn-xml", url = "{url}" }}
        limits = {{ wall_ms = 3000 }}
        [installation.grants]
        capabilities = ["log", "config", "http"]
        publish = [{{ domain = "earthquake", kind = "observation", outside = true, per_second = 1000 }}]
        http = [{{ host = "127.0.0.1", port = {port}, networks = ["127.0.0.0/8"] }}]
        [[installation]]
        id = "impact"
        component = {model:?}
        region = "430000"
        attachments = {{ counties = {boundaries:?} }}
        [installation.grants]
        capabilities = ["log", "config", "state"]
        subscribe = [{{ domain = "earthquake", kind = "observation" }}]
        publish = [{{ domain = "earthquake", kind = "assessment" }}, {{ domain = "earthquake", kind = "warning" }}]
        [[installation]]
        id = "views"
        component = {views:?}
        region = "430000"
        [installation.grants]
        capabilities = ["log", "config"]
        subscribe = [
            {{ domain = "earthquake", kind = "observation" }}, {{ domain = "earthquake", kind = "assessment" }},
            {{ domain = "earthquake", kind = "warning" }}, {{ domain = "earthquake", kind = "feedback" }},
            {{ domain = "earthquake", kind = "status", detail = "completeness" }},
        ]
        publish = [{{ domain = "earthquake", kind = "feedback" }}]
        "#
    )
}

fn revision(event: &str, magnitude: f64, later_seconds: i64) -> Revision {
    let now = jiff::Timestamp::now();
    Revision {
        event: event.into(),
        status: Status::Reviewed,
        origin_time: now - jiff::SignedDuration::from_secs(60),
        updated: now + jiff::SignedDuration::from_secs(later_seconds),
        latitude: 29.2,
        longitude: 111.7,
        depth_km: Some(10.0),
        magnitude: Some(magnitude),
        magnitude_type: Some("Ms".into()),
        place: "湖南常德".into(),
    }
}

fn of_type<'w>(warnings: &'w [Value], msg_type: &str) -> Vec<&'w Value> {
    warnings.iter().filter(|w| w["data"]["msgType"] == msg_type).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_feed_becomes_warnings_views_and_a_cancellation() {
    let network = SeismicNetwork::start(Options::manual()).await.unwrap();
    let host = Host::start(&configuration(&network)).unwrap();
    network.publish(revision("e1", 6.4, 0));
    eventually("warnings", || Ok(of_type(&host.messages("warning")?, "Alert").len() > 5)).unwrap();
    let warnings = host.messages("warning").unwrap();
    let alerts = of_type(&warnings, "Alert").len();
    assert!(warnings.iter().all(|w| w["plugin"].as_str().unwrap().starts_with("earthquake-impact@0.1.0#")));
    let keys: BTreeSet<_> = warnings.iter().map(|w| w["key"].to_string()).collect();
    assert_eq!(keys.len(), alerts, "one warning a county");
    // Until when the catalogue says that it is complete: a while before its last poll, and no other role says so.
    let complete = |id: &str| host.installation(id).unwrap()["completeUntil"].take();
    let until: jiff::Timestamp = complete("catalogue").as_str().unwrap().parse().unwrap();
    assert!(until < jiff::Timestamp::now(), "{until}");
    assert_eq!(complete("impact"), Value::Null);

    // From a warning back to the statement and forward again, in one trace.
    let lineage = host.get(&format!("messages/{}", warnings[0]["id"].as_str().unwrap())).unwrap().body;
    let observation = &lineage["causes"][0];
    assert_eq!(observation["kind"], "observation");
    assert!(observation["plugin"].as_str().unwrap().starts_with("earthquake@0.1.0#"));
    let trace = |m: &Value| m["traceparent"].as_str().unwrap().split('-').nth(1).unwrap().to_owned();
    assert_eq!(trace(observation), trace(&lineage["message"]));
    // Each with what its plugin was granted.
    assert_eq!(
        (&observation["installation"], &lineage["message"]["installation"]),
        (&json!("catalogue"), &json!("impact"))
    );
    assert_eq!(observation["grants"]["publish"], json!(["earthquake observation"]));
    assert_eq!(observation["grants"]["http"], json!([format!("127.0.0.1:{}", network.address().port())]));
    assert_eq!(lineage["message"]["grants"]["capabilities"], json!(["log", "config", "state"]));

    let id = |message: &Value| message["id"].as_str().unwrap().to_owned();
    let told = dongting(&["lineage", "--url", &host.url, &id(&warnings[0])]).unwrap();
    let told = String::from_utf8(told.stdout).unwrap();
    let first: Vec<&str> =
        told.lines().find(|line| line.starts_with("cause\t")).unwrap().split('\t').collect();
    assert_eq!((first[0], first[2]), ("cause", id(observation).as_str()), "{told}");
    assert_eq!(first[4], observation["plugin"].as_str().unwrap());
    assert!(
        first[5].starts_with("capabilities log, capabilities config, capabilities http, publish earthquake"),
        "{told}"
    );
    assert!(told.contains(&format!(
        "\nmessage\t{}\t{}\t",
        warnings[0]["time"].as_str().unwrap(),
        id(&warnings[0])
    )));
    assert!(!dongting(&["lineage", "--url", &host.url, "no-such"]).unwrap().status.success());

    let views = host.get("views").unwrap().body;
    assert!(views["views"].as_array().unwrap().len() >= 3);
    let shown = host.get("views/views/overview?region=430000&lang=zh").unwrap();
    assert_eq!(shown.status, 200, "{}", shown.body);
    let kinds: BTreeSet<&str> =
        shown.body["panels"].as_array().unwrap().iter().map(|p| p["kind"].as_str().unwrap()).collect();
    assert!(kinds.is_superset(&BTreeSet::from(["map", "table", "timeline", "stat"])), "{kinds:?}");
    eventually("the catalogue's word of how far it is complete", || {
        Ok(host.get("views/views/overview?region=430700&lang=zh")?.body.to_string().contains("目录完整至"))
    })
    .unwrap();
    assert_eq!(host.get("views/views/overview?region=440000&lang=zh").unwrap().status, 404);
    assert_eq!(host.get("views/views/overview?region=x&lang=zh").unwrap().status, 400);

    // Form, refused and done.
    let refused = host
        .act("views/views/warnings/actions/no-such", &json!({"region": "430000", "lang": "zh", "form": {}}))
        .unwrap();
    assert_eq!(refused.status, 422, "{}", refused.body);

    // The update falls below the threshold: every warning is taken back, none stays.
    network.publish(revision("e1", 3.0, 1));
    eventually("cancellations", || Ok(of_type(&host.messages("warning")?, "Cancel").len() == alerts))
        .unwrap();
    assert_eq!(host.state("catalogue").unwrap().0, "running");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_feed_that_misbehaves_is_said_and_loses_nothing() {
    let network = SeismicNetwork::start(Options::manual()).await.unwrap();
    let host = Host::start(&configuration(&network)).unwrap();
    network.publish(revision("before", 3.0, 0));
    eventually("the first event", || Ok(host.messages("observation")?.len() == 1)).unwrap();
    for (number, (fault, said)) in [
        (Fault::Html, "HTML"),
        (Fault::Status(500), "500"),
        (Fault::Redirect("http://elsewhere.invalid/".into()), "elsewhere.invalid"),
        (Fault::Truncated, ""),
        (Fault::Broken, ""),
        (Fault::Huge, "exceeds limit: 8388608 bytes"),
        (Fault::Hang, "did not answer within 3s"),
        (Fault::DuplicateKey, "duplicate"),
        (Fault::ExternalEntity, "document type declaration"),
        (Fault::Nested, "deep"),
    ]
    .into_iter()
    .enumerate()
    {
        network.inject(fault.clone(), None);
        eventually("the fault is shown", || {
            let (state, reason) = host.state("catalogue")?;
            Ok(state == "backoff" && reason.contains(said))
        })
        .unwrap_or_else(|error| panic!("{fault:?}: {error}: {:?}", host.state("catalogue")));
        // What the network learns meanwhile comes once it answers again.
        network.publish(revision(&format!("during-{number}"), 3.0, 0));
        network.heal();
        eventually("the event after the fault", || Ok(host.messages("observation")?.len() == number + 2))
            .unwrap_or_else(|error| panic!("{fault:?}: {error}"));
    }
    assert_eq!(host.get("health").unwrap().body["status"], "ok");
}

/// Parts that make no sense are kept as dead letters, once each, and the sound events beside them come through.
#[tokio::test(flavor = "multi_thread")]
async fn a_bad_event_costs_no_other() {
    let network = SeismicNetwork::start(Options::manual()).await.unwrap();
    let host = Host::start(&configuration(&network)).unwrap();
    for (number, fault) in [Fault::BadLatitude, Fault::WrongPublicId].into_iter().enumerate() {
        network.inject(fault.clone(), None);
        network.publish(revision(&format!("beside-{number}"), 3.0, 0));
        eventually("the dead letter", || Ok(host.rejects("catalogue")? == number as u64 + 1))
            .unwrap_or_else(|error| panic!("{fault:?}: {error}: {:?}", host.state("catalogue")));
        eventually("the event beside it", || Ok(host.messages("observation")?.len() == number + 1))
            .unwrap_or_else(|error| panic!("{fault:?}: {error}"));
        network.heal();
    }
    assert_eq!(host.state("catalogue").unwrap().0, "running");
}

#[tokio::test(flavor = "multi_thread")]
async fn documents_are_pushed_with_a_token() {
    let network = SeismicNetwork::start(Options::manual()).await.unwrap();
    let host = Host::start(&configuration(&network)).unwrap();
    network.publish(revision("pushed", 3.0, 0));
    let document = ureq::get(format!("{}?format=xml", network.fdsn_url()))
        .call()
        .unwrap()
        .body_mut()
        .read_to_string()
        .unwrap();
    assert_eq!(host.push("catalogue", "wrong", document.as_bytes()).unwrap().status, 401);
    assert_eq!(host.push("impact", TOKEN, document.as_bytes()).unwrap().status, 401);
    let pushed = host.push("catalogue", TOKEN, document.as_bytes()).unwrap();
    assert_eq!(pushed.status, 200, "{}", pushed.body);
    // The same event by feed and by push is one message: same source, same key, same body.
    eventually("the event", || Ok(!host.messages("observation")?.is_empty())).unwrap();
    let again = host.push("catalogue", TOKEN, document.as_bytes()).unwrap();
    assert_eq!(again.body["messages"], pushed.body["messages"]);
    let refused = host.push("catalogue", TOKEN, &document.as_bytes()[..document.len() / 2]).unwrap();
    assert_eq!(refused.status, 422, "{}", refused.body);
    assert!(refused.body["error"]["hint"].as_str().unwrap().contains("dead letter"));
    // The largest that is let in is kept when it is refused.
    let before = host.rejects("catalogue").unwrap();
    let largest = host.push("catalogue", TOKEN, &vec![b'<'; 7 << 20]).unwrap();
    assert_eq!(largest.status, 422, "{}", largest.body);
    assert_eq!(host.rejects("catalogue").unwrap(), before + 1);
    let big = host.push("catalogue", TOKEN, &vec![b' '; 50 << 20]);
    assert!(big.is_err() || big.unwrap().status == 413, "50 MB is refused before it is read");
    assert_eq!(host.get("health").unwrap().status, 200);
}

/// The nats-server, once it is up again.
fn nats(host: &Host) -> u32 {
    eventually("a nats-server", || Ok(host.nats_pid().is_ok())).unwrap();
    host.nats_pid().unwrap()
}

/// Events flow while the host and its nats-server are killed by turns. What the network stated is there, each event once, and so
/// are its warnings.
#[tokio::test(flavor = "multi_thread")]
async fn kill_9_while_events_flow_loses_nothing() {
    const EVENTS: usize = 60;
    let network = SeismicNetwork::start(Options::manual()).await.unwrap();
    let mut host = Host::start(&configuration(&network)).unwrap();
    for number in 0..EVENTS {
        network.publish(revision(&format!("k{number}"), 5.5, 0));
        let seen = |host: &Host| Ok(host.messages("observation").is_ok_and(|m| m.len() > number / 2));
        if number % 20 == 5 {
            eventually("events before the host is killed", || seen(&host)).unwrap();
            let nats = nats(&host);
            host.kill_and_restart().unwrap();
            assert!(!dongting_tests::nats::is_alive(nats), "the nats-server went with its host");
        }
        if number % 20 == 15 {
            eventually("events before nats-server is killed", || seen(&host)).unwrap();
            kill(nats(&host)).unwrap();
        }
    }
    let distinct = |host: &Host, kind: &str| -> anyhow::Result<(usize, usize)> {
        let found = host.messages(kind)?;
        let keys: BTreeSet<_> = found.iter().map(|m| m["key"].to_string()).collect();
        Ok((found.len(), keys.len()))
    };
    eventually("every event", || Ok(distinct(&host, "observation")?.1 == EVENTS)).unwrap();
    eventually("every assessment", || Ok(distinct(&host, "assessment")?.1 == EVENTS)).unwrap();
    assert_eq!(distinct(&host, "observation").unwrap(), (EVENTS, EVENTS), "none twice");
    assert_eq!(distinct(&host, "assessment").unwrap(), (EVENTS, EVENTS), "none twice");
}
