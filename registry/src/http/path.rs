//! Addresses under `/v2/`. Every part is read by the grammar of what it is: a name, a tag, a digest, an upload's id.

use percent_encoding::percent_decode_str;

use crate::digest::Digest;
use crate::error::RegistryError;
use crate::name::Repository;
use crate::reference::At;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    Base,
    Catalog,
    Tags(Repository),
    Referrers(Repository, Digest),
    Manifest(Repository, At),
    Blob(Repository, Digest),
    Uploads(Repository),
    Upload(Repository, String),
    /// Where tokens are lent.
    Login,
    /// What the operator asks for: the words after `_dongting`.
    Admin(Vec<String>),
}

/// Longer than any that has a meaning here.
const MAX_PATH: usize = 1024;
const MAX_WORDS: usize = 4;

impl Target {
    /// Reads a path as it was sent.
    pub fn read(path: &str) -> Result<Self, RegistryError> {
        if path.len() > MAX_PATH {
            return Err(RegistryError::Address);
        }
        let decoded = percent_decode_str(path).decode_utf8().map_err(|_| RegistryError::Address)?;
        let rest = match decoded.strip_prefix("/v2") {
            Some("" | "/") => return Ok(Self::Base),
            Some(rest) => rest.strip_prefix('/').ok_or(RegistryError::Address)?,
            None => return Err(RegistryError::Address),
        };
        if rest == "_catalog" {
            return Ok(Self::Catalog);
        }
        if let Some(words) = rest.strip_prefix("_dongting/") {
            return Self::admin(words);
        }
        if let Some(repository) = rest.strip_suffix("/tags/list") {
            return Ok(Self::Tags(repository.parse()?));
        }
        // The last part is a reference or an id and has no slash, but a repository may well be called `manifests`.
        let (front, last) = rest.rsplit_once('/').ok_or(RegistryError::Address)?;
        if let Some(repository) = front.strip_suffix("/blobs/uploads") {
            let repository = repository.parse()?;
            return match last {
                "" => Ok(Self::Uploads(repository)),
                id if is_upload(id) => Ok(Self::Upload(repository, id.to_owned())),
                _ => Err(RegistryError::UnknownUpload),
            };
        }
        if let Some(repository) = front.strip_suffix("/blobs") {
            let repository = repository.parse()?;
            return match last {
                "uploads" => Ok(Self::Uploads(repository)),
                digest => Ok(Self::Blob(repository, digest.parse()?)),
            };
        }
        if let Some(repository) = front.strip_suffix("/manifests") {
            return Ok(Self::Manifest(repository.parse()?, last.parse()?));
        }
        if let Some(repository) = front.strip_suffix("/referrers") {
            return Ok(Self::Referrers(repository.parse()?, last.parse()?));
        }
        Err(RegistryError::Address)
    }

    fn admin(words: &str) -> Result<Self, RegistryError> {
        if words == "token" {
            return Ok(Self::Login);
        }
        let words: Vec<String> = words.split('/').map(str::to_owned).collect();
        if words.len() > MAX_WORDS || words.iter().any(String::is_empty) {
            return Err(RegistryError::Address);
        }
        Ok(Self::Admin(words))
    }

    #[must_use]
    pub fn repository(&self) -> Option<&Repository> {
        match self {
            Self::Tags(repository)
            | Self::Referrers(repository, _)
            | Self::Manifest(repository, _)
            | Self::Blob(repository, _)
            | Self::Uploads(repository)
            | Self::Upload(repository, _) => Some(repository),
            Self::Base | Self::Catalog | Self::Login | Self::Admin(_) => None,
        }
    }
}

/// As `begin_upload` makes them: it names a file.
fn is_upload(id: &str) -> bool {
    id.len() == 32 && id.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests;
