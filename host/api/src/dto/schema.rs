//! The published JSON Schemas.

use dongting_events::schema::Published;
use serde::Serialize;
use utoipa::ToSchema;

/// A schema of the data standard and the messages that it is for.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PublishedSchema)]
pub struct PublishedSchemaDto {
    /// The message type; a `*` for the domain stands for every domain without a schema of its own.
    pub r#type: String,
    /// A message type under which the schema is found.
    pub href: String,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct SchemaList {
    pub schemas: Vec<PublishedSchemaDto>,
}

impl From<&Published> for PublishedSchemaDto {
    fn from(published: &Published) -> Self {
        let r#type = published.r#type.to_owned();
        // Any domain that has none of its own will do for the address.
        let href = format!("/api/v1/schemas/{}", r#type.replace('*', "any"));
        Self { r#type, href }
    }
}
