//! What every plugin must hold to: our own hold to it, and guests that do not are found.

use dongting_engine::compliance::{self, Bounds, Golden, Report, Samples, Verdict};
use dongting_engine::line;
use dongting_engine::scripted::{Answer, Rule};
use dongting_engine::trial::{self, TrialOptions};
use dongting_manifest::Message;
use dongting_tests::host::{boundaries, plugin};
use serde_json::json;

const DATA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../plugins/adapters/earthquake/tests/data");

fn golden(name: &str, body: &str) -> Golden {
    Golden { name: name.into(), content_type: None, path: None, body: body.as_bytes().to_vec() }
}

/// Small, so that what a debugger would call slow is still quick.
fn bounds() -> Bounds {
    Bounds { edge: 64, between: 16, noise_bytes: 1 << 20, ..Bounds::default() }
}

async fn checked(component: &str, options: &TrialOptions, samples: &Samples, bounds: &Bounds) -> Report {
    let component = std::fs::read(plugin(component).unwrap()).unwrap();
    let report = compliance::run(&component, options, samples, bounds).await.unwrap();
    // The same seed, the same report.
    assert_eq!(report.seed, bounds.seed);
    report
}

fn verdict<'r>(report: &'r Report, role: &str, name: &str) -> &'r Verdict {
    let check = report.checks.iter().find(|check| check.role == role && check.name == name);
    &check.unwrap_or_else(|| panic!("no check {role} {name}: {report}")).verdict
}

#[tokio::test]
async fn the_earthquake_adapter_complies() {
    let mut samples = Samples::default();
    for path in ["quakeml/reviewed.xml", "fdsn/events.txt", "usgs/summary.geojson", "cenc/eqlist.json"] {
        samples.documents.push(Golden::read(&std::path::Path::new(DATA).join(path)).unwrap());
    }
    let answer = |path: &str| Answer::Response {
        status: 200,
        headers: vec![("content-type".into(), "application/json".into())],
        body: std::fs::read(std::path::Path::new(DATA).join(path)).unwrap(),
    };
    samples.rules.push(Rule {
        method: Some("GET".into()),
        url: "http://feed.invalid/*".into(),
        answers: vec![answer("cenc/eqlist.json")],
    });
    let settings = json!({ "format": "cenc", "url": "http://feed.invalid/eqlist.json" });
    let options =
        TrialOptions { settings: toml::Table::try_from(settings).unwrap(), ..TrialOptions::default() };
    let report = checked("earthquake.wasm", &options, &samples, &bounds()).await;
    assert!(report.passed(), "{report}");
    for (role, name) in [("decoder", "truncated"), ("decoder", "noise"), ("source", "repeat")] {
        assert_eq!(*verdict(&report, role, name), Verdict::Passed, "{report}");
    }
}

#[tokio::test]
async fn the_rain_gauge_complies() {
    let samples = Samples {
        documents: vec![golden("report.csv", "S1,430102,2026-08-29T08:00:00+08:00,12.5\n")],
        ..Samples::default()
    };
    // The whole of what a decoder must bear.
    let report = checked("rain-gauge.wasm", &TrialOptions::default(), &samples, &Bounds::default()).await;
    assert!(report.passed(), "{report}");
    assert!(report.checks.iter().all(|check| check.verdict == Verdict::Passed), "{report}");
}

#[tokio::test]
async fn brittle() {
    let samples = Samples { documents: vec![golden("frame", "k;12345678901.")], ..Samples::default() };
    let mut report = checked("guests/brittle.wasm", &TrialOptions::default(), &samples, &bounds()).await;
    assert!(!report.passed());
    let failed = |name: &str| {
        let check = report.checks.iter().find(|check| check.name == name).unwrap();
        check
            .failures
            .iter()
            .map(|failure| format!("{}: {}", failure.case, failure.reason))
            .collect::<Vec<_>>()
    };
    let bytes = failed("one-byte");
    assert!(bytes.iter().any(|one| one.contains("0x6b") && one.contains("trapped")), "{bytes:?}");
    assert!(bytes.iter().any(|one| one.contains("0x6d") && one.contains("memory")), "{bytes:?}");
    assert!(bytes.iter().any(|one| one.contains("0x70") && one.contains("is not granted")), "{bytes:?}");
    assert!(failed("truncated")[0].contains("frame cut off after 1 bytes"));
    assert!(failed("empty").is_empty() && failed("golden").is_empty() && failed("noise").is_empty());

    // What failed can be tried again.
    let folder = tempfile::tempdir().unwrap();
    report.keep_inputs(folder.path()).unwrap();
    let failure = &report.checks.iter().find(|check| check.name == "one-byte").unwrap().failures[0];
    let file = failure.reproduce.rsplit(' ').next().unwrap();
    assert_eq!(std::fs::read(file).unwrap(), [0x6b], "{}", failure.reproduce);
    assert!(report.to_string().contains("FAILED   decoder one-byte"), "{report}");
}

