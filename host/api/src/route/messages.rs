//! GET /messages and GET /messages/{id}

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Query, State};
use dongting_engine::Host;
use dongting_manifest::Kind;
use serde::Deserialize;
use utoipa::IntoParams;

use super::region;
use crate::dto::message::{Lineage, MessageList};
use crate::error::ApiError;

const DEFAULT_LIMIT: u32 = 100;
const MAX_LIMIT: u32 = 1000;

#[derive(Debug, Deserialize, IntoParams)]
pub struct MessageQuery {
    /// GB/T 2260 code; messages of what concerns it.
    region: Option<String>,
    domain: Option<String>,
    kind: Option<String>,
    limit: Option<u32>,
}

/// The newest messages by arrival.
#[utoipa::path(get, path = "/messages", operation_id = "messages", params(MessageQuery), responses((status = 200, body = MessageList), (status = "default", body = ApiError)))]
pub async fn messages(
    State(host): State<Arc<Host>>,
    Query(asked): Query<MessageQuery>,
) -> Result<Json<MessageList>, ApiError> {
    let region = region(asked.region.as_deref().unwrap_or("430000"))?;
    let kind: Option<Kind> = asked
        .kind
        .map(|kind| kind.parse().map_err(|error| ApiError::bad_request(format!("{error}"))))
        .transpose()?;
    let limit = asked.limit.unwrap_or(DEFAULT_LIMIT).clamp(1, MAX_LIMIT);
    let found = host.store().newest(asked.domain.as_deref(), kind, region, limit).await?;
    Ok(Json(found.into()))
}

/// A message, what it was made of and what was made of it.
#[utoipa::path(get, path = "/messages/{id}", operation_id = "lineage", params(("id" = String, Path)), responses((status = 200, body = Lineage), (status = "default", body = ApiError)))]
pub async fn lineage(
    State(host): State<Arc<Host>>,
    Path(id): Path<String>,
) -> Result<Json<Lineage>, ApiError> {
    let lineage = host.lineage(&id).await?;
    let lineage = lineage.ok_or_else(|| ApiError::not_found(format!("there is no message `{id}`")))?;
    Ok(Json(lineage.into()))
}
