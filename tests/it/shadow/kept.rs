//! Candidates of plugins that keep something: each call finds what was kept just before it, and what the candidate writes is kept by nobody.

use dongting_manifest::section;
use dongting_tests::database::DatabaseKind;
use dongting_tests::documents;
use dongting_tests::host::{Host, eventually, plugin};
use dongting_tests::hosts_on_both;
use dongting_tests::restamp::stripped;
use serde_json::{Value, json};

use crate::replay::configuration;

use super::{
    TOKEN, alike, beside, figures, followed, installation, of, otherwise, push, recorded, reload, reloaded,
    running, shadow, written,
};

hosts_on_both! {
    fn {
        requests_documents_and_forms_are_followed
        records_are_as_they_were_before_the_call
        timers_are_as_they_were_before_the_call
        what_is_kept_in_an_earlier_form_is_brought_along
    }
}

fn desk(more: &str) -> String {
    let grants = r#"
        capabilities = ["state", "history", "http"]
        subscribe = [{ domain = "test", kind = "observation" }]
        publish = [{ domain = "test", kind = "observation" }, { domain = "test", kind = "feedback" }]
        "#;
    installation("desk", plugin("guests/desk.wasm").unwrap().to_str().unwrap(), more, grants)
}

fn request(host: &Host, method: &str, body: &str) -> String {
    host.ask("desk", TOKEN, method, body).unwrap()
}

fn document(host: &Host, body: &str) -> String {
    let answer = host.push("desk", TOKEN, body.as_bytes()).unwrap();
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.body.as_str().map_or_else(|| answer.body.to_string(), str::to_owned)
}