#[tokio::test]
async fn chance() {
    let words = "rain stage flow wind snow ice fog dust heat cold storm flood quake fire smoke gas";
    let samples = Samples { documents: vec![golden("words", words)], ..Samples::default() };
    let report = checked("guests/chance.wasm", &TrialOptions::default(), &samples, &bounds()).await;
    assert_eq!(*verdict(&report, "decoder", "repeat"), Verdict::Passed, "{report}");
    assert_eq!(*verdict(&report, "decoder", "chance"), Verdict::Failed, "{report}");
    assert!(!report.passed());
}

/// Its messages are stamped with the time of delivery: advice, and no more.
#[tokio::test]
async fn a_clock_in_the_messages_is_advised_against() {
    let samples = Samples { documents: vec![golden("document", "\"a\"")], ..Samples::default() };
    let report = checked("guests/document.wasm", &TrialOptions::default(), &samples, &bounds()).await;
    assert_eq!(*verdict(&report, "decoder", "clock"), Verdict::Failed, "{report}");
    assert!(report.to_string().contains("advice   decoder clock"), "{report}");
    // A document of a megabyte makes a key that no message can carry.
    assert_eq!(*verdict(&report, "decoder", "noise"), Verdict::Failed, "{report}");
}

#[tokio::test]
async fn a_decoder_that_understands_nothing_has_shown_nothing() {
    let samples = Samples { documents: vec![golden("page", "<html>")], ..Samples::default() };
    let report = checked("rain-gauge.wasm", &TrialOptions::default(), &samples, &bounds()).await;
    assert_eq!(*verdict(&report, "decoder", "golden"), Verdict::Failed, "{report}");
    let none = checked("rain-gauge.wasm", &TrialOptions::default(), &Samples::default(), &bounds()).await;
    assert!(
        matches!(verdict(&none, "decoder", "truncated"), Verdict::Skipped(why) if why.contains("samples/documents"))
    );
}

fn stream(count: usize) -> Vec<Message> {
    let one = |n: usize| {
        let body = if n % 7 == 3 { json!("reject") } else { json!(n) };
        json!({
            "type": "em.test.observation.v1",
            "subject": "em.43.01.00.test.observation.-",
            "key": format!("k{n}"),
            "id": format!("{n:040}"),
            "time": "2026-08-29T00:00:00Z",
            "received": format!("2026-08-29T00:{:02}:00Z", n % 60),
            "data": body,
        })
        .to_string()
    };
    let lines: Vec<String> = (0..count).map(one).collect();
    line::read(&lines.join("\n"), "2026-08-29T00:00:00Z".parse().unwrap()).unwrap()
}

/// One counts in its state, the other in its batch.
#[tokio::test]
async fn batch_size() {
    let samples = Samples { messages: stream(100), ..Samples::default() };
    let good = checked("guests/counter.wasm", &TrialOptions::default(), &samples, &bounds()).await;
    assert!(good.passed(), "{good}");
    assert_eq!(*verdict(&good, "transform", "batches"), Verdict::Passed, "{good}");
    let bad = checked("guests/batch-size.wasm", &TrialOptions::default(), &samples, &bounds()).await;
    assert_eq!(*verdict(&bad, "transform", "batches"), Verdict::Failed, "{bad}");
    assert_eq!(*verdict(&bad, "transform", "repeat"), Verdict::Passed, "{bad}");
    // What it does not subscribe to would not reach it.
    let mut elsewhere = samples;
    for message in &mut elsewhere.messages {
        message.subject.domain = "other".into();
    }
    let report = checked("guests/counter.wasm", &TrialOptions::default(), &elsewhere, &bounds()).await;
    assert!(matches!(verdict(&report, "transform", "batches"), Verdict::Skipped(_)), "{report}");
}

/// The model is the plugin that has most to get wrong: state, settings, an attachment, several messages of each input.
#[tokio::test]
async fn the_earthquake_model_does_not_mind_batches() {
    let component = std::fs::read(plugin("earthquake.wasm").unwrap()).unwrap();
    let adapter = trial::Trial::new(&component, &TrialOptions::default()).unwrap();
    let mut messages = Vec::new();
    for path in ["quakeml/automatic.xml", "quakeml/reviewed.xml", "quakeml/mixed.xml", "quakeml/deleted.xml"]
    {
        let golden = Golden::read(&std::path::Path::new(DATA).join(path)).unwrap();
        let document = dongting_engine::Document {
            transport: "file".into(),
            name: Some(golden.name),
            content_type: None,
            received: "2026-08-29T00:00:00Z".parse().unwrap(),
            body: golden.body,
        };
        messages.extend(adapter.decode(document).await.result.unwrap().messages);
    }
    assert!(messages.len() > 3, "{}", messages.len());
    let mut options = TrialOptions::default();
    options.attachments.insert("counties".into(), std::fs::read(boundaries().unwrap()).unwrap());
    let samples = Samples { messages, ..Samples::default() };
    let report = checked("earthquake-impact.wasm", &options, &samples, &bounds()).await;
    assert!(report.passed(), "{report}");
    assert_eq!(*verdict(&report, "transform", "batches"), Verdict::Passed, "{report}");
}

