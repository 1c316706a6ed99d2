//! The pure part against files: readings as they come by the bus, and what must come of each.

use dongting_sdk::events::{Observations, Reading};
use plugin_crate::judge;
use serde_json::{Value, json};

#[test]
fn readings_are_judged_as_it_was_agreed() {
    let judged: Vec<Value> = include_str!("../samples/messages/readings.jsonl")
        .lines()
        .map(|line| {
            let message: Value = serde_json::from_str(line).unwrap();
            let data: Observations = serde_json::from_value(message["data"].clone()).unwrap();
            match judge::judge(&data.readings[0], 50.0) {
                Ok(None) => Value::Null,
                Ok(Some(found)) => {
                    json!({ "about": found.about, "level": found.level, "reasons": found.reasons })
                }
                Err(reason) => json!({ "reject": reason }),
            }
        })
        .collect();
    let wanted: Value = serde_json::from_str(include_str!("data/assessments.json")).unwrap();
    assert_eq!(Value::Array(judged), wanted);
}

#[test]
fn a_threshold_that_makes_no_sense_is_refused() {
    let reading = Reading::measure("S1", ("rainfall", "mm"), "2026-08-29T00:00:00Z", 10.0);
    assert!(
        judge::judge(&reading, 0.0)
            .unwrap_err()
            .contains("threshold_mm")
    );
}
