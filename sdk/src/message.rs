//! Messages, drafts, and what an error means.

use std::time::Duration;

pub use crate::bindings::capabilities::dongting::message::types::{
    Draft, Error, Kind, Message, Reject, Timestamp,
};

impl Draft {
    /// A draft with a JSON body and every optional field left to the host.
    ///
    /// Fails where `body` cannot be written: it is no statement of the data standard, or has a map with keys that are no strings. That rejects
    /// the input, since it will not get better.
    pub fn json(
        r#type: &str,
        (domain, kind): (&str, Kind),
        region: &str,
        (key, time): (&str, Timestamp),
        body: &impl serde::Serialize,
    ) -> Result<Self, Error> {
        let body = serde_json::to_vec(body).map_err(|error| Error::Reject(error.to_string()))?;
        Ok(Self {
            type_: r#type.to_owned(),
            domain: domain.to_owned(),
            kind,
            detail: None,
            region: region.to_owned(),
            time,
            key: key.to_owned(),
            revision: None,
            partition: None,
            from: Vec::new(),
            content_type: None,
            extensions: Vec::new(),
            body,
        })
    }
}

impl Message {
    /// The body as a payload of the data standard; the sentence says what does not fit.
    pub fn json<'m, T: serde::Deserialize<'m>>(&'m self) -> Result<T, String> {
        serde_json::from_slice(&self.body).map_err(|error| format!("the body is no {}: {error}", self.type_))
    }

    /// As `json`; a body that does not fit is rejected, since it will not get better.
    pub fn payload<'m, T: serde::Deserialize<'m>>(&'m self) -> Result<T, Error> {
        self.json().map_err(Error::Reject)
    }
}

impl Error {
    /// Not now: the input is given again.
    #[must_use]
    pub fn retry(reason: impl Into<String>) -> Self {
        Self::Retry((reason.into(), None))
    }

    /// Not now, and not before a pause; the host has the last word on how long.
    #[must_use]
    pub fn retry_after(reason: impl Into<String>, pause: Duration) -> Self {
        Self::Retry((reason.into(), Some(u32::try_from(pause.as_millis()).unwrap_or(u32::MAX))))
    }

    /// Never: the input becomes a dead letter.
    #[must_use]
    pub fn reject(reason: impl Into<String>) -> Self {
        Self::Reject(reason.into())
    }
}
