//! The pure part against files: readings as they come by the bus, and what must come of each.

use plugin_crate::judge::{self, Reading};
use serde_json::{Value, json};

#[test]
fn readings_are_judged_as_it_was_agreed() {
    let judged: Vec<Value> = include_str!("../samples/messages/readings.jsonl")
        .lines()
        .map(|line| {
            let message: Value = serde_json::from_str(line).unwrap();
            let reading: Reading = serde_json::from_value(message["data"].clone()).unwrap();
            match judge::judge(&reading, 50.0) {
                Ok(assessment) => json!(assessment),
                Err(reason) => json!({ "reject": reason }),
            }
        })
        .collect();
    let wanted: Value = serde_json::from_str(include_str!("data/assessments.json")).unwrap();
    assert_eq!(Value::Array(judged), wanted);
}

#[test]
fn a_threshold_that_makes_no_sense_is_refused() {
    let reading = Reading {
        station: "S1".into(),
        millimetres: 10.0,
    };
    assert!(
        judge::judge(&reading, 0.0)
            .unwrap_err()
            .contains("threshold_mm")
    );
}
