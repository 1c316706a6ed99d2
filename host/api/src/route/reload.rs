//! Reading the configuration again.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use dongting_engine::Host;

use crate::dto::reload::Reloaded;
use crate::error::ApiError;

/// Reads the configuration file again: installations come, go and change their release without losing a message.
#[utoipa::path(post, path = "/reload", responses((status = 200, body = Reloaded), (status = "default", body = ApiError)))]
pub async fn reload(State(host): State<Arc<Host>>) -> Result<Json<Reloaded>, ApiError> {
    // To its end, even where who asked has gone: half of a configuration is none.
    let reloaded = tokio::spawn(async move { host.reload().await }).await;
    Ok(Json(reloaded.map_err(|error| ApiError::internal(&error))??.into()))
}
