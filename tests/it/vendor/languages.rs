//! The same adapter in Rust, Python and JavaScript: the same reports in, the same messages out, in the same host.

use std::path::Path;

use dongting_tests::host::{Host, dongting, eventually, plugin};
use serde_json::Value;

use super::{root, run};

const LANGUAGES: [&str; 3] = ["rain-gauge", "rain-gauge-python", "rain-gauge-javascript"];
const TOKEN: &str = "change-me-0123456789";
const REPORT: &str = "S1,430102,2026-08-29T08:00:00+08:00,12.5\r\n\
                      S2,430102\n\
                      \n\
                      雨 3, 430100 ,2026-08-29T00:05:00.25Z,7\n\
                      S4,430102,yesterday,3\n\
                      S5,43010,2026-08-29T00:00:00Z,1\n\
                      S6,430102,2026-08-29T08:00:00+08:00,900\n\
                      S7,430102,2026-08-29T08:00:00+08:00,wet\n\
                      ,430102,2026-08-29T08:00:00+08:00,1\n";

fn enabled() -> String {
    LANGUAGES
        .iter()
        .map(|name| {
            let component = plugin(&format!("{name}.wasm")).unwrap();
            format!(
                "[[installation]]\nid = \"{name}\"\ncomponent = {:?}\nregion = \"430000\"\nsystem = \"gauges\"\n\
                 push_token = \"{TOKEN}\"\n[installation.grants]\n\
                 publish = [{{ domain = \"water\", kind = \"observation\", per_second = 1000 }}]\n",
                component.to_str().unwrap()
            )
        })
        .collect()
}

#[test]
fn whatever_they_are_written_in_the_same_report_is_the_same_messages() {
    let host = Host::start(&enabled()).unwrap();
    let mut answers = Vec::new();
    for name in LANGUAGES {
        eventually(name, || {
            let (state, reason) = host.state(name)?;
            assert_ne!(state, "refused", "{name}: {reason}");
            Ok(state == "running")
        })
        .unwrap();
        let pushed = host.push(name, TOKEN, REPORT.as_bytes()).unwrap();
        assert_eq!(pushed.status, 200, "{name}: {}", pushed.body);
        answers.push((pushed.body["messages"].clone(), pushed.body["rejects"].clone()));
        // Every call is a fresh one: the second is the first again.
        let again = host.push(name, TOKEN, REPORT.as_bytes()).unwrap();
        assert_eq!(again.body["messages"], pushed.body["messages"], "{name}");
        let refused = host.push(name, TOKEN, b"\xff\xfe").unwrap();
        assert_eq!(refused.status, 422, "{name}: {}", refused.body);
        assert!(refused.body.to_string().contains("the report is not UTF-8"), "{name}: {}", refused.body);
    }
    assert_eq!(answers[0].0.as_array().map(Vec::len), Some(2), "{answers:?}");
    assert_eq!(answers[0].1.as_array().map(Vec::len), Some(6), "{answers:?}");
    assert_eq!(answers[1], answers[0], "Python");
    assert_eq!(answers[2], answers[0], "JavaScript");
    // Said thrice and more, it is on the bus once.
    eventually("the readings", || Ok(host.messages("observation")?.len() == 2)).unwrap();
}

#[test]
fn a_component_asks_for_nothing_that_its_manifest_does_not_name() {
    for name in LANGUAGES {
        let component = plugin(&format!("{name}.wasm")).unwrap();
        let output = dongting(&["plugin", "inspect", component.to_str().unwrap(), "--json"]).unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let shown: Value = serde_json::from_slice(&output.stdout).unwrap();
        let imports = shown["imports"].to_string();
        assert!(!imports.contains("wasi:http") && !imports.contains("wasi:sockets"), "{name}: {imports}");
        assert_eq!(shown["capabilities"], serde_json::json!({}));
    }
}

#[test]
fn their_pure_parts_pass_their_own_tests() {
    let examples = root().join("examples");
    let python: &Path = &examples.join("rain-gauge-python");
    run(python, "python3", &["-B", "-m", "unittest"]);
    run(&examples.join("rain-gauge-javascript"), "node", &["--test"]);
}

#[test]
fn other_languages_bear_what_every_decoder_must() {
    let folder = tempfile::tempdir().unwrap();
    let report = folder.path().join("report.csv");
    std::fs::write(&report, "S1,430102,2026-08-29T08:00:00+08:00,12.5\n").unwrap();
    for name in LANGUAGES {
        let component = plugin(&format!("{name}.wasm")).unwrap();
        let output = dongting(&[
            "plugin",
            "check",
            component.to_str().unwrap(),
            "--golden",
            report.to_str().unwrap(),
            "--json",
        ])
        .unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        let report: Value =
            serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{name}: {said}"));
        // The runtime that their languages bring is large; nothing else is found.
        let wanted = if name == "rain-gauge" { "A" } else { "B" };
        assert_eq!(report["grade"], wanted, "{name}: {report:#}");
    }
}
