//! `dongting try`, as a vendor uses it.

use std::path::Path;

use dongting_tests::host::{boundaries, dongting, plugin};
use serde_json::Value;

const DATA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../plugins/adapters/earthquake/tests/data");

struct Tried {
    lines: Vec<Value>,
    said: String,
    ok: bool,
}

fn run(component: &str, arguments: &[&str]) -> Tried {
    let component = plugin(component).unwrap();
    let mut all = vec!["try", component.to_str().unwrap()];
    all.extend(arguments);
    let output = dongting(&all).unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    Tried {
        lines: printed.lines().map(|line| serde_json::from_str(line).unwrap()).collect(),
        said: String::from_utf8(output.stderr).unwrap(),
        ok: output.status.success(),
    }
}

fn decode(path: &Path) -> Tried {
    run("earthquake.wasm", &["--role", "decoder", "--input", path.to_str().unwrap()])
}

fn written(folder: &tempfile::TempDir, name: &str, text: &str) -> std::path::PathBuf {
    let path = folder.path().join(name);
    std::fs::write(&path, text).unwrap();
    path
}

#[test]
fn a_document_becomes_messages_and_those_become_warnings() {
    let folder = tempfile::tempdir().unwrap();
    let quake = |magnitude: &str, updated: &str| {
        format!(
            r#"<q:quakeml xmlns="http://quakeml.org/xmlns/bed/1.2" xmlns:q="http://quakeml.org/xmlns/quakeml/1.2">
            <eventParameters publicID="smi:test/1"><event publicID="smi:test/event/e1">
            <preferredOriginID>smi:test/o1</preferredOriginID><preferredMagnitudeID>smi:test/m1</preferredMagnitudeID>
            <origin publicID="smi:test/o1"><time><value>2026-08-29T00:00:00Z</value></time>
            <latitude><value>29.2</value></latitude><longitude><value>111.7</value></longitude><depth><value>10000</value></depth></origin>
            <magnitude publicID="smi:test/m1"><mag><value>{magnitude}</value></mag><type>Ms</type></magnitude>
            <creationInfo><agencyID>T</agencyID><creationTime>{updated}</creationTime></creationInfo>
            </event></eventParameters></q:quakeml>"#
        )
    };
    let first = decode(&written(&folder, "1.xml", &quake("6.4", "2026-08-29T00:01:00Z")));
    assert!(first.ok, "{}", first.said);
    assert_eq!(first.lines.len(), 1);
    let line = &first.lines[0];
    assert_eq!(line["type"], "em.earthquake.observation.v1");
    assert_eq!(line["subject"], "em.43.00.00.earthquake.observation.-");
    assert_eq!(line["region"], "430000");
    assert_eq!(line["time"], "2026-08-29T00:01:00Z");
    assert_eq!(line["data"]["origin"]["depth"], 10000.0);

    let second = decode(&written(&folder, "2.xml", &quake("3.0", "2026-08-29T00:09:00Z")));
    assert_ne!(second.lines[0]["id"], line["id"]);
    assert_eq!(second.lines[0]["key"], line["key"], "an update is a revision of the same event");

    let counties = format!("counties={}", boundaries().unwrap().display());
    let apply = |lines: &[&Value]| {
        let text: Vec<String> = lines.iter().map(ToString::to_string).collect();
        let input = written(&folder, "messages.jsonl", &text.join("\n"));
        let input = input.to_str().unwrap();
        run("earthquake-impact.wasm", &["--role", "transform", "--attach", &counties, "--input", input])
    };
    let kinds =
        |tried: &Tried, kind: &str| tried.lines.iter().filter(|line| line["data"]["msgType"] == kind).count();
    let alert = apply(&[line]);
    assert!(alert.ok, "{}", alert.said);
    let warned = kinds(&alert, "Alert");
    assert!(warned > 5, "{warned} counties are warned");
    let lifted = apply(&[line, &second.lines[0]]);
    assert_eq!((kinds(&lifted, "Alert"), kinds(&lifted, "Cancel")), (warned, warned));
    // The newest statement holds, whichever comes first.
    let backwards = apply(&[&second.lines[0], line]);
    assert_eq!((kinds(&backwards, "Alert"), kinds(&backwards, "Cancel")), (0, 0));
}

#[test]
fn golden_documents_of_every_format_are_read() {
    let mut read = 0;
    for kind in ["quakeml", "fdsn", "usgs", "cenc"] {
        for entry in std::fs::read_dir(Path::new(DATA).join(kind)).unwrap() {
            let path = entry.unwrap().path();
            let tried = decode(&path);
            let refused_by_design = path.to_string_lossy().contains("entity");
            assert_eq!(tried.ok, !refused_by_design, "{}: {}", path.display(), tried.said);
            read += tried.lines.len();
        }
    }
    assert!(read > 10, "{read} messages");
}

#[test]
fn a_source_is_answered_from_files() {
    let folder = tempfile::tempdir().unwrap();
    let settings = written(&folder, "s.json", r#"{"format":"cenc","url":"http://feed.invalid/eqlist.json"}"#);
    let input = format!("{DATA}/cenc/eqlist.json");
    let poll = |extra: &[&str]| {
        let mut all = vec!["--role", "source", "--config", settings.to_str().unwrap(), "--input", &input];
        all.extend(extra);
        run("earthquake.wasm", &all)
    };
    let tried = poll(&["--now", "2026-09-01T00:00:00Z"]);
    assert!(tried.ok, "{}", tried.said);
    assert!(!tried.lines.is_empty());
    assert!(tried.said.contains("cursor: "), "{}", tried.said);
}

#[test]
fn what_cannot_be_read_is_a_sentence_and_an_exit_code() {
    let folder = tempfile::tempdir().unwrap();
    let nested =
        format!("<q:quakeml xmlns:q=\"http://quakeml.org/xmlns/quakeml/1.2\">{}", "<a>".repeat(10_000));
    for (name, text, said) in [
        (
            "truncated.xml",
            "<q:quakeml xmlns:q=\"http://quakeml.org/xmlns/quakeml/1.2\"><eventParameters>",
            "breaks off",
        ),
        (
            "entity.xml",
            "<!DOCTYPE x [<!ENTITY e SYSTEM \"file:///etc/passwd\">]><x>&e;</x>",
            "document type declaration",
        ),
        ("nested.xml", nested.as_str(), "deep"),
        ("page.html", "<html><body>moved</body></html>", "HTML"),
        ("empty.xml", "", "empty"),
    ] {
        let tried = decode(&written(&folder, name, text));
        assert!(!tried.ok && tried.lines.is_empty(), "{name}");
        assert!(tried.said.contains(said), "{name}: {}", tried.said);
    }
    let big = decode(&written(&folder, "big.xml", &" ".repeat(50 << 20)));
    assert!(!big.ok && !big.said.is_empty(), "{}", big.said);
    let not = written(&folder, "not.wasm", "hello");
    let output =
        dongting(&["try", not.to_str().unwrap(), "--role", "decoder", "--input", not.to_str().unwrap()]);
    let output = output.unwrap();
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("not a WebAssembly binary"));
}
