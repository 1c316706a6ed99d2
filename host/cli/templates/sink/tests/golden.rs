//! The pure part against files: a message's body, and the line that must come of it.

use {{crate}}::telegram::{self, Verdict};

#[test]
fn the_telegram_is_written_as_it_was_agreed() {
    let telegram = telegram::write("430726", 1_787_961_900_000_000, include_bytes!("data/assessment.json"));
    assert_eq!(telegram.as_deref(), Ok(include_str!("data/assessment.txt").trim_end()));
}

#[test]
fn what_is_no_assessment_is_refused() {
    assert!(telegram::write("430726", 0, b"{}").unwrap_err().contains("no assessment"));
    assert!(telegram::write("430726", 0, br#"{"level":"pink","text":""}"#).unwrap_err().contains("no level"));
}

#[test]
fn answers_are_understood() {
    for (status, verdict) in [(200, Verdict::Taken), (409, Verdict::Taken), (503, Verdict::Busy), (400, Verdict::Wrong)] {
        assert_eq!(telegram::verdict(status), verdict, "{status}");
    }
}
