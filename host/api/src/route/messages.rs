//! GET /messages, GET /messages/{id} and GET /raw/{digest}

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::response::IntoResponse;
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

/// The bytes of a piece that a lineage names.
#[utoipa::path(get, path = "/raw/{digest}", operation_id = "raw", params(("digest" = String, Path)), responses((status = 200, body = String, content_type = "application/octet-stream"), (status = "default", body = ApiError)))]
pub async fn raw(
    State(host): State<Arc<Host>>,
    Path(digest): Path<String>,
) -> Result<impl IntoResponse, ApiError> {
    let missing = || {
        ApiError::not_found("the host keeps no bytes under this digest")
            .hint("Raw data are kept for replay_days, and within replay_gib.")
    };
    // It goes into a header.
    if digest.is_empty() || !digest.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(missing());
    }
    let body = host.store().body(&digest).await?.ok_or_else(missing)?;
    Ok(super::file(&digest, body))
}
