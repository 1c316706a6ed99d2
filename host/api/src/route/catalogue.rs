//! /catalogue: the plugins that the registry has.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use dongting_engine::Host;
use dongting_registry::Reference;

use crate::dto::catalogue::{Catalogue, CatalogueRelease};
use crate::error::ApiError;

/// All plugins with their versions.
#[utoipa::path(get, path = "/catalogue", responses((status = 200, body = Catalogue), (status = "default", body = ApiError)))]
pub async fn catalogue(State(host): State<Arc<Host>>) -> Result<Json<Catalogue>, ApiError> {
    let plugins = host.registry.catalogue().await?;
    Ok(Json(Catalogue { plugins: plugins.into_iter().map(Into::into).collect() }))
}

/// One release, by its version or by the digest of its manifest.
#[utoipa::path(get, path = "/catalogue/{vendor}/{plugin}/{reference}", operation_id = "release", params(("vendor" = String, Path), ("plugin" = String, Path), ("reference" = String, Path)), responses((status = 200, body = CatalogueRelease), (status = "default", body = ApiError)))]
pub async fn release(
    State(host): State<Arc<Host>>,
    Path((vendor, plugin, reference)): Path<(String, String, String)>,
) -> Result<Json<CatalogueRelease>, ApiError> {
    let reference = named(&vendor, &plugin, &reference)?;
    Ok(Json(host.registry.details(&reference).await?.into()))
}

/// A release as an address names it.
pub fn named(vendor: &str, plugin: &str, reference: &str) -> Result<Reference, ApiError> {
    let invalid = |error: &dyn std::fmt::Display| ApiError::bad_request(error.to_string());
    Ok(Reference {
        repository: format!("{vendor}/{plugin}").parse().map_err(|error| invalid(&error))?,
        at: reference.parse().map_err(|error| invalid(&error))?,
    })
}
