//! Lists: of repositories, of tags, of what refers to a manifest. Each in pages, with a link to the next.

use axum::Json;
use axum::http::{HeaderMap, Method, header};
use axum::response::{IntoResponse, Response};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::json;

use super::{Asked, PULL, unsupported, value};
use crate::attachment::{PAGE, Referrer};
use crate::digest::Digest;
use crate::error::RegistryError;
use crate::media_type::OCI_INDEX;
use crate::name::Repository;

const NAMES: u32 = 1000;

pub async fn repositories(asked: Asked) -> Result<Response, RegistryError> {
    reads(&asked.method)?;
    let vendor = asked.caller.lists()?.map(str::to_owned);
    let limit = asked.query.limit(NAMES)?;
    let last = asked.query.get("last").unwrap_or_default();
    let found = asked.registry.repositories(vendor.as_deref(), last, limit).await?;
    let headers = next("/v2/_catalog", limit, found.len(), found.last(), "");
    Ok((headers, Json(json!({ "repositories": found }))).into_response())
}

pub async fn tags(asked: Asked, repository: &Repository) -> Result<Response, RegistryError> {
    reads(&asked.method)?;
    asked.may(repository, PULL)?;
    let limit = asked.query.limit(NAMES)?;
    let last = asked.query.get("last").unwrap_or_default();
    let found = asked.registry.tags(repository, last, limit).await?;
    let headers = next(&format!("/v2/{repository}/tags/list"), limit, found.len(), found.last(), "");
    Ok((headers, Json(json!({ "name": repository.as_str(), "tags": found }))).into_response())
}

pub async fn referrers(
    asked: Asked,
    repository: &Repository,
    subject: Digest,
) -> Result<Response, RegistryError> {
    reads(&asked.method)?;
    asked.may(repository, PULL)?;
    let limit = asked.query.limit(PAGE)?;
    let last = asked.query.get("last").unwrap_or_default();
    let filter = asked.query.get("artifactType");
    let found = asked.registry.referrers_after(repository, subject, filter, last, limit).await?;
    let path = format!("/v2/{repository}/referrers/{subject}");
    let filtered = filter
        .map(|filter| format!("&artifactType={}", utf8_percent_encode(filter, NON_ALPHANUMERIC)))
        .unwrap_or_default();
    let ending = found.last().map(|referrer| referrer.digest.to_string());
    let mut headers = next(&path, limit, found.len(), ending.as_ref(), &filtered);
    headers.insert(header::CONTENT_TYPE, value(OCI_INDEX));
    if filter.is_some() {
        headers.insert("oci-filters-applied", value("artifactType"));
    }
    let manifests: Vec<_> = found.iter().map(descriptor).collect();
    let index = json!({ "schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": manifests });
    Ok((headers, index.to_string()).into_response())
}

fn descriptor(referrer: &Referrer) -> serde_json::Value {
    let mut descriptor = json!({
        "mediaType": referrer.media_type,
        "digest": referrer.digest.to_string(),
        "size": referrer.size,
        "artifactType": referrer.artifact_type,
    });
    if !referrer.annotations.is_empty()
        && let Some(fields) = descriptor.as_object_mut()
    {
        fields.insert("annotations".to_owned(), json!(referrer.annotations));
    }
    descriptor
}

fn reads(method: &Method) -> Result<(), RegistryError> {
    if matches!(*method, Method::GET | Method::HEAD) { Ok(()) } else { Err(unsupported(method)) }
}

/// The link to the next page, where this one is full.
fn next(path: &str, limit: u32, found: usize, last: Option<&String>, more: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    if let Some(last) = last
        && found == usize::try_from(limit).unwrap_or(usize::MAX)
    {
        let last = utf8_percent_encode(last, NON_ALPHANUMERIC);
        headers.insert(header::LINK, value(&format!("<{path}?n={limit}&last={last}{more}>; rel=\"next\"")));
    }
    headers
}
