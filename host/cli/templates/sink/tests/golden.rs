//! The pure part against files: messages as they come by the bus, and the line that must come of each.

use plugin_crate::telegram::{self, Verdict};
use serde_json::Value;

#[test]
fn telegrams_are_written_as_it_was_agreed() {
    let messages = include_str!("../samples/messages/assessments.jsonl").lines();
    for (line, wanted) in messages.zip(include_str!("data/telegrams.txt").lines()) {
        let message: Value = serde_json::from_str(line).unwrap();
        let region: String = message["subject"]
            .as_str()
            .unwrap()
            .split('.')
            .skip(1)
            .take(3)
            .collect();
        let time: jiff::Timestamp = message["time"].as_str().unwrap().parse().unwrap();
        let body = message["data"].to_string();
        let written = telegram::write(&region, time.as_microsecond(), body.as_bytes());
        assert_eq!(written.unwrap_or_else(|reason| reason), wanted);
    }
}

#[test]
fn what_is_no_assessment_is_refused() {
    assert!(
        telegram::write("430726", 0, b"{}")
            .unwrap_err()
            .contains("no assessment")
    );
}

#[test]
fn answers_are_understood() {
    for (status, verdict) in [
        (200, Verdict::Taken),
        (409, Verdict::Taken),
        (503, Verdict::Busy),
        (400, Verdict::Wrong),
    ] {
        assert_eq!(telegram::verdict(status), verdict, "{status}");
    }
}
