//! docs/first-plugin.md: the text shows the files of `examples/rain-gauge` as they are, and what it says of them is so.

use std::path::{Path, PathBuf};

use dongting_tests::host::{Host, dongting, eventually, plugin};
use serde_json::Value;

/// The lines that it prints into report.csv: one good, one bad.
const REPORT: &str = "S1,430102,2026-08-29T08:00:00+08:00,12.5\nS2,430102\n";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn text() -> String {
    std::fs::read_to_string(root().join("docs/first-plugin.md")).unwrap()
}

/// The first fenced block after `heading`.
fn block<'t>(text: &'t str, heading: &str) -> &'t str {
    let after = text.split_once(heading).unwrap_or_else(|| panic!("docs/first-plugin.md has no {heading}")).1;
    let fenced = after.split_once("```").unwrap().1.split_once('\n').unwrap().1;
    fenced.split_once("```").unwrap().0
}

#[test]
fn the_files_shown_are_the_files() {
    let text = text();
    for file in
        ["Cargo.toml", "plugin.toml", "src/lib.rs", "src/reading.rs", "src/plugin.rs", "tests/plugin.rs"]
    {
        let path = format!("examples/rain-gauge/{file}");
        let shown = block(&text, &format!("**`{path}`**"));
        let there = std::fs::read_to_string(root().join(&path)).unwrap();
        assert_eq!(shown, there, "docs/first-plugin.md and {path} differ: change both");
    }
    assert!(text.contains(&format!("printf '{}'", REPORT.replace('\n', "\\n"))), "the report shown");
}

#[test]
fn try_prints_what_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let report = folder.path().join("report.csv");
    std::fs::write(&report, REPORT).unwrap();
    let component = plugin("rain-gauge.wasm").unwrap();
    let tried = dongting(&[
        "try",
        component.to_str().unwrap(),
        "--role",
        "decoder",
        "--input",
        report.to_str().unwrap(),
    ])
    .unwrap();
    let printed: Vec<Value> = String::from_utf8(tried.stdout)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(printed.len(), 1);
    assert_eq!(printed[0]["subject"], "em.43.01.02.water.observation.-");
    assert_eq!(printed[0]["data"]["readings"][0]["result"], 12.5);
    let said = String::from_utf8(tried.stderr).unwrap();
    assert!(said.contains("a line has 4 fields, not 2"), "{said}");
}

#[test]
fn enabled_as_is_said_it_takes_a_report() {
    let text = text();
    let shown = block(&text, "**Enable it** in `dongting.toml`");
    let component = plugin("rain-gauge.wasm").unwrap();
    let configuration =
        shown.replace("\"target/plugins/rain-gauge.wasm\"", &format!("{:?}", component.to_str().unwrap()));
    assert_ne!(configuration, shown);
    let host = Host::start(&configuration).unwrap();
    let pushed = host.push("rain-gauge", "change-me-0123456789", REPORT.as_bytes()).unwrap();
    assert_eq!(pushed.status, 200, "{}", pushed.body);
    assert_eq!(pushed.body["rejects"][0], "a line has 4 fields, not 2");
    eventually("the reading", || Ok(host.messages("observation")?.len() == 1)).unwrap();
}
