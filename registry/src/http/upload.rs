//! Blobs on their way in: begun, sent whole or in chunks, asked after, finished, cancelled.

use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::{Asked, PULL, PUSH, unsupported, value};
use crate::digest::Digest;
use crate::error::RegistryError;
use crate::name::Repository;
use crate::range::{self, Chunk};
use crate::upload::Announced;

pub async fn begin(asked: Asked, repository: &Repository) -> Result<Response, RegistryError> {
    if asked.method != Method::POST {
        return Err(unsupported(&asked.method));
    }
    asked.may(repository, PUSH)?;
    if let Some(mounted) = asked.query.get("mount") {
        let digest: Digest = mounted.parse()?;
        if let Some(from) = asked.query.get("from") {
            let from: Repository = from.parse()?;
            // Who may not read it there hears no more than that it has to be sent.
            if asked.may(&from, PULL).is_ok()
                && asked.registry.mount(&from, repository, digest, asked.caller.account()).await?
            {
                return Ok(created(repository, digest));
            }
        }
    }
    let whole: Option<Digest> = asked.query.get("digest").map(str::parse).transpose()?;
    let id = asked.registry.begin_upload(repository, asked.caller.account()).await?;
    let Some(digest) = whole else { return Ok(accepted(repository, &id, 0)) };
    let registry = asked.registry.clone();
    let done = match receive(asked, repository, &id).await {
        Ok(_) => registry.finish_upload(repository, &id, digest).await,
        Err(error) => Err(error),
    };
    if let Err(error) = done {
        // The client was never told the id: nobody could go on with it.
        if let Err(left) = registry.cancel_upload(repository, &id).await {
            tracing::debug!(%left, "The upload was gone already");
        }
        return Err(error);
    }
    Ok(created(repository, digest))
}

pub async fn answer(asked: Asked, repository: &Repository, id: &str) -> Result<Response, RegistryError> {
    asked.may(repository, PUSH)?;
    match asked.method {
        Method::GET | Method::HEAD => {
            let received = asked.registry.upload(repository, id).await?.received;
            let mut response = accepted(repository, id, received);
            *response.status_mut() = StatusCode::NO_CONTENT;
            Ok(response)
        }
        Method::PATCH => {
            let received = receive(asked, repository, id).await.inspect_err(|error| {
                if let RegistryError::CutOff { received } = error {
                    tracing::info!(%repository, upload = id, received, "An upload was cut off");
                }
            })?;
            Ok(accepted(repository, id, received))
        }
        Method::PUT => {
            let digest = asked.query.get("digest").ok_or_else(|| {
                RegistryError::Parameter("an upload is finished with its digest: ?digest=sha256:…".to_owned())
            })?;
            let digest: Digest = digest.parse()?;
            let registry = asked.registry.clone();
            receive(asked, repository, id).await?;
            registry.finish_upload(repository, id, digest).await?;
            Ok(created(repository, digest))
        }
        Method::DELETE => {
            asked.registry.cancel_upload(repository, id).await?;
            Ok(StatusCode::NO_CONTENT.into_response())
        }
        ref other => Err(unsupported(other)),
    }
}

/// Takes the request's body, which may be empty. Gives how far the upload has come.
async fn receive(asked: Asked, repository: &Repository, id: &str) -> Result<u64, RegistryError> {
    let number = |text: &str| text.parse::<u64>().ok();
    let length = asked.header(header::CONTENT_LENGTH).and_then(number);
    let chunk: Option<Chunk> = asked.header(header::CONTENT_RANGE).map(str::parse).transpose()?;
    let announced = match (chunk, length) {
        (Some(chunk), Some(sent)) if sent != chunk.size() => {
            return Err(RegistryError::ChunkSize { sent, announced: chunk.size() });
        }
        (Some(chunk), _) => Announced { first: Some(chunk.first), size: Some(chunk.size()) },
        (None, length) => Announced { first: None, size: length },
    };
    let account = asked.caller.account();
    let body = asked.request.into_body().into_data_stream();
    Ok(asked.registry.receive(repository, id, account, announced, body).await?.received)
}

fn accepted(repository: &Repository, id: &str, received: u64) -> Response {
    let mut headers = HeaderMap::new();
    headers.insert(header::LOCATION, value(&format!("/v2/{repository}/blobs/uploads/{id}")));
    headers.insert(header::RANGE, value(&range::so_far(received)));
    headers.insert("docker-upload-uuid", value(id));
    (StatusCode::ACCEPTED, headers).into_response()
}

fn created(repository: &Repository, digest: Digest) -> Response {
    let mut headers = HeaderMap::new();
    headers.insert(header::LOCATION, value(&format!("/v2/{repository}/blobs/{digest}")));
    headers.insert("docker-content-digest", value(&digest.to_string()));
    (StatusCode::CREATED, headers).into_response()
}
