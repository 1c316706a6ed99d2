//! The FDSN event web service, version 1.2, as far as an adapter asks.

mod quakeml;
mod query;
mod text;

use std::sync::Arc;

use axum::extract::{self, RawQuery};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use query::{Format, Query};

use super::catalogue::Revision;
use super::state::State;

const VERSION: &str = "1.2.0";

pub async fn version() -> &'static str {
    VERSION
}

pub async fn query(extract::State(state): extract::State<Arc<State>>, RawQuery(raw): RawQuery) -> Response {
    let raw = raw.unwrap_or_default();
    let query = match Query::parse(&raw) {
        Ok(query) => query,
        Err(reason) => return refusal(&state, &raw, &reason),
    };
    let histories = query.select(state.events());
    if histories.is_empty() {
        let status = StatusCode::from_u16(query.nodata).unwrap_or(StatusCode::NO_CONTENT);
        return status.into_response();
    }
    let (media, body) = match query.format {
        Format::Xml => ("application/xml", quakeml::render(&histories, query.include_all)),
        Format::Text => ("text/plain; charset=utf-8", text::render(&histories)),
    };
    ([(header::CONTENT_TYPE, media)], body).into_response()
}

/// The layout of the FDSN specification's error message.
fn refusal(state: &State, raw: &str, reason: &str) -> Response {
    let body = format!(
        "Error 400: Bad Request\n\n{reason}\n\nUsage details are available from /fdsnws/event/1/\n\nRequest:\n\
         /fdsnws/event/1/query?{raw}\n\nRequest Submitted:\n{}\n\nService version:\n{VERSION}\n",
        state.now()
    );
    (StatusCode::BAD_REQUEST, [(header::CONTENT_TYPE, "text/plain; charset=utf-8")], body).into_response()
}

/// The newest statement of a history. Histories are never empty.
fn newest(history: &[Revision]) -> Option<&Revision> {
    history.last()
}
