//! GET /installations/{id} and what waits in one.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use dongting_engine::Host;
use dongting_engine::host::Enabled;

use crate::dto::installation::InstallationWhole;
use crate::dto::parked::ParkedList;
use crate::error::ApiError;

/// Partitions that are told; all are counted.
const MAX_PARTITIONS: u32 = 200;

/// One installation: its state, its release, what it was granted and its limits.
#[utoipa::path(get, path = "/installations/{id}", operation_id = "installation", params(("id" = String, Path)), responses((status = 200, body = InstallationWhole), (status = "default", body = ApiError)))]
pub async fn show(
    State(host): State<Arc<Host>>,
    Path(id): Path<String>,
) -> Result<Json<InstallationWhole>, ApiError> {
    let enabled = find(&host, &id)?;
    let complete_until = host.store().cursor(&id).await?.complete_until;
    Ok(Json(InstallationWhole::new(&enabled, complete_until)))
}

/// Its messages that wait in their order, by partition.
#[utoipa::path(get, path = "/installations/{id}/parked", operation_id = "parked", params(("id" = String, Path)), responses((status = 200, body = ParkedList), (status = "default", body = ApiError)))]
pub async fn parked(
    State(host): State<Arc<Host>>,
    Path(id): Path<String>,
) -> Result<Json<ParkedList>, ApiError> {
    find(&host, &id)?;
    Ok(Json(host.store().parkings(&id, MAX_PARTITIONS).await?.into()))
}

fn find(host: &Host, id: &str) -> Result<Enabled, ApiError> {
    host.enabled(id).ok_or_else(|| {
        ApiError::not_found(format!("there is no installation `{id}`"))
            .hint("It may have been taken out of the configuration.")
    })
}
