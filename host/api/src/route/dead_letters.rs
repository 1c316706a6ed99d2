//! /dead-letters: what could not be processed, to look at, to drive again, or to discard.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use dongting_engine::{Host, RedriveError};
use dongting_manifest::installation::Code;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::dto::dead_letter::{DeadLetterList, DeadLetterWhole, Redrive, Redriven};
use crate::error::ApiError;

const DEFAULT_LIMIT: usize = 100;
const MAX_LIMIT: usize = 1000;

#[derive(Debug, Deserialize, IntoParams)]
pub struct DeadLetterQuery {
    /// Of this installation only.
    installation: Option<String>,
    /// Only those with a smaller number: what comes behind the last one of a list.
    before: Option<u64>,
    limit: Option<usize>,
}

/// The newest first, without their payloads.
#[utoipa::path(get, path = "/dead-letters", operation_id = "deadLetters", params(DeadLetterQuery), responses((status = 200, body = DeadLetterList), (status = "default", body = ApiError)))]
pub async fn list(
    State(host): State<Arc<Host>>,
    Query(asked): Query<DeadLetterQuery>,
) -> Result<Json<DeadLetterList>, ApiError> {
    let limit = asked.limit.unwrap_or(DEFAULT_LIMIT).clamp(1, MAX_LIMIT);
    let found = host.bus().dead_letters(asked.installation.as_deref(), asked.before, limit).await?;
    Ok(Json(DeadLetterList { dead_letters: found.into_iter().map(Into::into).collect() }))
}

/// One, with the beginning of its payload.
#[utoipa::path(get, path = "/dead-letters/{sequence}", operation_id = "deadLetter", params(("sequence" = u64, Path)), responses((status = 200, body = DeadLetterWhole), (status = "default", body = ApiError)))]
pub async fn show(
    State(host): State<Arc<Host>>,
    Path(sequence): Path<u64>,
) -> Result<Json<DeadLetterWhole>, ApiError> {
    let found = host.bus().dead_letter_at(sequence).await?.ok_or(RedriveError::Unknown(sequence))?;
    Ok(Json(found.into()))
}

/// All of its payload, byte for byte, as a file to save.
#[utoipa::path(get, path = "/dead-letters/{sequence}/payload", operation_id = "deadLetterPayload", params(("sequence" = u64, Path)), responses((status = 200, body = String, content_type = "application/octet-stream"), (status = "default", body = ApiError)))]
pub async fn payload(
    State(host): State<Arc<Host>>,
    Path(sequence): Path<u64>,
) -> Result<impl IntoResponse, ApiError> {
    let found = host.bus().dead_letter_at(sequence).await?.ok_or(RedriveError::Unknown(sequence))?;
    Ok(super::file(&format!("dead-letter-{sequence}"), found.letter.payload))
}

/// Gives it to its installation once more, in the release that is enabled or in the one named. It is removed once everything made of it is
/// stored; refused again, it stays.
#[utoipa::path(post, path = "/dead-letters/{sequence}/redrive", operation_id = "redrive", params(("sequence" = u64, Path)), request_body(content = Option<Redrive>), responses((status = 200, body = Redriven), (status = "default", body = ApiError)))]
pub async fn redrive(
    State(host): State<Arc<Host>>,
    Path(sequence): Path<u64>,
    with: Option<Json<Redrive>>,
) -> Result<Json<Redriven>, ApiError> {
    let code = match with.map(|Json(with)| with).unwrap_or_default() {
        Redrive { release: Some(_), component: Some(_) } => {
            return Err(ApiError::bad_request("name a release or a component, not both"));
        }
        Redrive { release: Some(release), component: None } => Some(Code::Release(release)),
        Redrive { release: None, component } => component.map(|file| Code::File(file.into())),
    };
    Ok(Json(Redriven { messages: host.redrive(sequence, code).await? }))
}

/// Removes it for ever.
#[utoipa::path(delete, path = "/dead-letters/{sequence}", operation_id = "discard", params(("sequence" = u64, Path)), responses((status = 204), (status = "default", body = ApiError)))]
pub async fn discard(
    State(host): State<Arc<Host>>,
    Path(sequence): Path<u64>,
) -> Result<StatusCode, ApiError> {
    if !host.bus().discard_dead_letter(sequence).await? {
        return Err(RedriveError::Unknown(sequence).into());
    }
    tracing::info!(sequence, "Dead letter {sequence} was discarded");
    Ok(StatusCode::NO_CONTENT)
}
