//! Running an installation's past again.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Query, State};
use dongting_engine::{Candidate, Host};
use dongting_manifest::Timestamp;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::dto::replay::Replay;
use crate::error::ApiError;

#[derive(Debug, Deserialize, IntoParams)]
pub struct ReplayQuery {
    installation: String,
    /// From this instant on, RFC 3339.
    from: String,
    /// Until before this instant.
    to: String,
    /// A release to run instead of the one at work, as `vendor/plugin:1.2.0`.
    release: Option<String>,
}

/// Runs an installation's calls again, in the release at work, in the one named or in the component sent. Nothing leaves it.
#[utoipa::path(post, path = "/replays", params(ReplayQuery), request_body(content = String, content_type = "application/wasm"), responses((status = 200, body = Replay), (status = "default", body = ApiError)))]
pub async fn replay(
    State(host): State<Arc<Host>>,
    Query(asked): Query<ReplayQuery>,
    component: Bytes,
) -> Result<Json<Replay>, ApiError> {
    let instant = |text: &str| -> Result<Timestamp, ApiError> {
        text.parse().map_err(|error| ApiError::bad_request(format!("{error}")))
    };
    let time = (instant(&asked.from)?, instant(&asked.to)?);
    let candidate = match (asked.release, component.is_empty()) {
        (Some(_), false) => {
            return Err(ApiError::bad_request("name a release or send a component, not both"));
        }
        (Some(release), true) => Some(Candidate::Release(release)),
        (None, false) => Some(Candidate::Bytes(component.to_vec())),
        (None, true) => None,
    };
    Ok(Json(host.replay(&asked.installation, time, candidate).await?.into()))
}
