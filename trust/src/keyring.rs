//! The keys that a registry knows, whose they are and how they stand, and the reviewers that the operator trusts.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use dongting_manifest::Timestamp;

use crate::key::{KeyError, KeyId, PublicKey};

/// Whose key it is, and so what it may sign.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Owner {
    /// Releases in this vendor's namespace.
    Vendor(String),
    /// Reviews, by this reviewer.
    Province(String),
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no owner of a key: write vendor:NAMESPACE or province:REVIEWER, the name in a-z and 0-9, parted by `.`, `_` or `-`"
)]
pub struct OwnerError(String);

#[derive(Debug, Clone, PartialEq)]
pub struct KeyRecord {
    pub id: KeyId,
    pub key: PublicKey,
    pub owner: Owner,
    pub added: Timestamp,
    /// Since then it signs nothing new; what it signed before stays good.
    pub retired: Option<Timestamp>,
    /// All that it ever signed is bad.
    pub revoked: Option<Revoked>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revoked {
    pub at: Timestamp,
    pub reason: String,
}

#[derive(Debug, Clone, Default)]
pub struct Keyring {
    keys: BTreeMap<KeyId, KeyRecord>,
    /// The reviewers' keys that the operator's own configuration names. Who can write the registry can add a reviewer's key to it, and
    /// must not become a reviewer by that.
    reviewers: BTreeSet<KeyId>,
}

impl KeyRecord {
    pub fn new(key: PublicKey, owner: Owner, added: Timestamp) -> Result<Self, KeyError> {
        Ok(Self { id: key.id()?, key, owner, added, retired: None, revoked: None })
    }
}

impl Keyring {
    #[must_use]
    pub fn new(records: impl IntoIterator<Item = KeyRecord>) -> Self {
        let keys = records.into_iter().map(|record| (record.id.clone(), record)).collect();
        Self { keys, reviewers: BTreeSet::new() }
    }

    /// With the reviewers that the operator trusts, and no others.
    pub fn trusting(mut self, keys: &[PublicKey]) -> Result<Self, KeyError> {
        self.reviewers = keys.iter().map(PublicKey::id).collect::<Result<_, _>>()?;
        Ok(self)
    }

    #[must_use]
    pub fn get(&self, id: &KeyId) -> Option<&KeyRecord> {
        self.keys.get(id)
    }

    #[must_use]
    pub fn trusts(&self, id: &KeyId) -> bool {
        self.reviewers.contains(id)
    }

    pub fn records(&self) -> impl Iterator<Item = &KeyRecord> {
        self.keys.values()
    }
}

impl Owner {
    /// The vendor's namespace or the reviewer's name.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Vendor(name) | Self::Province(name) => name,
        }
    }
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Vendor(name) => write!(f, "vendor:{name}"),
            Self::Province(name) => write!(f, "province:{name}"),
        }
    }
}

impl FromStr for Owner {
    type Err = OwnerError;

    fn from_str(text: &str) -> Result<Self, OwnerError> {
        match text.split_once(':') {
            Some(("vendor", name)) if is_namespace(name) => Ok(Self::Vendor(name.to_owned())),
            Some(("province", name)) if is_namespace(name) => Ok(Self::Province(name.to_owned())),
            _ => Err(OwnerError(text.chars().take(80).collect())),
        }
    }
}

/// What may stand before the slash of a repository; it is compared whole.
fn is_namespace(text: &str) -> bool {
    let word = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    text.len() <= 128
        && text.bytes().all(|b| word(b) || matches!(b, b'.' | b'_' | b'-'))
        && text.bytes().next().is_some_and(word)
        && text.bytes().last().is_some_and(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn owners_are_read_as_they_are_written() {
        for good in ["vendor:hydro", "vendor:hunan.water", "province:wang-wei"] {
            assert_eq!(good.parse::<Owner>().unwrap().to_string(), good);
        }
        for bad in ["", "hydro", "vendor:", "vendor:Hydro", "vendor:a:b", "city:x", "province:*"] {
            assert!(bad.parse::<Owner>().is_err(), "{bad}");
        }
    }
}
