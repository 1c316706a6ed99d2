//! The operator's settings and attachments.

use crate::bindings::capabilities::dongting::config::config;
use crate::message::Error;

/// The settings as the plugin's own type.
pub fn settings<T: serde::de::DeserializeOwned>() -> Result<T, Error> {
    serde_json::from_str(&config::settings())
        .map_err(|error| Error::Other(format!("the settings cannot be used: {error}")))
}

/// A file that the operator attached.
#[must_use]
pub fn attachment(name: &str) -> Option<Vec<u8>> {
    config::attachment(name)
}
