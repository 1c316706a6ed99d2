//! `dongting plugin push` into a real registry, and `inspect` of what is there.

use std::path::Path;
use std::process::Output;

use dongting_tests::host::{Host, dongting, plugin};
use serde_json::Value;

/// A command that asks the host's registry as its operator.
fn ask(host: &Host, arguments: &[&str]) -> Output {
    let data = host.folder.path().join("data");
    let (url, data) = (host.url.trim_end_matches('/').to_owned(), data.display().to_string());
    let mut all = arguments.to_vec();
    all.extend(["--url", &url, "--data", &data]);
    dongting(&all).unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// A copy in a folder of its own, with its report and a bill of materials beside it.
fn prepared(folder: &Path, name: &str) -> String {
    let copy = folder.join(format!("{name}.wasm"));
    std::fs::copy(plugin(&format!("{name}.wasm")).unwrap(), &copy).unwrap();
    copy.display().to_string()
}

#[test]
fn a_release_is_pushed_with_what_is_said_of_it() {
    let host = Host::start("").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let component = prepared(folder.path(), "rain-gauge");
    let report = folder.path().join("rain-gauge.quality.json");
    let checked = dongting(&["plugin", "check", &component, "--report", report.to_str().unwrap()]).unwrap();
    assert!(checked.status.success(), "{}", said(&checked));
    let key = folder.path().join("key.pem");
    let made = dongting(&["keys", "generate", "--out", key.to_str().unwrap()]).unwrap();
    assert!(made.status.success(), "{}", said(&made));
    let signed = dongting(&["plugin", "sign", &component, "--key", key.to_str().unwrap()]).unwrap();
    assert!(signed.status.success(), "{}", said(&signed));

    let pushed = ask(&host, &["plugin", "push", &component]);
    assert!(pushed.status.success(), "{}", said(&pushed));
    let line = String::from_utf8(pushed.stdout.clone()).unwrap();
    assert!(line.starts_with("example/rain-gauge:0.1.0\tsha256:"), "{line}");
    for part in ["with its signature", "with its quality report", "without a bill of materials"] {
        assert!(said(&pushed).contains(part), "{part}: {}", said(&pushed));
    }
    // Again it is the same.
    let again = ask(&host, &["plugin", "push", &component]);
    assert!(again.status.success(), "{}", said(&again));
    assert_eq!(again.stdout, pushed.stdout);

    let shown = ask(&host, &["plugin", "inspect", "example/rain-gauge:0.1.0", "--json"]);
    assert!(shown.status.success(), "{}", said(&shown));
    let shown: Value = serde_json::from_slice(&shown.stdout).unwrap();
    assert_eq!(shown["roles"], serde_json::json!(["decoder"]));
    assert!(shown["signatures"][0].as_str().unwrap().starts_with("release, by the key "), "{shown:#}");
    let compared = ask(&host, &["plugin", "inspect", &component, "--against", "example/rain-gauge:0.1.0"]);
    assert!(String::from_utf8_lossy(&compared.stdout).contains("none: it asks for what the other asks for"));
    let none = ask(&host, &["plugin", "inspect", "example/rain-gauge:9.9.9"]);
    assert!(!none.status.success() && !said(&none).is_empty());
}

#[test]
fn a_report_of_another_component_is_not_pushed() {
    let host = Host::start("").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let component = prepared(folder.path(), "rain-gauge");
    let other = plugin("earthquake.wasm").unwrap();
    let report = folder.path().join("other.json");
    let report = report.to_str().unwrap();
    // Whatever its grade, it is of another component.
    dongting(&["plugin", "check", other.to_str().unwrap(), "--report", report, "--least", "E"]).unwrap();
    if !Path::new(report).exists() {
        std::fs::write(report, r#"{"digest":"sha256:00"}"#).unwrap();
    }
    let pushed = ask(&host, &["plugin", "push", &component, "--report", report]);
    assert!(!pushed.status.success());
    assert!(said(&pushed).contains("of another component"), "{}", said(&pushed));
    let bill = folder.path().join("bill.json");
    std::fs::write(&bill, "{}").unwrap();
    let pushed = ask(&host, &["plugin", "push", &component, "--sbom", bill.to_str().unwrap()]);
    assert!(said(&pushed).contains("names no component"), "{}", said(&pushed));
    let catalogue = host.get("catalogue").unwrap().body.to_string();
    assert!(!catalogue.contains("rain-gauge"), "nothing was pushed: {catalogue}");
}

/// The registry reads what a component declares; runtimes of other languages declare much.
#[test]
fn releases_in_every_language_are_taken() {
    let host = Host::start("").unwrap();
    for name in ["rain-gauge-python", "rain-gauge-javascript"] {
        let component = plugin(&format!("{name}.wasm")).unwrap();
        let pushed = ask(&host, &["plugin", "push", component.to_str().unwrap()]);
        assert!(pushed.status.success(), "{name}: {}", said(&pushed));
        assert!(said(&pushed).contains("Nobody may run it unsigned"), "{}", said(&pushed));
    }
}
