//! `dongting plugin check` and `inspect`: what is wrong is found, graded and said.

use dongting_tests::host::{dongting, plugin};
use serde_json::Value;

fn check(component: &str, more: &[&str]) -> (Option<Value>, String, bool) {
    let component = plugin(component).unwrap();
    let mut arguments = vec!["plugin", "check", component.to_str().unwrap(), "--json"];
    arguments.extend(more);
    let output = dongting(&arguments).unwrap();
    (
        serde_json::from_slice(&output.stdout).ok(),
        String::from_utf8(output.stderr).unwrap(),
        output.status.success(),
    )
}

#[test]
fn a_plugin_that_traps_has_the_worst_grade() {
    let folder = tempfile::tempdir().unwrap();
    let messages = folder.path().join("messages");
    std::fs::create_dir(&messages).unwrap();
    std::fs::write(
        messages.join("one.jsonl"),
        "{\"type\":\"em.test.observation.v1\",\"subject\":\"em.43.01.02.test.observation.-\",\"data\":{\"value\":1}}\n",
    )
    .unwrap();
    let samples = folder.path().to_str().unwrap();
    let (report, said, ok) = check("guests/trap.wasm", &["--samples", samples]);
    assert!(!ok);
    let report = report.unwrap();
    let grade = report["grade"].as_str().unwrap();
    assert!(["D", "E"].contains(&grade), "{report:#}");
    assert!(said.contains("is asked for"), "{said}");
}

#[test]
fn what_cannot_be_tried_costs_a_grade_and_says_what_to_give() {
    let (report, _, ok) = check("rain-gauge.wasm", &["--samples", "/nowhere"]);
    let report = report.unwrap();
    assert_eq!(report["grade"], "C", "{report:#}");
    assert!(ok, "C is good enough unless another is asked for");
    assert!(report["findings"].to_string().contains("samples/documents"), "{report:#}");
    let (_, said, ok) = check("rain-gauge.wasm", &["--samples", "/nowhere", "--least", "B"]);
    assert!(!ok && said.contains("grade C"), "{said}");
}

#[test]
fn what_no_host_takes_is_told_with_its_reason() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.wasm");
    for (bytes, reason) in [
        (b"hello".as_slice(), "not a WebAssembly binary"),
        (b"\0asm\x01\0\0\0", "core module"),
        (b"\0asm\x0d\0\x01\0", "section"),
    ] {
        std::fs::write(&path, bytes).unwrap();
        let output = dongting(&["plugin", "check", path.to_str().unwrap()]).unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success() && said.contains("grade E") && said.contains(reason), "{said}");
    }
}

#[test]
fn two_releases_are_compared_by_what_they_ask_for() {
    let (gauge, quake) = (plugin("rain-gauge.wasm").unwrap(), plugin("earthquake.wasm").unwrap());
    let inspect = |more: &[&str]| {
        let mut arguments = vec!["plugin", "inspect", quake.to_str().unwrap()];
        arguments.extend(more);
        let output = dongting(&arguments).unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let alone = inspect(&[]);
    assert!(alone.contains("wasi:http/outgoing-handler") && !alone.contains("differences"), "{alone}");
    let against = inspect(&["--against", gauge.to_str().unwrap()]);
    for line in [
        "+ role source",
        "+ capability http",
        "- publish water observation",
        "+ publish earthquake observation",
    ] {
        assert!(against.contains(line), "{line}: {against}");
    }
    let same = inspect(&["--against", quake.to_str().unwrap()]);
    assert!(same.contains("none: it asks for what the other asks for"), "{same}");
    let json: Value =
        serde_json::from_str(&inspect(&["--against", gauge.to_str().unwrap(), "--json"])).unwrap();
    assert!(json["differences"].as_array().unwrap().iter().any(|one| one["what"] == "capability"));
    assert_eq!(json["stateVersion"], 1, "{json}");
    // In which form something is kept is said of what keeps something.
    assert!(!alone.contains("state_version"), "{alone}");
    let second = plugin("guests/form-two.wasm").unwrap();
    let output = dongting(&["plugin", "inspect", second.to_str().unwrap()]).unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.contains("in state_version 2"), "{said}");
}
