//! POST /push/{installation}: a document for a decoder.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use dongting_engine::Host;
use dongting_engine::installed::Installed;
use serde::Serialize;
use utoipa::ToSchema;

use crate::body;
use crate::error::ApiError;

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
    body: Body,
) -> axum::response::Result<Response> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let token = super::bearer(&headers);
    let addressed = || host.installed(&installation).filter(|installed| installed.takes(token));
    let (installed, document) = body::admitted(addressed, &headers, body).await?;
    let content_type = text(header::CONTENT_TYPE).map(str::to_owned);
    let document = Installed::document(None, content_type, document);
    let accepted = installed.decode(&host.shared, document).await.map_err(ApiError::from)?;
    if let Some(reply) = accepted.reply {
        return Ok((StatusCode::OK, [(header::CONTENT_TYPE, reply.content_type)], reply.body).into_response());
    }
    Ok(Json(Pushed { messages: accepted.messages, rejects: accepted.rejects }).into_response())
}
