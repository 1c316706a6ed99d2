//! Releases that are only tried: beside the one at work, on the past, or on a dead letter. They are trusted no less than what is enabled.

use dongting_tests::documents;
use dongting_tests::host::{Host, dongting, eventually, plugin};
use dongting_tests::province::{Province, ask, attached, reference};
use dongting_tests::registry::said;
use serde_json::Value;

use super::{configuration, release, reload};

/// Documents, and a model of them that `named` says what runs.
fn with_model(province: &Province, named: &str) -> String {
    format!(
        r#"{}
        [[installation]]
        id = "model"
        {named}
        region = "430000"
        grants.capabilities = ["state"]
        grants.subscribe = [{{ domain = "test", kind = "observation" }}]
        grants.publish = [{{ domain = "test", kind = "assessment", per_second = 100000 }}]
        "#,
        configuration(province, &release("1.0.0"))
    )
}

fn counter(version: &str) -> String {
    format!("release = \"dongting/counter:{version}\"")
}

fn with_shadow(province: &Province, version: &str) -> String {
    with_model(province, &format!("{}\nshadow_release = \"dongting/counter:{version}\"", counter("1.0.0")))
}

/// A host that runs releases of the documents and of this model, and what it was told to run.
fn scene(guest: &str, version: &str) -> (Province, Host) {
    let province = Province::new("ed25519").unwrap();
    let named = format!("release = \"dongting/{guest}:{version}\"");
    let host = Host::start(&with_model(&province, &named)).unwrap();
    province.introduce(&host).unwrap();
    for (guest, version) in [("document", "1.0.0"), (guest, version)] {
        province.publish(&host, guest, version).unwrap();
    }
    for id in ["documents", "model"] {
        eventually("it runs", || Ok(host.state(id)?.0 == "running")).unwrap();
    }
    (province, host)
}

fn push(host: &Host, document: &str) {
    let answer = documents::push(host, format!("\"{document}\"").as_bytes()).unwrap();
    assert_eq!(answer.status, 200, "{}", answer.body);
}

fn answered(host: &Host, count: usize) {
    eventually("the model answers", || Ok(host.messages("assessment")?.len() == count)).unwrap();
}

fn shadow(host: &Host) -> Value {
    host.installation("model").unwrap()["shadow"].take()
}

fn no_more_called(host: &Host, words: &str) {
    let refused = || {
        let found = shadow(host);
        anyhow::ensure!(found["refused"].as_str().is_some_and(|why| why.contains(words)), "{found}");
        Ok(true)
    };
    eventually(&format!("the shadow is called no more: {words}"), refused).unwrap();
    assert_eq!(host.state("model").unwrap().0, "running");
}

#[test]
fn a_yanked_shadow_stops_and_the_release_at_work_goes_on() {
    let (province, mut host) = scene("counter", "1.0.0");
    let candidate = province.publish(&host, "counter", "1.1.0").unwrap();
    let (good, told) = reload(&host, &with_shadow(&province, "1.1.0"));
    assert!(good, "{told}");
    push(&host, "one");
    answered(&host, 1);
    eventually("the shadow is called", || Ok(shadow(&host)["calls"].as_u64() >= Some(1))).unwrap();

    said(ask(&host, &["yank", &reference(&candidate), "--reason", "it counts twice"]).unwrap()).unwrap();
    no_more_called(&host, "was yanked: it counts twice");
    let before = shadow(&host)["calls"].clone();
    push(&host, "two");
    answered(&host, 2);
    assert_eq!(shadow(&host)["calls"], before);

    // Nor does it keep the release from coming back after a kill.
    host.kill_and_restart().unwrap();
    eventually("it runs", || Ok(host.state("model")?.0 == "running")).unwrap();
    no_more_called(&host, "was yanked: it counts twice");
    push(&host, "three");
    answered(&host, 3);
    // Who asks for it again is told; what is at work stays.
    let (good, told) = reload(&host, &with_shadow(&province, "1.1.0"));
    assert!(!good && told.contains("the shadow of installation `model` is not called"), "{told}");
    assert_eq!(host.state("model").unwrap().0, "running");
}

#[test]
fn a_shadow_whose_key_is_revoked_stops() {
    let (province, host) = scene("counter", "1.0.0");
    province.generate("next", "sm2").unwrap();
    let key = province.add(&host, "next", "vendor:dongting").unwrap();
    let candidate = province.push(&host, "counter", "1.1.0").unwrap();
    attached(&host, &candidate, &province.sign(&candidate, &["next"]).unwrap()).unwrap();
    province.approve(&host, &candidate).unwrap();
    let (good, told) = reload(&host, &with_shadow(&province, "1.1.0"));
    assert!(good, "{told}");
    push(&host, "one");
    eventually("the shadow is called", || Ok(shadow(&host)["calls"].as_u64() >= Some(1))).unwrap();
    said(ask(&host, &["keys", "revoke", &key, "--reason", "the disk was lost"]).unwrap()).unwrap();
    no_more_called(&host, "of vendor:dongting was revoked: the disk was lost");
    push(&host, "two");
    answered(&host, 2);
}

