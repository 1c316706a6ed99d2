//! Where a client that was asked for a bearer token gets one: for the token that it shows as Basic, or to read without any.

use axum::Json;
use axum::http::Method;
use axum::response::{IntoResponse, Response};
use dongting_manifest::Timestamp;
use serde_json::json;

use super::{Asked, unsupported};
use crate::access::{LENT_SECONDS, scopes};
use crate::error::RegistryError;

pub fn answer(asked: &Asked) -> Result<Response, RegistryError> {
    // A POST is the other form of it, OAuth 2: clients turn to this one when it is not there.
    if asked.method != Method::GET {
        return Err(unsupported(&asked.method));
    }
    let now = Timestamp::now();
    let lent = asked.registry.lend(&asked.caller, scopes(asked.query.all("scope")), now)?;
    Ok(Json(json!({
        "token": lent,
        "access_token": lent,
        "expires_in": LENT_SECONDS,
        "issued_at": now.to_string(),
    }))
    .into_response())
}
