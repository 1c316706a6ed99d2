//! The pure part against files: messages as they come by the bus, and the order that must come of them.

use plugin_crate::ranking::{self, Report};
use serde_json::{Value, json};

#[test]
fn the_newest_report_of_each_gauge_counts_and_the_wettest_is_first() {
    let reports = include_str!("../samples/messages/rain.jsonl")
        .lines()
        .flat_map(|line| {
            let message: Value = serde_json::from_str(line).unwrap();
            let text = |name: &str| message[name].as_str().unwrap();
            let region: String = text("subject").split('.').skip(1).take(3).collect();
            let time: jiff::Timestamp = text("time").parse().unwrap();
            let body = message["data"].to_string();
            Report::read(text("id"), &region, time.as_microsecond(), body.as_bytes())
        });
    let ranked: Vec<Value> = ranking::rank(reports.collect())
        .into_iter()
        .map(|report| {
            json!({
                "station": report.station,
                "region": report.region,
                "grade": report.wetness().name(false),
                "message": report.message,
            })
        })
        .collect();
    let wanted: Value = serde_json::from_str(include_str!("data/ranking.json")).unwrap();
    assert_eq!(Value::Array(ranked), wanted);
}