#[test]
fn the_past_is_run_again_by_a_release_that_may_run() {
    let (province, host) = scene("counter", "1.0.0");
    let start = host.get("health").unwrap().body["now"].as_str().unwrap().to_owned();
    push(&host, "one");
    push(&host, "two");
    answered(&host, 2);
    let end = host.get("health").unwrap().body["now"].as_str().unwrap().to_owned();
    let replay = |named: &str| {
        let words =
            ["replay", "--installation", "model", "--from", &start, "--to", &end, "--json", "--release"];
        let ran = dongting(&[&words[..], &[named, "--url", &host.url]].concat()).unwrap();
        (ran.status.success(), String::from_utf8([ran.stdout, ran.stderr].concat()).unwrap())
    };
    let candidate = province.push(&host, "counter", "1.1.0").unwrap();
    let named = reference(&candidate);
    let (good, told) = replay(&named);
    assert!(!good && told.contains("has no signature of its vendor"), "{told}");
    attached(&host, &candidate, &province.sign(&candidate, &["vendor"]).unwrap()).unwrap();
    let (good, told) = replay(&named);
    assert!(!good && told.contains("was not reviewed yet"), "{told}");
    province.approve(&host, &candidate).unwrap();
    let (good, told) = replay(&named);
    let all: Value = serde_json::from_str(&told).unwrap_or_default();
    assert!(good && all["plugin"].as_str().is_some_and(|by| by.starts_with("counter@1.1.0#")), "{told}");
    assert!(all["calls"].as_u64() >= Some(1) && all["same"] == all["calls"], "{told}");
    said(ask(&host, &["yank", &named, "--reason", "it counts twice"]).unwrap()).unwrap();
    let (good, told) = replay(&named);
    assert!(!good && told.contains("was yanked: it counts twice"), "{told}");
    let (good, told) = replay("dongting/counter:9.9.9");
    assert!(!good && told.contains("has no release or manifest `9.9.9`"), "{told}");
    let (good, told) = replay(plugin("guests/counter.wasm").unwrap().to_str().unwrap());
    assert!(!good && told.contains("nobody has signed its component"), "{told}");
}

/// The number of the only dead letter, once it is there.
fn letter(host: &Host) -> String {
    let listed = || said(dongting(&["dead-letters", "list", "--url", &host.url]).unwrap()).unwrap();
    eventually("a dead letter", || Ok(listed().lines().count() == 1)).unwrap();
    listed().split('\t').next().unwrap().to_owned()
}

fn redrive(host: &Host, number: &str, named: &str) -> (bool, String) {
    let words = ["dead-letters", "redrive", number, "--release", named, "--url", &host.url];
    let ran = dongting(&words).unwrap();
    (ran.status.success(), String::from_utf8([ran.stdout, ran.stderr].concat()).unwrap())
}

#[test]
fn a_dead_letter_is_driven_again_by_a_release_that_may_run() {
    let (province, host) = scene("trap", "1.0.0");
    push(&host, "one");
    let number = letter(&host);
    let mended = province.push(&host, "counter", "1.0.0").unwrap();
    let (good, told) = redrive(&host, &number, &reference(&mended));
    assert!(!good && told.contains("has no signature of its vendor"), "{told}");
    assert_eq!(letter(&host), number);
    attached(&host, &mended, &province.sign(&mended, &["vendor"]).unwrap()).unwrap();
    province.approve(&host, &mended).unwrap();
    let (good, told) = redrive(&host, &number, &reference(&mended));
    assert!(good && told.contains("1 messages"), "{told}");
    answered(&host, 1);
    let made = &host.messages("assessment").unwrap()[0];
    assert!(made["plugin"].as_str().is_some_and(|by| by.starts_with("counter@1.0.0#")), "{made}");
}

#[test]
fn an_older_release_drives_nothing_again() {
    let (province, host) = scene("counter", "1.1.0");
    province.publish(&host, "counter", "1.0.0").unwrap();
    push(&host, "reject");
    let number = letter(&host);
    let (good, told) = redrive(&host, &number, "dongting/counter:1.0.0");
    assert!(!good && told.contains("version 1.0.0 of dongting/counter is older than 1.1.0"), "{told}");
    assert_eq!(letter(&host), number);
}
