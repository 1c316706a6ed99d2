//! Dead letters, as an operator deals with them: the commands against the real host.

use std::process::{Command, Stdio};
use std::time::Duration;

use dongting_manifest::dead_letter::DocumentHead;
use dongting_manifest::{DeadLetter, Region, Timestamp};
use dongting_tests::database::DatabaseKind;
use dongting_tests::device::{Answer, Device, address};
use dongting_tests::documents::{self, TOKEN};
use dongting_tests::host::{Host, binary, dongting, eventually, plugin};
use dongting_tests::hosts_on_both;
use dongting_tests::nats::Nats;
use serde_json::Value;

hosts_on_both! {
    fn {
        what_is_refused_again_stays_until_it_is_discarded
        a_mended_plugin_takes_what_its_predecessor_could_not
        a_dead_letter_is_driven_again_by_the_release_that_is_named
        a_re_drive_that_is_killed_has_its_effect_once
        a_document_is_driven_again_through_its_decoder
        a_refused_document_comes_to_another_release_as_it_came
        what_a_device_sent_is_driven_again_by_a_release_that_decodes_it
        a_part_of_a_document_that_is_refused_again_stays
    }
    async fn {
        a_letter_says_how_its_document_came_and_an_earlier_one_says_when
    }
}

/// Documents become observations, and the component named is made a model of them.
fn configuration(model: &str, capabilities: &str) -> String {
    let installation = format!(
        r#"
        id = "model"
        region = "430000"
        grants.capabilities = [{capabilities}]
        "#
    );
    documents::configuration(model, &installation).unwrap()
}

/// A decoder as the installation `desk`: `brittle` refuses whatever is no frame, and `desk` says how a document came.
fn desk(guest: &str) -> String {
    documents::asked("desk", &format!("guests/{guest}.wasm"), documents::DESK).unwrap()
}

/// The status of the answer to a document of this content type.
fn deliver(host: &Host, content_type: &str, document: &[u8]) -> u16 {
    let request = ureq::post(format!("{}api/v1/push/desk", host.url))
        .header("authorization", format!("Bearer {TOKEN}"))
        .header("content-type", content_type);
    let request = request.config().http_status_as_error(false).build();
    request.send(document).unwrap().status().as_u16()
}

struct Ran {
    out: String,
    said: String,
    ok: bool,
}

fn dead_letters(host: &Host, arguments: &[&str]) -> Ran {
    let mut all = vec!["dead-letters", "--url", &host.url];
    all.extend(arguments);
    let output = dongting(&all).unwrap();
    Ran {
        out: String::from_utf8(output.stdout).unwrap(),
        said: String::from_utf8(output.stderr).unwrap(),
        ok: output.status.success(),
    }
}

/// The number of the only dead letter, once it is there.
fn only(host: &Host) -> String {
    eventually("a dead letter", || Ok(dead_letters(host, &["list"]).out.lines().count() == 1)).unwrap();
    dead_letters(host, &["list"]).out.split('\t').next().unwrap().to_owned()
}

fn shown(host: &Host, number: &str) -> Value {
    serde_json::from_str(&dead_letters(host, &["show", number]).out).unwrap()
}

fn payload(host: &Host, number: &str) -> Vec<u8> {
    let written = dongting(&["dead-letters", "--url", &host.url, "show", number, "--raw"]).unwrap();
    assert!(written.status.success(), "{}", String::from_utf8_lossy(&written.stderr));
    written.stdout
}

/// The observations by their count, each with what it says of its document.
fn said(host: &Host) -> Vec<(Value, String)> {
    let mut made = host.messages("observation").unwrap();
    made.sort_by_key(|message| message["data"][0].as_u64());
    made.into_iter()
        .map(|message| {
            let said = message["data"][1].as_str().unwrap().to_owned();
            (message, said)
        })
        .collect()
}

fn counts(host: &Host) -> Vec<u64> {
    let mut counts: Vec<u64> = host
        .messages("assessment")
        .unwrap()
        .iter()
        .map(|message| message["data"].as_u64().unwrap())
        .collect();
    counts.sort_unstable();
    counts
}

