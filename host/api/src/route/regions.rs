//! GET /regions and /regions/boundaries

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use dongting_engine::Host;

use crate::dto::region::RegionList;
use crate::error::ApiError;

/// Hunan, its cities and its counties.
#[utoipa::path(get, path = "/regions", operation_id = "regions", responses((status = 200, body = RegionList), (status = "default", body = ApiError)))]
pub async fn regions() -> Json<RegionList> {
    Json(RegionList::hunan())
}

/// TopoJSON with the objects `cities` and `counties`.
#[utoipa::path(get, path = "/regions/boundaries", operation_id = "boundaries", responses((status = 200, body = serde_json::Value, content_type = "application/json"), (status = "default", body = ApiError)))]
pub async fn boundaries(State(host): State<Arc<Host>>) -> Result<impl IntoResponse, ApiError> {
    let missing = || {
        ApiError::not_found("no boundaries are installed on this host")
            .hint("Set `boundaries` in dongting.toml; `cargo xtask setup` makes the file.")
    };
    let path = host.config.boundaries.as_ref().ok_or_else(missing)?;
    let bytes = tokio::fs::read(path).await.map_err(|_| missing())?;
    Ok(([(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "max-age=3600")], bytes))
}
