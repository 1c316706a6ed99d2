//! Manifests: pulled by tag or digest, pushed, deleted.

use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::{Asked, DELETE, PULL, PUSH, unsupported, value, whole};
use crate::error::RegistryError;
use crate::manifest::MAX_BYTES;
use crate::name::Repository;
use crate::quota::Account;
use crate::reference::At;

pub async fn answer(asked: Asked, repository: &Repository, at: &At) -> Result<Response, RegistryError> {
    match asked.method {
        Method::GET | Method::HEAD => get(asked, repository, at).await,
        Method::PUT => put(asked, repository, at).await,
        Method::DELETE => {
            asked.may(repository, DELETE)?;
            if asked.caller.account() == Account::Vendor && asked.registry.is_review(repository, at).await? {
                return Err(RegistryError::Denied(
                    "it is what a reviewer of the province has said of the release: only the registry's operator deletes it".to_owned(),
                ));
            }
            asked.registry.delete_manifest(repository, at).await?;
            tracing::info!(%repository, %at, "Deleted `{at}` of `{repository}`");
            Ok(StatusCode::ACCEPTED.into_response())
        }
        ref other => Err(unsupported(other)),
    }
}

async fn get(asked: Asked, repository: &Repository, at: &At) -> Result<Response, RegistryError> {
    asked.may(repository, PULL)?;
    let stored = asked.registry.stored_manifest(repository, at).await?;
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, value(&stored.media_type));
    headers.insert(header::CONTENT_LENGTH, value(&stored.body.len().to_string()));
    headers.insert(header::ETAG, value(&format!("\"{}\"", stored.digest)));
    headers.insert("docker-content-digest", value(&stored.digest));
    if let Some(reason) = stored.yanked {
        headers.insert("dongting-yanked", value(&utf8_percent_encode(&reason, NON_ALPHANUMERIC).to_string()));
    }
    Ok((StatusCode::OK, headers, stored.body).into_response())
}

async fn put(asked: Asked, repository: &Repository, at: &At) -> Result<Response, RegistryError> {
    asked.may(repository, PUSH)?;
    let content_type = asked.header(header::CONTENT_TYPE).map(str::to_owned);
    let (registry, account) = (asked.registry, asked.caller.account());
    let body = whole(asked.request, MAX_BYTES, RegistryError::ManifestTooLarge { most: MAX_BYTES }).await?;
    let pushed = registry.push_manifest(repository, at, account, content_type.as_deref(), &body).await?;
    tracing::info!(%repository, %at, digest = %pushed.digest, "Pushed `{at}` to `{repository}`");
    let mut headers = HeaderMap::new();
    headers.insert(header::LOCATION, value(&format!("/v2/{repository}/manifests/{}", pushed.digest)));
    headers.insert("docker-content-digest", value(&pushed.digest.to_string()));
    if let Some(subject) = pushed.subject {
        headers.insert("oci-subject", value(&subject.to_string()));
    }
    Ok((StatusCode::CREATED, headers).into_response())
}
