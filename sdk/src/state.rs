//! Keys and values that outlive the call, as JSON.

use crate::bindings::capabilities::dongting::keys::keys as listed;
use crate::bindings::capabilities::dongting::state::state;
use crate::message::Error;

pub fn get<T: serde::de::DeserializeOwned>(key: &str) -> Result<Option<T>, Error> {
    let Some(bytes) = state::get(key).map_err(|error| refused(key, &error))? else { return Ok(None) };
    serde_json::from_slice(&bytes)
        .map(Some)
        .map_err(|error| Error::Other(format!("the state under `{key}` cannot be read: {error}")))
}

pub fn set<T: serde::Serialize>(key: &str, value: &T) -> Result<(), Error> {
    let bytes = serde_json::to_vec(value).map_err(|error| Error::Other(error.to_string()))?;
    state::set(key, &bytes).map_err(|error| refused(key, &error))
}

pub fn delete(key: &str) -> Result<(), Error> {
    state::delete(key).map_err(|error| refused(key, &error))
}

/// Keys asked for at a time, as many as the contract allows.
const PAGE: u32 = 1_000;

/// All keys, in the order of their bytes.
pub fn keys() -> Result<Vec<String>, Error> {
    let mut keys: Vec<String> = Vec::new();
    loop {
        let page = listed::list(keys.last().map(String::as_str), PAGE).map_err(|error| match error {
            listed::Error::Invalid(why) | listed::Error::Other(why) => {
                Error::Other(format!("the state's keys: {why}"))
            }
        })?;
        let last = page.len() < PAGE as usize;
        keys.extend(page);
        if last {
            return Ok(keys);
        }
    }
}

fn refused(key: &str, error: &state::Error) -> Error {
    match error {
        state::Error::Invalid(why) | state::Error::Other(why) => {
            Error::Other(format!("state `{key}`: {why}"))
        }
        state::Error::Quota => Error::Other(format!(
            "state `{key}`: the installation's state is full; the operator can raise limits.state_kib"
        )),
    }
}
