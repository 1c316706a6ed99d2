//! What can go wrong, each as a sentence that says what to do. `answer.rs` has the codes that OCI has for them.

use std::path::PathBuf;

use dongting_trust::Distrust;

use crate::digest::{Digest, DigestError};
use crate::name::{NameError, Repository};
use crate::range::ChunkError;
use crate::reference::{At, ReferenceError};

/// The registry's directory cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("the registry's directory {path} cannot be used", path = path.display())]
    Directory {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error("another dongting has the registry {path} open: stop it, or name another directory with --data", path = path.display())]
    InUse { path: PathBuf },
    #[error("the registry's database {path} cannot be opened", path = path.display())]
    Database {
        path: PathBuf,
        #[source]
        source: sqlx::Error,
    },
    #[error("the registry's database {path} was written by a newer dongting (schema {version}): start that one", path = path.display())]
    Newer { path: PathBuf, version: i64 },
    #[error("the registry's database {path} cannot be brought to this version's schema", path = path.display())]
    Migrate {
        path: PathBuf,
        #[source]
        source: sqlx::migrate::MigrateError,
    },
    #[error("the system has no randomness to give")]
    Random,
}

#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    #[error(transparent)]
    Name(#[from] NameError),
    #[error(transparent)]
    Digest(#[from] DigestError),
    #[error(transparent)]
    Reference(#[from] ReferenceError),
    #[error(transparent)]
    Chunk(#[from] ChunkError),
    #[error("nothing is under this address")]
    Address,
    #[error("{0}")]
    Parameter(String),

    #[error("there is no repository `{0}` here: push a release to it first, or look for a slip in its name")]
    UnknownRepository(Repository),
    #[error("`{repository}` has no release or manifest `{at}`")]
    UnknownManifest { repository: Repository, at: At },
    #[error(
        "version {version} of `{repository}` was yanked ({reason}): take a later one, or name it by its digest if you must have it"
    )]
    Yanked { repository: Repository, version: String, reason: String },
    #[error("`{repository}` has no blob {digest}")]
    UnknownBlob { repository: Repository, digest: Digest },
    #[error("there is no such upload: it was finished, cancelled or left for too long. Begin it anew")]
    UnknownUpload,

    #[error(
        "what arrived has the digest {found}, not {wanted}: it was changed or cut on its way. Push it again; if that does not help, build it afresh"
    )]
    Mismatch { wanted: Digest, found: Digest },
    #[error(
        "the bytes of {digest} on this registry's disk are no longer those that were pushed: restore them from a backup, or push the same release again, which replaces them"
    )]
    Tampered { digest: Digest },
    #[error(
        "the manifest names {digest}, which `{repository}` does not have: push the configuration and the layer before the manifest"
    )]
    ManifestBlobUnknown { repository: Repository, digest: Digest },
    #[error("the manifest says that {digest} has {said} bytes, but it has {size}")]
    ManifestBlobSize { digest: Digest, said: u64, size: u64 },
    #[error("the manifest cannot be taken: {0}")]
    ManifestInvalid(String),
    #[error("the manifest has more than {most} bytes")]
    ManifestTooLarge { most: usize },
    #[error("the plugin cannot be taken: {0}")]
    Plugin(String),
    #[error(
        "version {version} of `{repository}` is {existing} for ever, and this is {pushed}: a version never changes. Raise `version` in plugin.toml, build and push again"
    )]
    VersionTaken { repository: Repository, version: String, existing: Digest, pushed: Digest },
    #[error(
        "version {version} of `{repository}` was yanked ({reason}) and is not pushed again. Raise `version` in plugin.toml, build and push again"
    )]
    VersionYanked { repository: Repository, version: String, reason: String },

    #[error(
        "a blob has at most {most} bytes here, and this one has {size} or more: make the component smaller"
    )]
    BlobTooLarge { size: u64, most: u64 },
    #[error(
        "the quota of `{vendor}` is {quota} bytes, of which {used} are used; {wanted} more do not fit. Delete what is no longer needed, or ask the registry's operator for more"
    )]
    Quota { vendor: String, quota: u64, used: u64, wanted: u64 },
    #[error(
        "`{vendor}` has begun {most} uploads and finished none of them: finish or cancel one, or wait until the oldest expires"
    )]
    TooManyUploads { vendor: String, most: u32 },
    #[error("too many uploads are arriving at once: try again in a moment")]
    Busy,
    #[error("a chunk must begin where the upload has come to: {received} bytes are here. Go on from there")]
    OutOfOrder { received: u64 },
    #[error("another request is writing to this upload: wait for it, then ask how far it has come")]
    UploadBusy,
    #[error(
        "the upload was cut off; {received} bytes are here. Ask how far it has come and go on from there"
    )]
    CutOff { received: u64 },
    #[error("the request has {sent} bytes, but its headers announce {announced}")]
    ChunkSize { sent: u64, announced: u64 },

    #[error("{digest} cannot be deleted: the manifest {manifest} names it. Delete the manifest first")]
    InUse { digest: Digest, manifest: String },
    #[error("{0}")]
    Conflict(String),

    #[error("the signature is not taken: {0}")]
    Distrusted(Distrust),

    #[error("{0}")]
    Unauthorized(String),
    #[error("{0}")]
    Denied(String),
    #[error("{0}")]
    Unsupported(String),

    #[error("the registry's database cannot be read or written")]
    Sql(#[source] sqlx::Error),
    #[error("the registry's directory cannot be read or written")]
    Disk(#[source] std::io::Error),
    #[error("what the registry's database holds cannot be read: {0}")]
    Damaged(String),
    #[error("the system has no randomness to give")]
    Random,
}

impl RegistryError {
    pub(crate) fn sql(source: sqlx::Error) -> Self {
        Self::Sql(source)
    }

    pub(crate) fn disk(source: std::io::Error) -> Self {
        Self::Disk(source)
    }
}
