//! The routes, one file a noun.

pub mod dead_letters;
pub mod health;
pub mod messages;
pub mod plugins;
pub mod push;
pub mod regions;
pub mod reload;
pub mod stream;
pub mod views;

use dongting_manifest::Region;

use crate::error::ApiError;

/// A region as a client names it.
fn region(text: &str) -> Result<Region, ApiError> {
    text.parse().map_err(|error| ApiError::bad_request(format!("{error}")))
}
