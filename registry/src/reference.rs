//! What names a manifest: a repository with a tag or a digest, as `vendor/plugin:1.2.0` or `vendor/plugin@sha256:…`.

use std::fmt;
use std::str::FromStr;

use crate::digest::{Digest, DigestError};
use crate::name::{NameError, Repository, Tag};

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Reference {
    pub repository: Repository,
    pub at: At,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum At {
    Tag(Tag),
    Digest(Digest),
}

#[derive(Debug, thiserror::Error)]
pub enum ReferenceError {
    #[error("`{0}` names no release: write <vendor>/<plugin>:<version> or <vendor>/<plugin>@sha256:<digest>")]
    Form(String),
    #[error(transparent)]
    Name(#[from] NameError),
    #[error(transparent)]
    Digest(#[from] DigestError),
}

impl FromStr for Reference {
    type Err = ReferenceError;

    fn from_str(text: &str) -> Result<Self, ReferenceError> {
        if let Some((repository, digest)) = text.split_once('@') {
            return Ok(Self { repository: repository.parse()?, at: At::Digest(digest.parse()?) });
        }
        let (repository, tag) =
            text.rsplit_once(':').ok_or_else(|| ReferenceError::Form(text.chars().take(100).collect()))?;
        Ok(Self { repository: repository.parse()?, at: At::Tag(tag.parse()?) })
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.at {
            At::Tag(tag) => write!(f, "{}:{tag}", self.repository),
            At::Digest(digest) => write!(f, "{}@{digest}", self.repository),
        }
    }
}

/// As an address names it: what has a colon is meant as a digest, for no tag has one.
impl FromStr for At {
    type Err = ReferenceError;

    fn from_str(text: &str) -> Result<Self, ReferenceError> {
        Ok(if text.contains(':') { Self::Digest(text.parse()?) } else { Self::Tag(text.parse()?) })
    }
}

impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tag(tag) => tag.fmt(f),
            Self::Digest(digest) => digest.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests;
