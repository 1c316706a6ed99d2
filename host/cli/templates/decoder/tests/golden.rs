//! The pure part against files: what a gauge sends, and what must come of it.

use plugin_crate::report;
use serde_json::{Value, json};

#[test]
fn the_report_is_read_as_it_was_agreed() {
    let lines = include_str!("../samples/documents/report.csv").lines();
    let read: Vec<Value> = lines
        .map(|line| match report::read(line) {
            Ok(reading) => json!({ "region": reading.region, "data": reading.payload() }),
            Err(reason) => json!({ "reject": reason }),
        })
        .collect();
    let wanted: Value = serde_json::from_str(include_str!("data/report.json")).unwrap();
    assert_eq!(Value::Array(read), wanted);
}
