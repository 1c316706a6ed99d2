//! The routes, one file a noun.

pub mod catalogue;
pub mod dead_letters;
pub mod health;
pub mod installations;
pub mod messages;
pub mod plugins;
pub mod push;
pub mod regions;
pub mod reload;
pub mod replays;
pub mod reviews;
pub mod schemas;
pub mod services;
pub mod stream;
pub mod views;

use axum::http::{HeaderMap, header};
use axum::response::IntoResponse;
use dongting_manifest::Region;

use crate::error::ApiError;

/// A region as a client names it.
fn region(text: &str) -> Result<Region, ApiError> {
    text.parse().map_err(|error| ApiError::bad_request(format!("{error}")))
}

/// Bytes that somebody has sent, as a file to save. Never as what their sender called them: a browser would show them as a page of this host.
fn file(name: &str, bytes: Vec<u8>) -> impl IntoResponse + use<> {
    let headers = [
        (header::CONTENT_TYPE, "application/octet-stream".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}.bin\"")),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
    ];
    (headers, bytes)
}

/// The token of an `Authorization: Bearer …`; empty where there is none.
fn bearer(headers: &HeaderMap) -> &str {
    let value = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    value.and_then(|value| value.strip_prefix("Bearer ")).unwrap_or_default()
}
