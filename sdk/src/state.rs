//! Keys and values that outlive the call, as JSON.

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
