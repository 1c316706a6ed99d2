//! What all calls of an installation together may log: an average over a minute, and what is beyond is dropped and said once.

use std::time::Instant;

use dongting_tests::documents;
use dongting_tests::host::{Host, dongting, eventually};

#[test]
fn a_flood_of_calls_logs_so_much_in_a_minute() {
    let began = Instant::now();
    let configuration = |every_seconds: u32| {
        let installation = format!(
            r#"
            id = "flood"
            region = "430000"
            every_seconds = {every_seconds}
            limits = {{ log_lines = 100, log_per_second = 1 }}
            grants.capabilities = ["log"]
            "#
        );
        documents::configuration("guests/log-flood.wasm", &installation).unwrap()
    };
    let host = Host::start(&configuration(60)).unwrap();
    let called = || {
        let calls = host.installation("flood")?.pointer("/counts/calls").and_then(serde_json::Value::as_u64);
        Ok::<u64, anyhow::Error>(calls.unwrap_or_default())
    };
    for number in 0..4 {
        if number == 2 {
            // A change of something else brings no other minute.
            host.configure(&configuration(61)).unwrap();
            let ran = dongting(&["reload", "--url", &host.url]).unwrap();
            let said = String::from_utf8(ran.stdout).unwrap();
            assert!(said.contains("flood\tchanged"), "{said}");
        }
        let before = called().unwrap();
        documents::push(&host, number.to_string().as_bytes()).unwrap();
        // A call is counted when its log has been passed on.
        eventually("it is called", || Ok(called()? > before)).unwrap();
    }
    let log = std::fs::read_to_string(host.folder.path().join("log")).unwrap();
    let took = began.elapsed().as_secs() as usize;
    let logged = log.matches("line ").count();
    // Each of the calls might have logged a hundred.
    assert!((60..=61 + took).contains(&logged), "{logged} in {took} s: {log}");
    let warnings = log.matches("logged more than its limit").count();
    assert!((1..=1 + took / 60).contains(&warnings), "{warnings} in {took} s: {log}");
}
