//! Blobs: whole, in parts, or only whether they are there.

use std::io::SeekFrom;

use axum::body::Body;
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use tokio::io::{AsyncReadExt, AsyncSeekExt};

use super::{Asked, DELETE, PULL, PUSH, unsupported, value};
use crate::digest::Digest;
use crate::error::RegistryError;
use crate::name::Repository;
use crate::range::{self, Wanted};

const PART: usize = 1 << 17;

pub async fn answer(
    asked: Asked,
    repository: &Repository,
    digest: Digest,
) -> Result<Response, RegistryError> {
    match asked.method {
        Method::GET | Method::HEAD => get(asked, repository, digest).await,
        Method::DELETE => {
            asked.may(repository, DELETE)?;
            asked.registry.delete_blob(repository, digest).await?;
            Ok(StatusCode::ACCEPTED.into_response())
        }
        ref other => Err(unsupported(other)),
    }
}

async fn get(asked: Asked, repository: &Repository, digest: Digest) -> Result<Response, RegistryError> {
    asked.may(repository, PULL)?;
    let registry = &asked.registry;
    let size = registry.blob_size(repository, digest).await?;
    let mut headers = HeaderMap::new();
    headers.insert("docker-content-digest", value(&digest.to_string()));
    headers.insert(header::ETAG, value(&format!("\"{digest}\"")));
    headers.insert(header::ACCEPT_RANGES, value("bytes"));
    headers.insert(header::CONTENT_TYPE, value("application/octet-stream"));
    if asked.method == Method::HEAD {
        // Who may push and hears that the blob is here will not send it, and names it soon.
        if asked.may(repository, PUSH).is_ok() {
            registry.rely_on(repository, digest).await?;
        }
        headers.insert(header::CONTENT_LENGTH, value(&size.to_string()));
        return Ok((StatusCode::OK, headers).into_response());
    }
    let (status, first, count) = match range::wanted(asked.header(header::RANGE), size) {
        Wanted::Whole => (StatusCode::OK, 0, size),
        Wanted::Part { first, last } => {
            headers.insert(header::CONTENT_RANGE, value(&format!("bytes {first}-{last}/{size}")));
            (StatusCode::PARTIAL_CONTENT, first, last.saturating_sub(first).saturating_add(1))
        }
        Wanted::Nothing => {
            headers.insert(header::CONTENT_RANGE, value(&format!("bytes */{size}")));
            return Ok((StatusCode::RANGE_NOT_SATISFIABLE, headers).into_response());
        }
    };
    let file = registry.on_disk(move |blobs| blobs.file(digest)).await?;
    let mut file = tokio::fs::File::from_std(file.into_std());
    file.seek(SeekFrom::Start(first)).await.map_err(RegistryError::disk)?;
    headers.insert(header::CONTENT_LENGTH, value(&count.to_string()));
    Ok((status, headers, Body::from_stream(parts(file, count))).into_response())
}

/// The next `count` bytes. A file that is shorter breaks the answer off, so that no client takes it for whole.
fn parts(file: tokio::fs::File, count: u64) -> impl futures::Stream<Item = std::io::Result<Bytes>> {
    futures::stream::try_unfold((file, count), |(mut file, left)| async move {
        if left == 0 {
            return Ok(None);
        }
        let mut part = vec![0; PART.min(usize::try_from(left).unwrap_or(PART))];
        let read = file.read(&mut part).await?;
        if read == 0 {
            return Err(std::io::Error::from(std::io::ErrorKind::UnexpectedEof));
        }
        part.truncate(read);
        Ok(Some((Bytes::from(part), (file, left.saturating_sub(read as u64)))))
    })
}
