//! Between `async_nats` and our own types: headers, instants, and the words for what went wrong.

use async_nats::header::{HeaderMap, HeaderName, HeaderValue};
use async_nats::jetstream::ErrorCode;
use dongting_manifest::Timestamp;

use crate::cloudevents::Headers;

/// What the client library said; its types stay in this crate.
pub type Cause = Box<dyn std::error::Error + Send + Sync>;

/// Headers that NATS cannot carry (a control character in the name, a line break in the value) are left out;
/// ours are percent-encoded and never are.
pub fn to_nats(headers: &[(String, String)]) -> HeaderMap {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), value.parse::<HeaderValue>()) {
            map.append(name, value);
        }
    }
    map
}

/// Sorted, so that the same message always looks the same.
pub fn from_nats(map: Option<&HeaderMap>) -> Headers {
    let mut headers: Headers = map
        .into_iter()
        .flat_map(HeaderMap::iter)
        .flat_map(|(name, values)| values.iter().map(move |value| (name.to_string(), value.to_string())))
        .collect();
    headers.sort();
    headers
}

/// Microseconds are what we keep; JetStream has nanoseconds.
pub fn instant(at: async_nats::datetime::DateTime) -> Timestamp {
    let micros = i64::try_from(at.unix_timestamp_nanos() / 1_000).unwrap_or_default();
    Timestamp::from_micros(micros).unwrap_or_else(Timestamp::now)
}

/// The other way; the client's clock where an instant cannot be written.
pub fn from_instant(at: Timestamp) -> async_nats::datetime::DateTime {
    let nanos = i128::from(at.as_micros()) * 1_000;
    async_nats::datetime::from_nanos(nanos).unwrap_or_else(|_| async_nats::datetime::now())
}

/// JetStream's own error inside one of the client's errors.
pub fn jetstream_error<'e>(
    mut error: &'e (dyn std::error::Error + 'static),
) -> Option<&'e async_nats::jetstream::Error> {
    loop {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        error = error.source()?;
    }
}

/// Whether an error of JetStream will pass: it starts, has no leader, or its disk is full.
pub fn is_temporary(error: &async_nats::jetstream::Error) -> bool {
    error.code() == 503
        && error.error_code() != ErrorCode::STREAM_STORE_FAILED
        && error.error_code() != ErrorCode::INSUFFICIENT_RESOURCES
}