/// A service, a decoder and a view that count in one state.
fn requests_documents_and_forms_are_followed(database: DatabaseKind) {
    let host = Host::start_on(database, &desk("")).unwrap();
    running(&host, "desk");
    assert_eq!(request(&host, "POST", "before"), "1");
    reloaded(&host, &desk(&beside(&alike(host.folder.path(), "desk"))));
    for n in 2..=20 {
        assert_eq!(request(&host, "POST", &format!("valve {n}")), n.to_string());
    }
    assert_eq!(request(&host, "GET", ""), "20", "it only asks, which is written down as well");
    assert_eq!(document(&host, r#"{"bad": ["x"]}"#), "21");
    let form = json!({ "region": "430100", "lang": "zh", "form": { "note": "seen" } });
    let acted = host.act("views/desk/count/actions/tick", &form).unwrap();
    assert_eq!((acted.status, &acted.body["text"]), (200, &json!("22")), "{}", acted.body);
    let all = followed(&host, "desk", 22);
    assert_eq!(figures(&all), [22, 0, 0, 0], "{all}");

    let tally = plugin("guests/tally.wasm").unwrap();
    reloaded(&host, &desk(&beside(tally.to_str().unwrap())));
    assert_eq!(request(&host, "POST", "valve 23"), "23");
    assert_eq!(document(&host, "{}"), "24", "it has counted alone");
    let all = followed(&host, "desk", 2);
    assert_eq!(figures(&all), [2, 2, 0, 0], "{all}");
    // It is no service; and it gives a document the count that the release at work would give it.
    assert!(of(&all, "verdict")[0]["after"].as_str().is_some(), "{all}");
    assert!(of(&all, "new")[0]["after"].as_str().unwrap().ends_with(" 24 24"), "{all}");
    eventually("the feedback", || Ok(host.messages("feedback")?.len() == 22)).unwrap();
    assert_eq!(recorded(&host, "desk"), 25);
}

fn model(guest: &str, capabilities: &str, more: &str) -> String {
    configuration(&format!("guests/{guest}.wasm"), capabilities, more)
}

/// Pushes documents one after the other without waiting for the model, and waits for it at the end.
fn all_answered(host: &Host, documents: impl Iterator<Item = String>) {
    let before = host.messages("assessment").unwrap().len();
    let mut count = 0;
    for document in documents {
        assert_eq!(documents::push(host, document.as_bytes()).unwrap().status, 200, "{document}");
        count += 1;
    }
    eventually("all are answered", || Ok(host.messages("assessment")?.len() >= before + count)).unwrap();
}

/// Each call of the candidate finds the documents as they were before it, though the model is further by then.
fn records_are_as_they_were_before_the_call(database: DatabaseKind) {
    let host = Host::start_on(database, &model("records", "\"records\"", "")).unwrap();
    running(&host, "model");
    let step = |n: usize| {
        format!(
            r#"[{{"put": ["stations", "s{n}", "{{\"level\": {n}}}", 0]}}, {{"get": ["stations", "s0"]}},
               {{"find": ["stations", "/level", null, null, 100]}}, {{"delete": ["stations", "s{}", null]}}, "count"]"#,
            n.saturating_sub(3)
        )
    };
    all_answered(&host, (0..5).map(step));
    reloaded(&host, &model("records", "\"records\"", &beside(&alike(host.folder.path(), "records"))));
    let before = recorded(&host, "model");
    all_answered(&host, (5..45).map(step));
    let made = recorded(&host, "model") - before;
    let all = followed(&host, "model", made);
    assert_eq!(figures(&all), [made, 0, 0, 0], "{all}");

    let words = ("conflict ", "collides ");
    let other = otherwise(host.folder.path(), "records", words);
    reloaded(&host, &model("records", "\"records\"", &beside(&other)));
    all_answered(&host, [step(45), r#"[{"put": ["stations", "s45", "{}", 0]}]"#.to_owned()].into_iter());
    eventually("the difference", || Ok(shadow(&host, "model")["different"] == 1)).unwrap();
    let all = shadow(&host, "model");
    let told = &of(&all, "changed")[0];
    assert!(told["before"].as_str().unwrap().contains("conflict "), "{all}");
    assert!(told["after"].as_str().unwrap().contains("collides "), "{all}");
}

fn timers_are_as_they_were_before_the_call(database: DatabaseKind) {
    let capabilities = "\"config\", \"state\", \"timers\"";
    let host = Host::start_on(database, &model("timers", capabilities, "")).unwrap();
    running(&host, "model");
    reloaded(&host, &model("timers", capabilities, &beside(&alike(host.folder.path(), "timers"))));
    let documents = [r#"{"set": [["a", 1, "again"], ["b", 1, "ring"]], "get": "a"}"#, r#"{"get": "b"}"#];
    all_answered(&host, documents.into_iter().map(str::to_owned));
    eventually("all have rung", || Ok(host.messages("assessment")?.len() == 5)).unwrap();
    let made = recorded(&host, "model");
    let all = followed(&host, "model", made);
    assert_eq!(figures(&all), [made, 0, 0, 0], "{all}");
    assert_eq!(host.messages("assessment").unwrap().len(), 5, "no timer of the candidate rings");
}

const FORMS: &str = "\"config\", \"state\", \"records\", \"timers\"";

/// A candidate that keeps it in a later form brings a copy along before each call.
fn what_is_kept_in_an_earlier_form_is_brought_along(database: DatabaseKind) {
    let host = Host::start_on(database, &model("form-one", FORMS, "")).unwrap();
    running(&host, "model");
    let named = |n: usize| format!("\"a/{n}\"");
    all_answered(&host, (0..3).map(named));
    let two = plugin("guests/form-two.wasm").unwrap();
    reloaded(&host, &model("form-one", FORMS, &beside(two.to_str().unwrap())));
    for n in 3..6 {
        all_answered(&host, std::iter::once(named(n)));
    }
    let all = followed(&host, "model", 3);
    // It says besides that it has migrated once: not twice, since nothing of it is kept.
    assert_eq!(figures(&all), [3, 3, 0, 0], "{all}");
    let after: Vec<Value> = of(&all, "changed").iter().map(|one| one["after"].clone()).collect();
    for (after, count) in after.iter().zip(4..) {
        assert!(after.as_str().unwrap().ends_with(&format!("[\"a\",{count},1]")), "{all}");
    }
    let messages = host.messages("assessment").unwrap();
    assert!(messages.iter().all(|message| message["data"][2] == 0), "what is kept stays in its form");

    // Nothing leads back, and what cannot be brought along is not called.
    let three = std::fs::read(&two).unwrap();
    let manifest = section::read(&three).unwrap().replace("state_version = 2", "state_version = 3");
    let three = section::append(&stripped(&three).unwrap(), &manifest).unwrap();
    let three = written(host.folder.path(), "three.wasm", &three);
    reloaded(&host, &model("form-two", FORMS, &beside(&three)));
    all_answered(&host, std::iter::once(named(6)));
    let refused = || shadow(&host, "model")["refused"].as_str().map(str::to_owned);
    eventually("it is called no more", || Ok(refused().is_some())).unwrap();
    let why = refused().unwrap();
    assert!(why.contains("from state_version 2") && why.contains("nothing is known of a form 2"), "{why}");
    all_answered(&host, std::iter::once(named(7)));
    assert_eq!(figures(&shadow(&host, "model")), [0, 0, 0, 0]);

    let one = plugin("guests/form-one.wasm").unwrap();
    let (good, said) = reload(&host, &model("form-two", FORMS, &beside(one.to_str().unwrap())));
    assert!(!good && said.contains("nothing leads back"), "{said}");
    assert_eq!(push(&host, "documents", "\"a/8\""), 200);
    eventually("it goes on", || Ok(host.messages("assessment")?.len() == 9)).unwrap();
}