fn what_is_refused_again_stays_until_it_is_discarded(database: DatabaseKind) {
    let host = Host::start_on(database, &configuration("guests/counter.wasm", "\"state\"")).unwrap();
    assert_eq!(documents::push(&host, b"\"reject\"").unwrap().status, 200);
    let number = only(&host);
    let listed = dead_letters(&host, &["list", "--installation", "model"]).out;
    assert!(listed.trim_end().ends_with("model\tit says so itself"), "{listed}");
    assert_eq!(dead_letters(&host, &["list", "--installation", "documents"]).out, "");
    let shown = shown(&host, &number);
    assert_eq!(shown["text"], "\"reject\"");
    assert!(shown["traceparent"].as_str().unwrap().starts_with("00-"), "{shown}");
    assert_eq!(shown["subject"], "em.43.01.00.test.observation.-");
    assert!(shown["plugin"].as_str().unwrap().starts_with("counter@0.1.0#"));

    let again = dead_letters(&host, &["redrive", &number]);
    assert!(!again.ok && again.said.contains("refused again: it says so itself"), "{}", again.said);
    assert_eq!(only(&host), number);
    assert!(dead_letters(&host, &["discard", &number]).ok);
    assert_eq!(dead_letters(&host, &["list"]).out, "");
    for command in ["discard", "redrive", "show"] {
        let none = dead_letters(&host, &[command, &number]);
        let expected = format!("there is no dead letter {number}");
        assert!(!none.ok && none.said.contains(&expected), "{command}: {}", none.said);
    }
}

fn a_mended_plugin_takes_what_its_predecessor_could_not(database: DatabaseKind) {
    let mut host = Host::start_on(database, &configuration("guests/trap.wasm", "")).unwrap();
    assert_eq!(documents::push(&host, b"1").unwrap().status, 200);
    let number = only(&host);
    let mended = configuration("guests/counter.wasm", "\"state\"");
    host.configure(&mended).unwrap();
    host.kill_and_restart().unwrap();
    eventually("the mended plugin", || Ok(host.state("model")?.0 == "running")).unwrap();

    let driven = dead_letters(&host, &["redrive", &number]);
    assert!(driven.ok, "{}", driven.said);
    assert_eq!(driven.out, format!("{number}\t1 messages\n"));
    assert_eq!(dead_letters(&host, &["list"]).out, "");
    eventually("what it was kept for", || Ok(counts(&host) == [1])).unwrap();
    // Its state went with it, and the line behind it goes on.
    assert_eq!(documents::push(&host, b"2").unwrap().status, 200);
    eventually("the next", || Ok(counts(&host) == [1, 2])).unwrap();
}

fn a_dead_letter_is_driven_again_by_the_release_that_is_named(database: DatabaseKind) {
    let host = Host::start_on(database, &configuration("guests/trap.wasm", "\"state\"")).unwrap();
    assert_eq!(documents::push(&host, b"1").unwrap().status, 200);
    let number = only(&host);
    let redrive = |guest: &str| {
        let component = plugin(guest).unwrap();
        dead_letters(&host, &["redrive", "--component", component.to_str().unwrap(), &number])
    };
    // One that is not granted what it asks for is refused, and the letter stays.
    let refused = redrive("guests/timers.wasm");
    assert!(!refused.ok && refused.said.contains("the release named cannot take it"), "{}", refused.said);
    assert_eq!(only(&host), number);

    let driven = redrive("guests/counter.wasm");
    assert!(driven.ok, "{}", driven.said);
    eventually("what it was kept for", || Ok(counts(&host) == [1])).unwrap();
    assert_eq!(dead_letters(&host, &["list"]).out, "");
    let made = &host.messages("assessment").unwrap()[0];
    assert!(made["plugin"].as_str().unwrap().starts_with("counter@"), "{made}");
    assert_eq!(host.installation("model").unwrap()["plugin"]["name"], "trap", "what is enabled stays");
}

