//! What the calls of a plugin have left.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::{Bytes, Error};

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Kept {
    /// Keys and values.
    pub state: BTreeMap<String, Bytes>,
    pub timers: Vec<Timer>,
    pub records: Vec<Record>,
    /// When the next timer rings.
    pub next_due: Option<Timestamp>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Timer {
    pub name: String,
    pub at: Timestamp,
    pub payload: Bytes,
}

/// A JSON document.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Record {
    pub collection: String,
    pub id: String,
    pub revision: u64,
    pub body: Bytes,
}

impl Kept {
    /// A value of the state that is JSON. None where there is none.
    pub fn state<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>, Error> {
        self.state.get(key).map(|value| parse(key, &value.0)).transpose()
    }
}

impl Record {
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Error> {
        parse(&self.id, &self.body.0)
    }
}

fn parse<T: DeserializeOwned>(key: &str, bytes: &[u8]) -> Result<T, Error> {
    serde_json::from_slice(bytes).map_err(|error| Error::Body {
        key: key.to_owned(),
        wanted: std::any::type_name::<T>(),
        why: error.to_string(),
    })
}
