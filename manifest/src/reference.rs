//! How a release is named: `vendor/plugin:1.2.0`, or by the digest of its OCI manifest `vendor/plugin@sha256:…`.

use std::fmt;
use std::str::FromStr;

use serde::Deserialize;

use crate::Version;
use crate::name::is_token;

/// The releases of one plugin of one vendor.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Repository {
    /// The vendor's namespace: `[a-z0-9-]{1,32}`.
    pub vendor: String,
    /// The plugin's name.
    pub plugin: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, Deserialize)]
#[serde(try_from = "String")]
pub struct Reference {
    pub repository: Repository,
    pub pin: Pin,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Pin {
    Version(Version),
    /// `sha256:` and 64 hexadecimal digits: of the OCI manifest, as other OCI clients name it.
    Digest(String),
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReferenceError {
    #[error("`{0}` is no repository: write vendor/plugin, each 1 to 32 of a-z, 0-9 and -")]
    Repository(String),
    #[error(
        "`{0}` names no release: write vendor/plugin:1.2.0, or vendor/plugin@sha256: and 64 of 0-9 and a-f"
    )]
    Reference(String),
}

impl FromStr for Repository {
    type Err = ReferenceError;

    fn from_str(text: &str) -> Result<Self, ReferenceError> {
        match text.split_once('/') {
            Some((vendor, plugin)) if is_token(vendor) && is_token(plugin) => {
                Ok(Self { vendor: vendor.to_owned(), plugin: plugin.to_owned() })
            }
            _ => Err(ReferenceError::Repository(shown(text))),
        }
    }
}

impl fmt::Display for Repository {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.vendor, self.plugin)
    }
}

impl FromStr for Reference {
    type Err = ReferenceError;

    fn from_str(text: &str) -> Result<Self, ReferenceError> {
        let error = || ReferenceError::Reference(shown(text));
        let (repository, pin) = if let Some((repository, digest)) = text.split_once('@') {
            if !is_digest(digest) {
                return Err(error());
            }
            (repository, Pin::Digest(digest.to_owned()))
        } else {
            let (repository, version) = text.split_once(':').ok_or_else(error)?;
            (repository, Pin::Version(version.parse().map_err(|_| error())?))
        };
        Ok(Self { repository: repository.parse()?, pin })
    }
}

impl TryFrom<String> for Reference {
    type Error = ReferenceError;

    fn try_from(text: String) -> Result<Self, ReferenceError> {
        text.parse()
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.pin {
            Pin::Version(version) => write!(f, "{}:{version}", self.repository),
            Pin::Digest(digest) => write!(f, "{}@{digest}", self.repository),
        }
    }
}

/// Whether `text` is `sha256:` and 64 lower-case hexadecimal digits.
#[must_use]
pub fn is_digest(text: &str) -> bool {
    text.strip_prefix("sha256:").is_some_and(is_sha256)
}

/// Whether `text` is a SHA-256 as 64 lower-case hexadecimal digits.
#[must_use]
pub fn is_sha256(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// What somebody wrote, as much of it as fits a sentence.
fn shown(text: &str) -> String {
    text.chars().take(128).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_release_is_named_by_version_or_digest() {
        let digest = format!("hydro/gauge@sha256:{}", "0f".repeat(32));
        for good in ["hydro/gauge:1.2.0", &digest] {
            assert_eq!(good.parse::<Reference>().unwrap().to_string(), good);
        }
        let upper = format!("hydro/gauge@sha256:{}", "0F".repeat(32));
        for bad in [
            "hydro/gauge",
            "hydro:1.2.0",
            "hydro/gauge:latest",
            "hydro/gauge:1.2",
            "a/b/c:1.2.0",
            "../gauge:1.2.0",
            "hydro/..:1.2.0",
            "Hydro/gauge:1.2.0",
            "host:5000/hydro/gauge:1.2.0",
            "hydro/gauge@sha256:0f",
            "hydro/gauge:1.2.0@sha256:0f",
            &upper,
        ] {
            assert!(bad.parse::<Reference>().is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn a_name_is_refused_or_read_as_it_stands(
            text in "[a-zA-Z./-]{1,3}/[a-z.-]{1,3}:[0-9+]{1,2}[.][0-9]{1,2}[.][0-9]{1,2}"
        ) {
            if let Ok(reference) = text.parse::<Reference>() {
                prop_assert_eq!(reference.to_string(), text);
            }
        }
    }
}