fn a_re_drive_that_is_killed_has_its_effect_once(database: DatabaseKind) {
    // It rejects whatever it is given; its successor counts.
    let capabilities = "\"http\", \"state\"";
    let mut host = Host::start_on(database, &configuration("guests/http.wasm", capabilities)).unwrap();
    for number in 1..=12 {
        let body = format!(r#"{{"url": "http://127.0.0.1/{number}", "times": 1}}"#);
        assert_eq!(documents::push(&host, body.as_bytes()).unwrap().status, 200);
    }
    let letters = |host: &Host| -> Vec<String> {
        let listed = dead_letters(host, &["list"]).out;
        listed.lines().map(|line| line.split('\t').next().unwrap().to_owned()).collect()
    };
    eventually("every letter", || Ok(letters(&host).len() == 12)).unwrap();
    let mended = configuration("guests/counter.wasm", capabilities);
    host.configure(&mended).unwrap();
    host.kill_and_restart().unwrap();
    for left in [8, 4, 0] {
        eventually("the mended plugin", || Ok(host.state("model")?.0 == "running")).unwrap();
        let mut redrive = Command::new(binary().unwrap());
        redrive.args(["dead-letters", "redrive", "--url", &host.url]).args(letters(&host));
        let mut redrive = redrive.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        eventually("some are driven again", || Ok(letters(&host).len() <= left)).unwrap();
        host.kill_and_restart().unwrap();
        redrive.wait().unwrap();
    }
    assert!(letters(&host).is_empty());
    eventually("each once", || Ok(counts(&host) == (1..=12).collect::<Vec<_>>())).unwrap();
}

fn a_document_is_driven_again_through_its_decoder(database: DatabaseKind) {
    let host = Host::start_on(database, &configuration("guests/counter.wasm", "\"state\"")).unwrap();
    let refused = documents::push(&host, b"").unwrap();
    assert_eq!(refused.status, 422, "{}", refused.body);
    let number = only(&host);
    let again = dead_letters(&host, &["redrive", &number]);
    assert!(!again.ok && again.said.contains("refused again: the document is empty"), "{}", again.said);
    assert_eq!(only(&host), number);
}

fn a_refused_document_comes_to_another_release_as_it_came(database: DatabaseKind) {
    let host = Host::start_on(database, &desk("brittle")).unwrap();
    let before = Timestamp::now();
    assert_eq!(deliver(&host, "text/x-desk", b"{}"), 422);
    let after = Timestamp::now();
    let number = only(&host);
    let letter = shown(&host, &number);
    assert_eq!((&letter["contentType"], &letter["traceparent"]), (&"text/x-desk".into(), &Value::Null));

    host.configure(&desk("desk")).unwrap();
    let reloaded = dongting(&["reload", "--url", &host.url]).unwrap();
    assert!(reloaded.status.success(), "{reloaded:?}");
    eventually("the other release", || {
        let one = host.installation("desk")?;
        Ok(one["state"] == "running" && one["plugin"]["name"] == "desk")
    })
    .unwrap();
    let driven = dead_letters(&host, &["redrive", &number]);
    assert!(driven.ok, "{}", driven.said);
    assert_eq!(driven.out, format!("{number}\t1 messages\n"));
    assert_eq!(dead_letters(&host, &["list"]).out, "");
    eventually("what was made of it", || Ok(host.messages("observation")?.len() == 1)).unwrap();
    let (made, how) = said(&host).remove(0);
    assert!(how.starts_with("http None Some(\"text/x-desk\") "), "{how}");
    // Its time is the one that the plugin was told.
    assert_eq!(made["time"], made["received"], "{made}");
    let received: Timestamp = made["received"].as_str().unwrap().parse().unwrap();
    assert!((before..=after).contains(&received), "{made}");

    // A part of one, which this release keeps by way of its outbox.
    let bad = br#"{"quiet": true, "bad": ["{\"quiet\": false}"]}"#;
    assert_eq!(deliver(&host, "text/x-part", bad), 200);
    let number = only(&host);
    let driven = dead_letters(&host, &["redrive", &number]);
    assert!(driven.ok, "{}", driven.said);
    eventually("what was made of the part", || Ok(host.messages("observation")?.len() == 2)).unwrap();
    let (_, how) = said(&host).remove(1);
    assert!(how.starts_with("http None Some(\"text/x-part\") "), "{how}");
}

async fn a_letter_says_how_its_document_came_and_an_earlier_one_says_when(database: DatabaseKind) {
    let nats = Nats::start().await.unwrap();
    let url = nats.url();
    let host = Host::start_on_with(database, &desk("desk"), &[("DONGTING_NATS", &url)]).unwrap();
    let received = Timestamp::now().saturating_sub(Duration::from_secs(3600));
    let name = Some("站/1 水位".to_owned());
    let letter = DeadLetter {
        installation: "desk".to_owned(),
        reason: "no level".to_owned(),
        plugin: String::new(),
        traceparent: String::new(),
        region: Some(Region::HUNAN),
        origin: None,
        attributes: Vec::new(),
        document: Some(DocumentHead { transport: "mqtt".to_owned(), name, received }),
        content_type: "text/plain".to_owned(),
        payload: b"{}".to_vec(),
    };
    nats.bus.dead_letter(&letter).await.unwrap();
    // As an earlier version has written it.
    let headers = [
        ("dt-reason", "no%20level"),
        ("dt-plugin", "desk@0.1.0#00"),
        ("dt-region", "430000"),
        ("dt-content-type", "application/octet-stream"),
        ("Nats-Msg-Id", "earlier"),
    ];
    let mut raw = nats.raw().await.unwrap();
    let ack = raw.request("dead.desk", &headers, "{ }").await.unwrap();
    assert_eq!(ack["seq"], 2, "{ack}");
    eventually("it runs", || Ok(host.state("desk")?.0 == "running")).unwrap();
    let stored_at = shown(&host, "2")["storedAt"].clone();

    let driven = dead_letters(&host, &["redrive", "1", "2"]);
    assert_eq!(driven.out, "1\t1 messages\n2\t1 messages\n", "{}", driven.said);
    eventually("what was made of them", || Ok(host.messages("observation")?.len() == 2)).unwrap();
    let said = said(&host);
    let (made, how) = &said[0];
    assert!(how.starts_with("mqtt Some(\"站/1 水位\") Some(\"text/plain\") "), "{how}");
    assert_eq!((&made["received"], &made["time"]), (&received.to_string().into(), &made["received"]));
    let (made, how) = &said[1];
    assert!(how.starts_with("http None None "), "{how}");
    assert_eq!((&made["received"], &made["time"]), (&stored_at, &stored_at));
}

#[test]
fn all_of_a_payload_is_to_be_had() {
    let host = Host::start(&desk("brittle")).unwrap();
    // Longer than what is shown of one, and no text.
    let document: Vec<u8> = (0..=u8::MAX).cycle().take(100_000).collect();
    assert_eq!(deliver(&host, "text/html", &document), 422);
    let number = only(&host);
    let letter = shown(&host, &number);
    assert_eq!((&letter["text"], &letter["bytes"]), (&Value::Null, &100_000.into()));
    assert!(payload(&host, &number) == document, "standard output");

    let address = format!("{}api/v1/dead-letters/{number}/payload", host.url);
    let mut answer = ureq::get(&address).call().unwrap();
    let header = |name: &str| answer.headers()[name].to_str().unwrap().to_owned();
    assert_eq!(header("content-type"), "application/octet-stream");
    assert_eq!(header("content-disposition"), format!("attachment; filename=\"dead-letter-{number}.bin\""));
    assert_eq!(header("x-content-type-options"), "nosniff");
    assert!(answer.body_mut().read_to_vec().unwrap() == document, "the API");

    let none = dead_letters(&host, &["show", "99", "--raw"]);
    assert!(!none.ok && none.said.contains("there is no dead letter 99"), "{}", none.said);
    assert_eq!((none.out.as_str(), host.get("dead-letters/99/payload").unwrap().status), ("", 404));
}

/// The device was told that its frame is kept, and nobody asks it again: what was kept is given to a release that decodes it.
fn what_a_device_sent_is_driven_again_by_a_release_that_decodes_it(database: DatabaseKind) {
    use crate::session;
    let host = Host::start_on(database, &session::configuration(&session::component(), "")).unwrap();
    let mut device = Device::named(&address(&host, "devices").unwrap(), "a").unwrap();
    device.send(&[0xff, 0xff, 0]).unwrap();
    assert_eq!(device.answer().unwrap(), Answer::Gone);
    let number = only(&host);
    let again = dead_letters(&host, &["redrive", &number]);
    let expected = "the installation `devices` decodes no documents, so this letter cannot be driven again: enable a release that has the role decoder as well, or name it for this letter; or download its payload and push it to an installation that decodes it; or discard the letter";
    assert!(!again.ok && again.said.contains(expected), "{}", again.said);
    assert_eq!(only(&host), number);
    assert_eq!(payload(&host, &number), [0xff, 0xff]);

    let decodes = plugin("guests/document.wasm").unwrap();
    host.configure(&session::configuration(decodes.to_str().unwrap(), "")).unwrap();
    let reloaded = dongting(&["reload", "--url", &host.url]).unwrap();
    assert!(reloaded.status.success(), "{}", String::from_utf8_lossy(&reloaded.stdout));
    let again = dead_letters(&host, &["redrive", &number]);
    assert!(again.ok, "{}", again.said);
    eventually("what was made of it", || Ok(host.messages("observation")?.len() == 1)).unwrap();
    assert_eq!(dead_letters(&host, &["list"]).out, "");
}

fn a_part_of_a_document_that_is_refused_again_stays(database: DatabaseKind) {
    let component = plugin("rain-gauge.wasm").unwrap();
    let host = Host::start_on(
        database,
        &format!(
            r#"
        [[installation]]
        id = "gauges"
        component = {component:?}
        region = "430000"
        push_token = "{TOKEN}"
        grants = {{ publish = [{{ domain = "water", kind = "observation" }}] }}
        "#
        ),
    )
    .unwrap();
    let report = b"S1,430102,2026-08-29T08:00:00+08:00,12.5\nS2,430102\n";
    assert_eq!(host.push("gauges", TOKEN, report).unwrap().status, 200);
    let number = only(&host);
    let shown = shown(&host, &number);
    assert_eq!(shown["text"], "S2,430102");
    let again = dead_letters(&host, &["redrive", &number]);
    assert!(!again.ok && again.said.contains("refused again: a line has 4 fields, not 2"), "{}", again.said);
    assert_eq!(only(&host), number);
}

#[test]
fn without_a_host_it_says_where_it_looked() {
    let none = dongting(&["dead-letters", "list", "--url", "http://127.0.0.1:9"]).unwrap();
    let said = String::from_utf8(none.stderr).unwrap();
    assert!(!none.status.success());
    assert!(said.contains("no host answers at http://127.0.0.1:9"), "{said}");
}
