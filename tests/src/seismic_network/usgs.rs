//! The USGS real-time feeds: `<least magnitude>_<period>.geojson`.

use std::sync::Arc;

use axum::Json;
use axum::extract::{self, Path};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::catalogue::Revision;
use super::state::State;

pub async fn summary(
    extract::State(state): extract::State<Arc<State>>,
    Path(name): Path<String>,
) -> Response {
    let Some((least, hours)) = feed(&name) else {
        return (StatusCode::NOT_FOUND, format!("no feed `{name}`\n")).into_response();
    };
    let now = state.now();
    let since = now.checked_sub(SignedDuration::from_hours(hours)).unwrap_or(now);
    let mut events: Vec<Revision> =
        state.events().iter().filter_map(|history| history.last().cloned()).collect();
    events.retain(|event| event.origin_time >= since);
    events.retain(|event| least.is_none_or(|least| event.magnitude.is_some_and(|mag| mag >= least)));
    events.sort_by_key(|event| std::cmp::Reverse(event.origin_time));
    let features: Vec<Value> = events.iter().map(feature).collect();
    let body = json!({
        "type": "FeatureCollection",
        "metadata": {
            "generated": now.as_millisecond(),
            "title": "Dongting stand-in",
            "status": 200,
            "count": features.len(),
        },
        "features": features,
    });
    Json(body).into_response()
}

fn feed(name: &str) -> Option<(Option<f64>, i64)> {
    let (least, period) = name.strip_suffix(".geojson")?.split_once('_')?;
    let hours = match period {
        "hour" => 1,
        "day" => 24,
        "week" => 168,
        "month" => 720,
        _ => return None,
    };
    match least {
        "all" => Some((None, hours)),
        "1.0" | "2.5" | "4.5" => Some((least.parse().ok(), hours)),
        _ => None,
    }
}

fn feature(event: &Revision) -> Value {
    json!({
        "type": "Feature",
        "id": event.event,
        "properties": {
            "mag": event.magnitude,
            "magType": event.magnitude_type,
            "place": event.place,
            "time": event.origin_time.as_millisecond(),
            "updated": event.updated.as_millisecond(),
            "status": event.status.as_str(),
            "type": "earthquake",
            "net": "dt",
        },
        "geometry": { "type": "Point", "coordinates": [event.longitude, event.latitude, event.depth_km] },
    })
}
