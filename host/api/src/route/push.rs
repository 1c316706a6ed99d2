//! POST /push/{installation}: a document for a decoder.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use dongting_engine::installed::Installed;
use dongting_engine::{Host, PushError};
use serde::Serialize;
use utoipa::ToSchema;

use crate::error::ApiError;

/// Larger documents are refused before they are read: one that the plugin refuses must fit a dead letter.
pub const MAX_DOCUMENT_BYTES: usize = dongting_manifest::message::MAX_RAW_BYTES;

#[derive(Debug, Serialize, ToSchema)]
pub struct Pushed {
    /// Ids of the messages made of the document.
    pub messages: Vec<String>,
    /// Reasons of the parts that were kept as dead letters.
    pub rejects: Vec<String>,
}

/// Delivers a document. Answered once everything made of it is stored.
#[utoipa::path(post, path = "/push/{installation}", operation_id = "push", params(("installation" = String, Path)), request_body(content = String, content_type = "application/octet-stream"), responses((status = 200, body = Pushed), (status = "default", body = ApiError)))]
pub async fn push(
    State(host): State<Arc<Host>>,
    Path(installation): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, ApiError> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let token = super::bearer(&headers);
    let installed = host.installed(&installation).filter(|installed| installed.takes(token));
    // An unknown installation and a wrong token are the same answer: a guess learns nothing.
    let installed = installed.ok_or(PushError::Token)?;
    let content_type = text(header::CONTENT_TYPE).map(str::to_owned);
    let document = Installed::document(None, content_type, body.to_vec());
    let accepted = installed.decode(&host.shared, document).await?;
    if let Some(reply) = accepted.reply {
        return Ok((StatusCode::OK, [(header::CONTENT_TYPE, reply.content_type)], reply.body).into_response());
    }
    Ok(Json(Pushed { messages: accepted.messages, rejects: accepted.rejects }).into_response())
}
