//! GET /health

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use dongting_engine::Host;

use crate::dto::health::Health;
use crate::error::ApiError;

/// How the host is doing.
#[utoipa::path(get, path = "/health", operation_id = "health", responses((status = 200, body = Health), (status = "default", body = ApiError)))]
pub async fn health(State(host): State<Arc<Host>>) -> Result<Json<Health>, ApiError> {
    Ok(Json(host.health().await?.into()))
}
