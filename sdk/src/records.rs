//! JSON documents that outlive the call, found by what stands in them.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::bindings::capabilities::dongting::records::records;
use crate::message;

pub use records::{Error, Page, Query, Stored, Value};

pub fn get(collection: &str, id: &str) -> Result<Option<Stored>, Error> {
    records::get(collection, id)
}

/// Writes a document whose revision is `expected` (0: that is not there yet; none: whatever there is). Returns its new revision.
pub fn put(
    collection: &str,
    id: &str,
    document: &impl Serialize,
    expected: Option<u64>,
) -> Result<u64, Error> {
    let body = serde_json::to_vec(document).map_err(|error| Error::Invalid(error.to_string()))?;
    records::put(collection, id, &body, expected)
}

pub fn delete(collection: &str, id: &str, expected: Option<u64>) -> Result<(), Error> {
    records::delete(collection, id, expected)
}

pub fn find(query: &Query) -> Result<Page, Error> {
    records::find(query)
}

impl Stored {
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Error> {
        serde_json::from_slice(&self.body)
            .map_err(|error| Error::Other(format!("the record `{}` cannot be read: {error}", self.id)))
    }
}

impl Query {
    /// The first page of all documents of a collection, by their ids.
    #[must_use]
    pub fn all(collection: &str) -> Self {
        Self {
            collection: collection.to_owned(),
            index: None,
            first: None,
            last: None,
            after: None,
            limit: 1_000,
        }
    }

    /// The first page of the documents that have this value.
    #[must_use]
    pub fn equal(collection: &str, index: &str, value: &Value) -> Self {
        let value = Some(value.clone());
        Self { index: Some(index.to_owned()), first: value.clone(), last: value, ..Self::all(collection) }
    }
}

/// For a plugin that has nothing better to do about it: the input is given again.
impl From<Error> for message::Error {
    fn from(error: Error) -> Self {
        Self::Other(match error {
            Error::Invalid(why) | Error::Other(why) => format!("records: {why}"),
            Error::Conflict(revision) => {
                format!("records: a document has another revision than expected, {revision}")
            }
            Error::Quota => {
                "records: the installation's records are full; the operator can raise limits.records_kib"
                    .to_owned()
            }
        })
    }
}