#[test]
fn samples_are_read_from_a_folder() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    for sub in ["documents", "messages", "requests", "attachments"] {
        std::fs::create_dir(at(sub)).unwrap();
    }
    std::fs::write(at("documents/b.csv"), "b").unwrap();
    std::fs::write(at("documents/a.xml"), "a").unwrap();
    std::fs::write(at("documents/.hidden"), "").unwrap();
    std::fs::write(at("attachments/counties"), [1, 2]).unwrap();
    std::fs::write(at("requests/1.json"), r#"{"path":"/a","headers":{"Accept":"x"},"body":{"k":1}}"#)
        .unwrap();
    std::fs::write(at("settings.toml"), "url = \"http://a\"").unwrap();
    std::fs::write(
        at("http.json"),
        r#"[{"url":"http://a/*","answers":[{"file":"documents/b.csv"},{"fault":"timeout"},{"status":503}]}]"#,
    )
    .unwrap();
    std::fs::write(
        at("messages/1.jsonl"),
        r#"{"type":"em.test.observation.v1","subject":"em.43.01.00.test.observation.-","data":1}"#,
    )
    .unwrap();
    let samples = Samples::read(folder.path()).unwrap();
    let names: Vec<&str> = samples.documents.iter().map(|golden| golden.name.as_str()).collect();
    assert_eq!(names, ["a.xml", "b.csv"]);
    assert_eq!(samples.documents[0].content_type.as_deref(), Some("application/xml"));
    assert_eq!(samples.messages.len(), 1);
    assert_eq!(samples.requests[0].body, br#"{"k":1}"#);
    assert_eq!(samples.attachments["counties"], [1, 2]);
    assert_eq!(samples.settings["url"].as_str(), Some("http://a"));
    assert!(
        matches!(&samples.rules[0].answers[0], Answer::Response { status: 200, body, .. } if body == b"b")
    );
    assert!(matches!(samples.rules[0].answers[1], Answer::TimedOut));
    for (name, text, said) in [
        ("http.json", r#"[{"url":"x","answers":[{"fault":"no"}]}]"#, "`no` is no fault"),
        ("http.json", r#"[{"answers":[]}]"#, "a rule has a `url`"),
        ("http.json", r#"[{"url":"x","answers":[{"status":9}]}]"#, "100 to 599"),
        ("settings.toml", "url =", "settings.toml"),
        ("requests/1.json", "{}", "a request has a `path`"),
        ("messages/1.jsonl", "{}", "message 1: it has no `subject`"),
    ] {
        let before = std::fs::read(at(name)).unwrap();
        std::fs::write(at(name), text).unwrap();
        let error = Samples::read(folder.path()).unwrap_err().to_string();
        assert!(error.contains(said) && error.contains(name), "{error}");
        std::fs::write(at(name), before).unwrap();
    }
    assert!(Samples::read(&at("nowhere")).unwrap().documents.is_empty());
}

fn streams(settings: serde_json::Value) -> (TrialOptions, Samples) {
    use dongting_guests_device::frame::Frame;
    let said = ["gauge-7", "reading 1", "reading 2", "3.5", "bye"];
    let stream: Vec<u8> = (0..).zip(said).flat_map(|(n, said)| Frame::new(n, said).written()).collect();
    let golden = Golden { name: "a morning".into(), content_type: None, path: None, body: stream };
    let options =
        TrialOptions { settings: toml::Table::try_from(settings).unwrap(), ..TrialOptions::default() };
    (options, Samples { streams: vec![golden], ..Samples::default() })
}

#[tokio::test]
async fn a_session_complies() {
    let (options, samples) = streams(json!({ "heartbeat_ms": 1000 }));
    let report = checked("guests/device.wasm", &options, &samples, &bounds()).await;
    assert!(report.passed(), "{report}");
    for name in ["one-byte", "golden", "cuts", "truncated", "flipped", "noise", "repeat", "chance"] {
        assert_eq!(*verdict(&report, "session", name), Verdict::Passed, "{report}");
    }
    let report = checked("guests/device.wasm", &options, &Samples::default(), &bounds()).await;
    assert!(
        matches!(verdict(&report, "session", "cuts"), Verdict::Skipped(why) if why.contains("samples/streams"))
    );
}

#[tokio::test]
async fn a_session_that_takes_pieces_for_frames_is_found() {
    let (options, samples) = streams(json!({ "forgets": true }));
    let report = checked("guests/device.wasm", &options, &samples, &bounds()).await;
    assert_eq!(*verdict(&report, "session", "cuts"), Verdict::Failed, "{report}");
    assert_eq!(*verdict(&report, "session", "golden"), Verdict::Passed, "{report}");
    assert!(!report.passed() && report.to_string().contains("a morning in single bytes"), "{report}");
}
