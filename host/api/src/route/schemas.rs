//! GET /schemas and /schemas/{type}

use axum::Json;
use axum::extract::Path;
use axum::http::header;
use axum::response::IntoResponse;
use dongting_events::schema;

use crate::dto::schema::{PublishedSchemaDto, SchemaList};
use crate::error::ApiError;

/// The province's data standard: the JSON Schemas of messages' bodies.
#[utoipa::path(get, path = "/schemas", operation_id = "schemas", responses((status = 200, body = SchemaList), (status = "default", body = ApiError)))]
pub async fn schemas() -> Json<SchemaList> {
    Json(SchemaList { schemas: schema::ALL.iter().map(PublishedSchemaDto::from).collect() })
}

/// The JSON Schema (draft 2020-12) of a message type's bodies: the domain's own, else that of the kind.
#[utoipa::path(get, path = "/schemas/{type}", operation_id = "schema", params(("type" = String, Path, description = "A message type, for example `em.water.observation.v1`")), responses((status = 200, body = serde_json::Value, content_type = "application/schema+json"), (status = "default", body = ApiError)))]
pub async fn schema(Path(r#type): Path<String>) -> Result<impl IntoResponse, ApiError> {
    let published = schema::of_type(&r#type).ok_or_else(|| {
        ApiError::not_found("no schema is published for this message type")
            .hint("GET /api/v1/schemas lists those that are.")
    })?;
    let headers =
        [(header::CONTENT_TYPE, "application/schema+json"), (header::CACHE_CONTROL, "max-age=3600")];
    Ok((headers, published.text))
}
