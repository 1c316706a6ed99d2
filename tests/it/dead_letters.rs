//! Dead letters, as an operator deals with them: the commands against the real host.

use std::process::{Command, Stdio};

use dongting_tests::documents::{self, TOKEN};
use dongting_tests::host::{Host, binary, dongting, eventually, plugin};
use serde_json::Value;

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

#[test]
fn what_is_refused_again_stays_until_it_is_discarded() {
    let host = Host::start(&configuration("guests/counter.wasm", "\"state\"")).unwrap();
    assert_eq!(documents::push(&host, b"\"reject\"").unwrap().status, 200);
    let number = only(&host);
    let listed = dead_letters(&host, &["list", "--installation", "model"]).out;
    assert!(listed.trim_end().ends_with("model\tit says so itself"), "{listed}");
    assert_eq!(dead_letters(&host, &["list", "--installation", "documents"]).out, "");
    let shown: Value = serde_json::from_str(&dead_letters(&host, &["show", &number]).out).unwrap();
    assert_eq!(shown["text"], "\"reject\"");
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

#[test]
fn a_mended_plugin_takes_what_its_predecessor_could_not() {
    let mut host = Host::start(&configuration("guests/trap.wasm", "")).unwrap();
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

#[test]
fn a_dead_letter_is_driven_again_by_the_release_that_is_named() {
    let host = Host::start(&configuration("guests/trap.wasm", "\"state\"")).unwrap();
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

#[test]
fn a_re_drive_that_is_killed_has_its_effect_once() {
    // It rejects whatever it is given; its successor counts.
    let capabilities = "\"http\", \"state\"";
    let mut host = Host::start(&configuration("guests/http.wasm", capabilities)).unwrap();
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

#[test]
fn a_document_is_driven_again_through_its_decoder() {
    let host = Host::start(&configuration("guests/counter.wasm", "\"state\"")).unwrap();
    let refused = documents::push(&host, b"").unwrap();
    assert_eq!(refused.status, 422, "{}", refused.body);
    let number = only(&host);
    let again = dead_letters(&host, &["redrive", &number]);
    assert!(!again.ok && again.said.contains("refused again: the document is empty"), "{}", again.said);
    assert_eq!(only(&host), number);
}

#[test]
fn a_part_of_a_document_that_is_refused_again_stays() {
    let component = plugin("rain-gauge.wasm").unwrap();
    let host = Host::start(&format!(
        r#"
        [[installation]]
        id = "gauges"
        component = {component:?}
        region = "430000"
        push_token = "{TOKEN}"
        grants = {{ publish = [{{ domain = "water", kind = "observation" }}] }}
        "#
    ))
    .unwrap();
    let report = b"S1,430102,2026-08-29T08:00:00+08:00,12.5\nS2,430102\n";
    assert_eq!(host.push("gauges", TOKEN, report).unwrap().status, 200);
    let number = only(&host);
    let shown: Value = serde_json::from_str(&dead_letters(&host, &["show", &number]).out).unwrap();
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
