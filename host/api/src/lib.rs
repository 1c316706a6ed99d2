//! The HTTP API under /api/v1, its OpenAPI document, the live stream, and the portal's files.

mod body;
mod dto;
mod error;
mod guard;
mod route;
pub mod serve;

pub use dongting_registry::{ServeError, Served};
pub use dto::panel::json as panels;
pub use serve::{openapi, serve};
