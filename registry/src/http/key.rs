//! Keys, for the registry's operator: listed, added, retired, revoked.

use axum::Json;
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use dongting_trust::{KeyRecord, Owner};
use serde::Deserialize;
use serde_json::{Value, json};

use super::admin::body;
use super::{Asked, unsupported};
use crate::error::RegistryError;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyWanted {
    /// PEM.
    public_key: String,
    owner: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Revocation {
    reason: String,
}

/// `words` are what follows `keys` in the address. The caller is the registry's operator.
pub async fn answer(asked: Asked, words: &[&str]) -> Result<Response, RegistryError> {
    let registry = asked.registry.clone();
    match (words, &asked.method) {
        ([], &Method::GET) => {
            let keys: Vec<Value> = registry.keys().await?.iter().map(told).collect();
            Ok(Json(json!({ "keys": keys })).into_response())
        }
        ([], &Method::POST) => {
            let KeyWanted { public_key, owner } = body(asked).await?;
            let owner: Owner = owner
                .parse()
                .map_err(|error: dongting_trust::OwnerError| RegistryError::Parameter(error.to_string()))?;
            let key = registry.add_key(&public_key, &owner).await?;
            tracing::info!(key = %key.id, %owner, "Added the key {} of {owner}", key.id.short());
            Ok((StatusCode::CREATED, Json(told(&key))).into_response())
        }
        ([id, "retire"], &Method::POST) => {
            let key = registry.retire_key(id).await?;
            tracing::info!(key = %key.id, owner = %key.owner, "Retired the key {}", key.id.short());
            Ok(Json(told(&key)).into_response())
        }
        ([id, "revoke"], &Method::POST) => {
            let Revocation { reason } = body(asked).await?;
            let key = registry.revoke_key(id, &reason).await?;
            tracing::warn!(key = %key.id, owner = %key.owner, reason, "Revoked the key {}", key.id.short());
            Ok(Json(told(&key)).into_response())
        }
        ([] | [_, "retire" | "revoke"], method) => Err(unsupported(method)),
        _ => Err(RegistryError::Address),
    }
}

fn told(key: &KeyRecord) -> Value {
    json!({
        "id": key.id.as_str(),
        "algorithm": key.key.algorithm(),
        "owner": key.owner.to_string(),
        "added": key.added.to_string(),
        "retired": key.retired.map(|at| at.to_string()),
        "revoked": key.revoked.as_ref().map(|revoked| revoked.at.to_string()),
        "reason": key.revoked.as_ref().map(|revoked| revoked.reason.clone()),
    })
}
