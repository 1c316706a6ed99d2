//! A SHA-256 digest as OCI writes it. No other algorithm is taken: every digest of this registry is checked, and blobs lie under it.

use std::fmt;
use std::str::FromStr;

use sha2::{Digest as _, Sha256};

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest([u8; 32]);

#[derive(Debug, thiserror::Error)]
pub enum DigestError {
    #[error("`{0}` is no digest: write sha256: and 64 digits of 0-9 and a-f")]
    Form(String),
    #[error("digests by `{0}` are not kept here: use sha256")]
    Algorithm(String),
}

/// How much of a stranger's text is said back.
const SAID: usize = 100;

impl Digest {
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    pub(crate) fn finish(hasher: Sha256) -> Self {
        Self(hasher.finalize().into())
    }

    /// The 64 digits.
    #[must_use]
    pub fn hex(&self) -> String {
        hex::encode(self.0)
    }
}

impl FromStr for Digest {
    type Err = DigestError;

    fn from_str(text: &str) -> Result<Self, DigestError> {
        let said = || text.chars().take(SAID).collect::<String>();
        let (algorithm, encoded) = text.split_once(':').ok_or_else(|| DigestError::Form(said()))?;
        if algorithm != "sha256" {
            return Err(match algorithm {
                "sha512" | "blake3" => DigestError::Algorithm(algorithm.to_owned()),
                _ => DigestError::Form(said()),
            });
        }
        if encoded.bytes().any(|b| b.is_ascii_uppercase()) {
            return Err(DigestError::Form(said()));
        }
        let mut digest = [0; 32];
        hex::decode_to_slice(encoded, &mut digest).map_err(|_| DigestError::Form(said()))?;
        Ok(Self(digest))
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sha256:{}", self.hex())
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests;
