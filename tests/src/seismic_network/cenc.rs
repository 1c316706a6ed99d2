//! The list of the China Earthquake Networks Center: the newest 50 events, text for every value, Beijing time. An event that
//! was taken back is simply no longer there, as with the real one.

use std::sync::Arc;

use axum::Json;
use axum::extract;
use jiff::Timestamp;
use jiff::tz::{Offset, TimeZone};
use serde_json::{Map, Value, json};

use super::catalogue::Status;
use super::state::State;

pub async fn list(extract::State(state): extract::State<Arc<State>>) -> Json<Value> {
    let mut events: Vec<_> = state.events().iter().filter_map(|history| history.last().cloned()).collect();
    events.retain(|event| event.status != Status::Deleted);
    events.sort_by_key(|event| std::cmp::Reverse(event.origin_time));
    let text = |value: Option<f64>| value.map_or_else(String::new, |value| value.to_string());
    let rows = events.iter().take(50).enumerate().map(|(at, event)| {
        let row = json!({
            "type": event.status.as_str(),
            "EventID": format!("CD.{}", event.event),
            "time": beijing(event.origin_time),
            "ReportTime": beijing(event.updated),
            "location": event.place,
            "placeName": event.place,
            "magnitude": text(event.magnitude),
            "depth": text(event.depth_km),
            "latitude": event.latitude.to_string(),
            "longitude": event.longitude.to_string(),
        });
        (format!("No{}", at + 1), row)
    });
    Json(Value::Object(rows.collect::<Map<_, _>>()))
}

/// `2026-08-29 06:36:52`, whole seconds.
fn beijing(at: Timestamp) -> String {
    let local = TimeZone::fixed(Offset::constant(8)).to_datetime(at);
    local.strftime("%Y-%m-%d %H:%M:%S").to_string()
}
