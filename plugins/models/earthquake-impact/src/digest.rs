//! SHA-256 in hexadecimal: the name of what must be recognised and is too long to be repeated.

use serde::Serialize;
use sha2::{Digest as _, Sha256};

#[must_use]
pub fn of(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Of a value's JSON; its fields are in the order of their declaration. What cannot be written as JSON has the digest of nothing.
#[must_use]
pub fn of_json(value: &impl Serialize) -> String {
    of(&serde_json::to_vec(value).unwrap_or_default())
}
