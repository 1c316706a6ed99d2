//! One reading of the configuration: what several installations name is read, hashed and loaded once for all of them.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use dongting_manifest::installation::Code;
use dongting_manifest::message::hash;
use dongting_sandbox::Authorities;
use tokio::sync::OnceCell;

use crate::gate::{Admitted, Gate, GateError, Signed};
use crate::releases::{Loaded, ReleaseError, Releases};

/// A file attached by the operator.
pub const MAX_ATTACHMENT_BYTES: u64 = 32 * 1024 * 1024;

/// Lives as long as the reading: a file that is changed later is read anew by the next.
pub struct Round<'r> {
    releases: &'r Releases,
    gate: &'r Gate,
    /// Whom the plugins' requests believe.
    pub authorities: &'r Authorities,
    codes: Memo<Code, Result<Found, CodeError>>,
    attachments: Memo<BTreeMap<String, PathBuf>, Result<Attached, AttachmentError>>,
    hashes: Memo<BTreeMap<String, PathBuf>, Option<Arc<str>>>,
}

/// The answer to each question, asked by many at once and found by the first of them.
type Memo<K, V> = Mutex<BTreeMap<K, Arc<OnceCell<V>>>>;

/// Attachments by name, and the hash of their contents.
#[derive(Debug, Clone)]
pub struct Attached {
    pub files: Arc<BTreeMap<String, Vec<u8>>>,
    pub hash: Arc<str>,
}

/// What may run, in memory.
#[derive(Clone)]
pub struct Found {
    pub release: Arc<Loaded>,
    /// None for a file that nobody signed.
    pub signed: Option<Signed>,
}

#[derive(Debug, Clone)]
pub enum CodeError {
    Gate(Arc<GateError>),
    Release(ReleaseError),
}

#[derive(Debug, Clone)]
pub enum AttachmentError {
    Read(PathBuf, Arc<io::Error>),
    Size(PathBuf),
}

impl<'r> Round<'r> {
    pub fn new(releases: &'r Releases, gate: &'r Gate, authorities: &'r Authorities) -> Self {
        Self {
            releases,
            gate,
            authorities,
            codes: Memo::default(),
            attachments: Memo::default(),
            hashes: Memo::default(),
        }
    }

    /// Verified, then loaded.
    pub async fn code(&self, code: &Code) -> Result<Found, CodeError> {
        let load = async || {
            let Admitted { bytes, signed } =
                self.gate.admit(code).await.map_err(|error| CodeError::Gate(Arc::new(error)))?;
            let release = self.releases.load(bytes).await.map_err(CodeError::Release)?;
            Ok(Found { release, signed })
        };
        cell(&self.codes, code.clone()).get_or_init(load).await.clone()
    }

    /// Of the attachments as they are now, without holding them; none where they cannot be read, which [`Self::attachments`] says better.
    pub async fn hash(&self, paths: &BTreeMap<String, PathBuf>) -> Option<Arc<str>> {
        let hash = async || read(paths).await.ok().map(|attached| attached.hash);
        cell(&self.hashes, paths.clone()).get_or_init(hash).await.clone()
    }

    pub async fn attachments(&self, paths: &BTreeMap<String, PathBuf>) -> Result<Attached, AttachmentError> {
        cell(&self.attachments, paths.clone()).get_or_init(async || read(paths).await).await.clone()
    }
}

fn cell<K: Ord, V>(memo: &Memo<K, V>, key: K) -> Arc<OnceCell<V>> {
    Arc::clone(memo.lock().unwrap_or_else(PoisonError::into_inner).entry(key).or_default())
}

async fn read(paths: &BTreeMap<String, PathBuf>) -> Result<Attached, AttachmentError> {
    let mut files = BTreeMap::new();
    for (name, path) in paths {
        let failed = |error| AttachmentError::Read(path.clone(), Arc::new(error));
        if tokio::fs::metadata(path).await.map_err(failed)?.len() > MAX_ATTACHMENT_BYTES {
            return Err(AttachmentError::Size(path.clone()));
        }
        files.insert(name.clone(), tokio::fs::read(path).await.map_err(failed)?);
    }
    let hash = hash(files.iter().flat_map(|(name, file)| [name.as_bytes(), file.as_slice()])).into();
    Ok(Attached { files: Arc::new(files), hash })
}
