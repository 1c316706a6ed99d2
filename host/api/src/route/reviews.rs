//! /releases: what a reviewer is shown.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use dongting_engine::Host;

use super::catalogue;
use crate::dto::review::ReleaseReview;
use crate::error::ApiError;

/// What a release is and asks for, what is new in that, what was pushed along with it, and what each signature on it comes to.
#[utoipa::path(get, path = "/releases/{vendor}/{plugin}/{reference}/review", operation_id = "review", params(("vendor" = String, Path), ("plugin" = String, Path), ("reference" = String, Path)), responses((status = 200, body = ReleaseReview), (status = "default", body = ApiError)))]
pub async fn review(
    State(host): State<Arc<Host>>,
    Path((vendor, plugin, reference)): Path<(String, String, String)>,
) -> Result<Json<ReleaseReview>, ApiError> {
    let reference = catalogue::named(&vendor, &plugin, &reference)?;
    Ok(Json(host.review(&reference).await?.into()))
}
