//! What the registry's operator asks for, with the admin token: tokens, quotas, yanks, sweeps. As an extension of the Distribution API,
//! under `/v2/_dongting/`, so that it is there however the registry is run.

use std::time::Duration;

use axum::Json;
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::{Asked, key, unsupported, whole};
use crate::error::RegistryError;
use crate::quota::Quota;
use crate::reference::Reference;
use crate::token::{NewToken, TokenRecord};

const MAX_BODY: usize = 64 << 10;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TokenWanted {
    name: String,
    vendor: Option<String>,
    rights: String,
    days: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct YankWanted {
    reference: String,
    /// None takes the mark away.
    reason: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct QuotaWanted {
    /// None for the usual quota.
    bytes: Option<u64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SweepWanted {
    /// None for the registry's own grace period.
    grace_seconds: Option<u64>,
}

pub async fn answer(asked: Asked, words: &[String]) -> Result<Response, RegistryError> {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    if words.as_slice() == ["yank"] {
        return yank(asked).await;
    }
    // Whose keys count is no secret for whoever reviews and carries releases of all vendors.
    let only_reads_keys = words.as_slice() == ["keys"] && asked.method == Method::GET;
    if !(only_reads_keys && asked.caller.reads_for_all_vendors()) {
        asked.caller.is_admin()?;
    }
    let registry = asked.registry.clone();
    if let ["keys", rest @ ..] = words.as_slice() {
        return key::answer(asked, rest).await;
    }
    match (words.as_slice(), &asked.method) {
        (["tokens"], &Method::GET) => {
            let tokens: Vec<Value> = registry.tokens().await?.iter().map(told).collect();
            Ok(Json(json!({ "tokens": tokens })).into_response())
        }
        (["tokens"], &Method::POST) => {
            let TokenWanted { name, vendor, rights, days } = body(asked).await?;
            let token = NewToken { name, vendor, rights: rights.parse()?, days };
            let secret = registry.create_token(&token).await?;
            tracing::info!(token = token.name, "Made the token `{}`", token.name);
            Ok((StatusCode::CREATED, Json(json!({ "name": token.name, "secret": secret }))).into_response())
        }
        (["tokens", name], &Method::DELETE) => {
            registry.revoke_token(name).await?;
            tracing::info!(token = name, "Revoked the token `{name}`");
            Ok(StatusCode::NO_CONTENT.into_response())
        }
        (["quotas", vendor], &Method::GET) => Ok(quota(registry.quota(vendor).await?)),
        (["quotas", vendor], &Method::PUT) => {
            let QuotaWanted { bytes } = body(asked).await?;
            Ok(quota(registry.set_quota(vendor, bytes).await?))
        }
        (["sweep"], &Method::POST) => {
            let SweepWanted { grace_seconds } = body(asked).await?;
            let swept = match grace_seconds {
                Some(seconds) => registry.sweep_after(Duration::from_secs(seconds)).await?,
                None => registry.sweep().await?,
            };
            Ok(Json(json!({
                "uploads": swept.uploads,
                "statements": swept.statements,
                "links": swept.links,
                "blobs": swept.blobs,
                "bytes": swept.bytes,
            }))
            .into_response())
        }
        (["tokens" | "sweep"] | ["tokens" | "quotas", _], method) => Err(unsupported(method)),
        _ => Err(RegistryError::Address),
    }
}

/// A vendor takes back its own releases, with a token that may delete them.
async fn yank(asked: Asked) -> Result<Response, RegistryError> {
    if asked.method != Method::POST {
        return Err(unsupported(&asked.method));
    }
    let (registry, caller) = (asked.registry.clone(), asked.caller.clone());
    let YankWanted { reference, reason } = body(asked).await?;
    let reference: Reference = reference.parse()?;
    caller.may(&reference.repository, super::DELETE)?;
    if reason.is_none() {
        caller.is_admin()?;
    }
    let version = registry.yank(&reference, reason.as_deref()).await?;
    tracing::warn!(repository = %reference.repository, version, reason, "Yanked, or no longer");
    Ok(Json(json!({ "repository": reference.repository.as_str(), "version": version })).into_response())
}

pub(super) async fn body<T: DeserializeOwned>(asked: Asked) -> Result<T, RegistryError> {
    let large = RegistryError::Parameter(format!("the request has more than {MAX_BODY} bytes"));
    let bytes = whole(asked.request, MAX_BODY, large).await?;
    serde_json::from_slice(&bytes)
        .map_err(|error| RegistryError::Parameter(format!("the request is not understood: {error}")))
}

fn told(token: &TokenRecord) -> Value {
    json!({
        "name": token.name,
        "vendor": token.vendor,
        "rights": token.rights.to_string(),
        "created": token.created.to_string(),
        "expires": token.expires.to_string(),
        "revoked": token.revoked.map(|at| at.to_string()),
    })
}

fn quota(quota: Quota) -> Response {
    Json(json!({ "used": quota.used, "quota": quota.most })).into_response()
}
