//! The pure part against files: messages as they come by the bus, and the order that must come of them.

use {{crate}}::ranking::{self, Report};
use serde_json::{Value, json};

#[test]
fn the_newest_report_of_each_gauge_counts_and_the_wettest_is_first() {
    let messages: Vec<Value> = serde_json::from_str(include_str!("data/messages.json")).unwrap();
    let reports = messages.iter().filter_map(|message| {
        let text = |name: &str| message[name].as_str().unwrap();
        Report::read(text("id"), text("region"), message["time"].as_i64().unwrap(), message["data"].to_string().as_bytes())
    });
    let ranked: Vec<Value> = ranking::rank(reports.collect())
        .into_iter()
        .map(|report| json!({ "station": report.station, "grade": report.wetness().name(false), "message": report.message }))
        .collect();
    let wanted: Value = serde_json::from_str(include_str!("data/ranking.json")).unwrap();
    assert_eq!(Value::Array(ranked), wanted);
}
