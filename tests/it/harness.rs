//! The test kit on real plugins: every role, by the harness that it drives.

use std::io::Write;
use std::process::{Command, Stdio};
use std::time::Duration;

use dongting_testkit::{
    Answer, Delivery, Document, Error, Fault, Message, Outcome, Plugin, Request, Samples, Script,
};
use dongting_tests::host::{binary, boundaries, plugin};
use serde_json::{Value, json};

const DATA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../plugins/adapters/earthquake/tests/data");

fn guest(name: &str) -> dongting_testkit::Builder {
    kit(&format!("guests/{name}.wasm"))
}

fn kit(component: &str) -> dongting_testkit::Builder {
    // Each test is a thread of one process: what the kit reads of the environment is what `cargo xtask test` set, or cargo's own target folder.
    Plugin::file(plugin(component).unwrap())
}

fn observation(key: &str, body: &Value) -> Message {
    Message::new("em.test.observation.v1", "em.43.01.00.test.observation.-", key, body).unwrap()
}

#[test]
fn a_source_polls_a_script() {
    let feed = std::fs::read(format!("{DATA}/cenc/eqlist.json")).unwrap();
    let settings = json!({ "format": "cenc", "url": "http://feed.invalid/eqlist.json" });
    let mut plugin = kit("earthquake.wasm").settings(settings).clock("2026-09-01T00:00:00Z").start().unwrap();
    assert_eq!(plugin.roles(), ["source", "decoder"]);

    let unanswered = plugin.poll().unwrap();
    assert!(unanswered.asked.iter().all(|asked| !asked.answered));
    let said = unanswered.done().unwrap_err().to_string();
    assert!(said.contains("GET http://feed.invalid/eqlist.json") && said.contains("no rule"), "{said}");

    let script = Script::new().get(
        "http://feed.invalid/*",
        [Answer::status(503), Answer::timeout(), Answer::new(200, "application/json", &feed)],
    );
    plugin.script(&script).unwrap();
    assert!(plugin.poll().unwrap().retried().unwrap().contains("503"));
    assert!(matches!(plugin.poll().unwrap().outcome, Outcome::Retry { .. } | Outcome::Other { .. }));
    let polled = plugin.poll().unwrap().done().unwrap();
    assert!(!polled.messages.is_empty());
    assert!(polled.messages.iter().all(|message| message.r#type == "em.earthquake.observation.v1"));
    let earthquake: dongting_events::Earthquake = polled.messages[0].json().unwrap();
    assert!(!earthquake.event_id.is_empty());
    // The cursor has moved: there is no news in the same list.
    plugin.advance(Duration::from_secs(60));
    assert!(plugin.poll().unwrap().done().unwrap().messages.is_empty());
    plugin.set_cursor(None);
    assert_eq!(plugin.poll().unwrap().done().unwrap().messages.len(), polled.messages.len());
}

#[test]
fn a_decoder_decodes_and_a_transform_applies() {
    let mut adapter = kit("earthquake.wasm").start().unwrap();
    let document = std::fs::read(format!("{DATA}/quakeml/reviewed.xml")).unwrap();
    let document = Document::new("reviewed.xml", document).content_type("application/xml");
    let decoded = adapter.decode(&document).unwrap().done().unwrap();
    assert!(decoded.rejects.is_empty());
    let refused = adapter.decode(&Document::new("page.html", "<html>")).unwrap().rejected().unwrap();
    assert!(refused.contains("HTML"), "{refused}");

    let counties = std::fs::read(boundaries().unwrap()).unwrap();
    let mut model = kit("earthquake-impact.wasm").attachment("counties", counties).start().unwrap();
    let applied = model.apply(&decoded.messages).unwrap().done().unwrap();
    assert!(applied.messages.iter().any(|message| message.r#type == "em.earthquake.assessment.v1"));
    assert!(applied.messages.iter().all(|message| message.causation.len() == 1));
    assert!(!model.kept().unwrap().state.is_empty());

    let mut views = kit("earthquake-views.wasm").clock("2026-09-01T00:00:00Z").start().unwrap();
    views.tell(&decoded.messages).unwrap();
    views.tell(&applied.messages).unwrap();
    let listed = views.views().unwrap().done().unwrap();
    assert!(!listed.is_empty());
    for view in &listed {
        let panels = views.render(&view.id, "430000", "zh").unwrap().done().unwrap();
        assert!(panels.iter().all(|panel| panel["kind"].is_string()), "{panels:?}");
    }
    assert!(
        matches!(views.render("nowhere", "430000", "zh"), Err(Error::Refused(why)) if why.contains("no view"))
    );
}

#[test]
fn state_stays_and_timers_ring() {
    let mut counter = guest("counter").start().unwrap();
    for n in 1..=3u64 {
        let applied = counter.apply(&[observation(&n.to_string(), &json!(n))]).unwrap().done().unwrap();
        assert_eq!(applied.messages[0].json::<u64>().unwrap(), n);
    }
    assert_eq!(counter.kept().unwrap().state::<u64>("count").unwrap(), Some(3));

    let mut timers = guest("timers").clock("2026-08-29T00:00:00Z").start().unwrap();
    let wish = json!({ "set": [["a", 5_000, "again"], ["b", 60_000, "x"]] });
    timers.apply(&[observation("1", &wish)]).unwrap().done().unwrap();
    assert_eq!(timers.kept().unwrap().next_due.unwrap().to_string(), "2026-08-29T00:00:05Z");
    assert!(timers.ring().unwrap().is_none());
    timers.advance(Duration::from_secs(5));
    let rung = timers.ring().unwrap().unwrap().done().unwrap();
    assert_eq!(rung.messages[0].json::<(u64, String)>().unwrap(), (1, "a again".to_owned()));
    // It has set itself again, not before a second after the call.
    assert!(timers.ring().unwrap().is_none());
    timers.advance(Duration::from_secs(1));
    assert_eq!(timers.ring().unwrap().unwrap().done().unwrap().messages.len(), 1);
    assert_eq!(timers.kept().unwrap().timers.len(), 1);
}

/// What a release has kept is there for the next one, in its form.
#[test]
fn a_release_takes_over_and_migrates() {
    let said = |key: &str| observation(key, &json!(format!("a/{key}")));
    let mut forms = guest("form-one").start().unwrap();
    forms.apply(&[said("1"), said("2")]).unwrap().done().unwrap();
    assert_eq!(forms.state_version(), 1);
    assert!(matches!(forms.migrate(1), Err(Error::Refused(why)) if why.contains("state_version 1")));

    // One that fails leaves all as it was, and the first at work.
    let failed = forms.upgrade(guest("form-two").settings(json!({ "fails": "refuse" }))).unwrap().unwrap();
    assert!(failed.rejected().unwrap().contains("cannot be understood"));
    let kept = forms.kept().unwrap();
    assert_eq!(
        (kept.state::<u64>("count/a").unwrap(), kept.records.len(), forms.state_version()),
        (Some(2), 0, 1)
    );

    forms.upgrade(guest("form-two")).unwrap().unwrap().done().unwrap();
    let kept = forms.kept().unwrap();
    assert_eq!((kept.state::<u64>("count/a").unwrap(), forms.state_version()), (None, 2));
    assert_eq!(kept.records[0].json::<Value>().unwrap(), json!({ "count": 2 }));
    assert_eq!(kept.timers[0].payload.0, b"two");
    let applied = forms.apply(&[said("3")]).unwrap().done().unwrap();
    assert_eq!(applied.messages[0].json::<Value>().unwrap(), json!(["a", 3, 1]));

    // The same form needs no migration, and nothing leads back.
    assert!(forms.upgrade(guest("form-two")).unwrap().is_none());
    let back = forms.upgrade(guest("form-one"));
    assert!(matches!(back, Err(Error::Refused(why)) if why.contains("nothing leads back")));

    // Where nothing was kept yet.
    let mut begun = guest("form-two").start().unwrap();
    begun.migrate(1).unwrap().done().unwrap();
    assert!(begun.kept().unwrap().records.is_empty());
}

/// What a decoder keeps is there for its next call.
#[test]
fn a_decoder_keeps_its_state() {
    let mut tally = guest("tally").start().unwrap();
    for n in 1..=2u64 {
        let decoded = tally.decode(&Document::new("a", "any")).unwrap().done().unwrap();
        assert_eq!(decoded.messages[0].json::<u64>().unwrap(), n);
    }
}

#[test]
fn a_sink_delivers_and_a_service_answers() {
    let settings = json!({ "url": "http://ledger.invalid" });
    let mut sink = guest("ledger-sink").settings(settings).start().unwrap();
    let script = Script::new().post(
        "http://ledger.invalid/effect",
        [Answer::status(202), Answer::new(422, "text/plain", "no such county"), Answer::unreachable()],
    );
    sink.script(&script).unwrap();
    let one = |key: &str| {
        let subject = "em.43.01.00.ledger.assessment.-";
        Message::new("em.ledger.assessment.v1", subject, key, &json!({ "n": key })).unwrap()
    };
    let call = sink.deliver(&[one("1"), one("2"), one("3")]).unwrap();
    let key = |n: usize| {
        let headers = &call.asked[n].headers;
        headers.iter().find(|(name, _)| name == "idempotency-key").unwrap().1.clone()
    };
    assert_eq!(call.asked[0].body.0, br#"{"n":"1"}"#);
    assert_eq!(key(0).len(), 40);
    assert_ne!(key(0), key(1));
    let first = key(0);
    let delivered = call.done().unwrap();
    assert_eq!(delivered[0], Delivery::Delivered);
    assert_eq!(delivered[1], Delivery::Rejected { reason: "no such county".into() });
    assert!(matches!(delivered[2], Delivery::Unknown { .. }));
    let again = sink.deliver_again(&[one("1")], 2).unwrap();
    assert!(again.asked[0].headers.contains(&("idempotency-key".into(), first)));
    assert!(again.asked[0].headers.contains(&("attempt".into(), "2".into())));

    let mut service = guest("service").start().unwrap();
    let answer = service.handle(&Request::post("/valves/3?open=1", "\"v3\"").header("X-Who", "a")).unwrap();
    let answer = answer.done().unwrap();
    let said: Value = serde_json::from_str(&answer.text()).unwrap();
    assert_eq!(
        (answer.status, &said["query"], &said["headers"][0][0]),
        (200, &json!("open=1"), &json!("x-who"))
    );
    assert_eq!(answer.messages[0].r#type, "em.test.feedback.v1");
    assert!(service.handle(&Request::get("/busy")).unwrap().retried().unwrap().contains("busy"));
    assert_eq!(
        service.handle(&Request::get("/wrong")).unwrap().rejected().unwrap(),
        "there is no such valve"
    );
    assert_eq!(service.handle(&Request::get("/status")).unwrap().fault().unwrap(), Fault::Output);
}

#[test]
fn limits_and_faults_are_told() {
    let mut trap = guest("trap").start().unwrap();
    let call = trap.apply(&[observation("1", &json!(1))]).unwrap();
    assert_eq!(call.fault().unwrap(), Fault::Trap);
    let mut memory = guest("memory").limits(json!({ "memory_mib": 32 })).start().unwrap();
    assert_eq!(memory.apply(&[observation("1", &json!(1))]).unwrap().fault().unwrap(), Fault::Memory);
    let said = trap.apply(&[observation("1", &json!(1))]).unwrap().done().unwrap_err().to_string();
    assert!(said.contains("the host ended it: the plugin trapped"), "{said}");
    // What cannot be asked is no call.
    assert!(matches!(trap.poll(), Err(Error::Refused(why)) if why.contains("no role `source`")));
    assert!(matches!(guest("counter").settings(json!({ "no": 1 })).start(), Err(Error::Refused(_))));
    assert!(matches!(Plugin::built("no-such-plugin").start(), Err(Error::NoComponent { .. })));
    assert!(matches!(trap.set_clock("today"), Err(Error::Instant(_))));
}

#[test]
fn the_kit_asks_for_compliance() {
    let mut good = kit("rain-gauge.wasm").start().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let golden = folder.path().join("report.csv");
    std::fs::write(&golden, "S1,430102,2026-08-29T08:00:00+08:00,12.5\n").unwrap();
    let report = good.comply_as_decoder(&Samples::new().document(&golden).seed(7)).unwrap();
    report.passed().unwrap();
    assert_eq!(report.verdict("decoder", "truncated"), Some("passed"));

    let mut bad = guest("brittle").start().unwrap();
    let report = bad.comply(&Samples::new().document(&golden)).unwrap();
    let said = report.passed().unwrap_err().to_string();
    assert!(said.contains("FAILED   decoder one-byte") && said.contains("dongting try"), "{said}");
}

#[test]
fn nonsense_on_the_line_is_answered_with_a_sentence() {
    let mut child = Command::new(binary().unwrap())
        .args(["plugin", "harness"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = ["not json", "{}", r#"{"op":"kept"}"#, r#"{"op":"load","component":"/nowhere.wasm"}"#];
    child.stdin.take().unwrap().write_all((lines.join("\n") + "\n").as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    let said: Vec<Value> = String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(said.len(), 4);
    for (answer, wanted) in
        said.iter().zip(["no request", "no request", "load a component first", "/nowhere.wasm"])
    {
        assert!(answer["error"].as_str().unwrap().contains(wanted), "{answer}");
    }
}
