//! Releases on a disk, for places that no network reaches: an OCI image layout with `oci-layout`, `index.json` and `blobs/sha256/`,
//! which holds releases and all that is said of them.
//!
//! A bundle comes from outside. It is read through a capability to its directory, names in it are made of digests alone, and every
//! byte is verified before the first is used: one that was cut off or changed imports nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use cap_std::ambient_authority;
use cap_std::fs::{Dir, OpenOptions};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::blobs::sync;
use crate::digest::Digest;
use crate::manifest::{ImageManifest, Kind, MAX_BYTES, Named};
use crate::media_type::{OCI_INDEX, OCI_MANIFEST};
use crate::name::{Repository, Tag};

const LAYOUT: &str = r#"{"imageLayoutVersion":"1.0.0"}"#;
const INDEX: &str = "index.json";
/// Which repository a manifest is of.
const REPOSITORY: &str = "dongting.repository";
/// The version of a release.
const TAG: &str = "org.opencontainers.image.ref.name";
const MAX_INDEX_BYTES: u64 = 4 << 20;
const MAX_MANIFESTS: usize = 10_000;
/// A component is no larger.
const MAX_BLOB_BYTES: u64 = 64 << 20;

/// A bundle that was read and found whole.
pub struct Bundle {
    blobs: Dir,
    path: PathBuf,
    pub releases: Vec<BundledRelease>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BundledRelease {
    pub repository: Repository,
    pub tag: Tag,
    pub manifest: BundledManifest,
    /// What is said of it.
    pub statements: Vec<BundledManifest>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BundledManifest {
    pub digest: Digest,
    /// What it names: its configuration and layers.
    pub blobs: Vec<Digest>,
}

/// A bundle being made. It is one when `finish` has returned.
pub struct NewBundle {
    dir: Dir,
    blobs: Dir,
    path: PathBuf,
    written: BTreeSet<Digest>,
    manifests: Vec<Descriptor>,
}

#[derive(Debug, thiserror::Error)]
pub enum BundleError {
    #[error("the bundle {path} cannot be read or written", path = path.display())]
    Disk {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("{path} holds something already: name a directory that is empty or not there yet", path = path.display())]
    NotEmpty { path: PathBuf },
    #[error("{path} is no bundle: {reason}", path = path.display())]
    NoBundle { path: PathBuf, reason: String },
    #[error("the bundle {path} is not whole: {digest} is missing or was cut off. Copy it again; nothing was imported", path = path.display())]
    Missing { path: PathBuf, digest: Digest },
    #[error("the bundle {path} was changed: {digest} has other bytes than its digest. Copy it again from where it was exported; nothing was imported", path = path.display())]
    Changed { path: PathBuf, digest: Digest },
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Index {
    schema_version: u32,
    media_type: String,
    manifests: Vec<Descriptor>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Descriptor {
    media_type: String,
    digest: String,
    size: u64,
    #[serde(default)]
    annotations: BTreeMap<String, String>,
}

impl Bundle {
    /// Reads and verifies the whole of it.
    pub fn open(path: &Path) -> Result<Self, BundleError> {
        let disk = |source| BundleError::Disk { path: path.to_owned(), source };
        let dir = Dir::open_ambient_dir(path, ambient_authority()).map_err(disk)?;
        let reader = Reader { path };
        let layout = reader.file(&dir, "oci-layout", MAX_INDEX_BYTES)?;
        let layout: serde_json::Value =
            serde_json::from_slice(&layout).map_err(|error| reader.no(format!("oci-layout: {error}")))?;
        if layout.get("imageLayoutVersion").and_then(serde_json::Value::as_str) != Some("1.0.0") {
            return Err(reader.no("its oci-layout is not of version 1.0.0".to_owned()));
        }
        let index: Index = serde_json::from_slice(&reader.file(&dir, INDEX, MAX_INDEX_BYTES)?)
            .map_err(|error| reader.no(format!("{INDEX}: {error}")))?;
        if index.manifests.len() > MAX_MANIFESTS {
            return Err(reader.no(format!("it has more than {MAX_MANIFESTS} manifests")));
        }
        let blobs = dir
            .open_dir("blobs/sha256")
            .map_err(|_| reader.no("it has no folder blobs/sha256".to_owned()))?;
        let releases = reader.releases(&blobs, &index)?;
        Ok(Self { blobs, path: path.to_owned(), releases })
    }

    /// The bytes, verified once more: the disk is not ours.
    pub fn read(&self, digest: Digest) -> Result<Vec<u8>, BundleError> {
        Reader { path: &self.path }.blob(&self.blobs, digest, MAX_BLOB_BYTES)
    }
}

struct Reader<'a> {
    path: &'a Path,
}

impl Reader<'_> {
    fn no(&self, reason: String) -> BundleError {
        BundleError::NoBundle { path: self.path.to_owned(), reason }
    }

    fn releases(&self, blobs: &Dir, index: &Index) -> Result<Vec<BundledRelease>, BundleError> {
        let mut releases: BTreeMap<(Repository, Digest), BundledRelease> = BTreeMap::new();
        let mut statements = Vec::new();
        let mut verified = BTreeSet::new();
        for descriptor in &index.manifests {
            let digest: Digest =
                descriptor.digest.parse().map_err(|error| self.no(format!("{INDEX}: {error}")))?;
            let named = |name| descriptor.annotations.get(name).map(String::as_str).unwrap_or_default();
            let repository: Repository = named(REPOSITORY).parse().map_err(|error| {
                self.no(format!(
                    "{INDEX} does not say by `{REPOSITORY}` which repository {digest} is of: {error}"
                ))
            })?;
            let body = self.blob(blobs, digest, MAX_BYTES as u64)?;
            let parsed = ImageManifest::parse(Some(&descriptor.media_type), &body)
                .map_err(|error| self.no(format!("{digest}: {error}")))?;
            for named in &parsed.uses {
                if verified.insert(named.digest) {
                    self.verify(blobs, *named)?;
                }
            }
            let manifest =
                BundledManifest { digest, blobs: parsed.uses.iter().map(|named| named.digest).collect() };
            match (parsed.kind, parsed.subject) {
                (Kind::Statement, Some(subject)) => statements.push((repository, subject, manifest)),
                _ => {
                    let tag = named(TAG).parse().map_err(|error| {
                        self.no(format!("{INDEX} does not say by `{TAG}` which version {digest} is: {error}"))
                    })?;
                    let key = (repository.clone(), digest);
                    releases
                        .insert(key, BundledRelease { repository, tag, manifest, statements: Vec::new() });
                }
            }
        }
        for (repository, subject, statement) in statements {
            let digest = statement.digest;
            let release = releases.get_mut(&(repository, subject));
            let release = release
                .ok_or_else(|| self.no(format!("{digest} is said of {subject}, which is not in it")))?;
            release.statements.push(statement);
        }
        if releases.is_empty() {
            return Err(self.no("no release is in it".to_owned()));
        }
        Ok(releases.into_values().collect())
    }

    /// A small file of the layout itself.
    fn file(&self, dir: &Dir, name: &str, most: u64) -> Result<Vec<u8>, BundleError> {
        let read = || -> io::Result<Vec<u8>> {
            let mut bytes = Vec::new();
            dir.open(name)?.take(most.saturating_add(1)).read_to_end(&mut bytes)?;
            Ok(bytes)
        };
        let bytes = read().map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => self.no(format!("it has no {name}, as if the copy had been cut off")),
            _ => BundleError::Disk { path: self.path.to_owned(), source: error },
        })?;
        if bytes.len() as u64 > most { Err(self.no(format!("its {name} is too large"))) } else { Ok(bytes) }
    }

    fn blob(&self, blobs: &Dir, digest: Digest, most: u64) -> Result<Vec<u8>, BundleError> {
        let mut bytes = Vec::new();
        self.open(blobs, digest)?
            .take(most.saturating_add(1))
            .read_to_end(&mut bytes)
            .map_err(|source| BundleError::Disk { path: self.path.to_owned(), source })?;
        if bytes.len() as u64 > most {
            return Err(self.no(format!("{digest} has more than {most} bytes")));
        }
        if Digest::of(&bytes) != digest {
            return Err(BundleError::Changed { path: self.path.to_owned(), digest });
        }
        Ok(bytes)
    }

    /// Without keeping it in memory.
    fn verify(&self, blobs: &Dir, named: Named) -> Result<(), BundleError> {
        let (path, digest) = (|| self.path.to_owned(), named.digest);
        if named.size > MAX_BLOB_BYTES {
            return Err(self.no(format!("{digest} has more than {MAX_BLOB_BYTES} bytes")));
        }
        let mut file = self.open(blobs, digest)?.take(named.size.saturating_add(1));
        let mut hasher = Sha256::new();
        let mut part = vec![0; 1 << 18];
        let mut size = 0u64;
        loop {
            let read = file.read(&mut part).map_err(|source| BundleError::Disk { path: path(), source })?;
            if read == 0 {
                break;
            }
            size = size.saturating_add(read as u64);
            hasher.update(part.get(..read).unwrap_or_default());
        }
        if size < named.size {
            return Err(BundleError::Missing { path: path(), digest });
        }
        if size > named.size || Digest::finish(hasher) != digest {
            return Err(BundleError::Changed { path: path(), digest });
        }
        Ok(())
    }

    fn open(&self, blobs: &Dir, digest: Digest) -> Result<cap_std::fs::File, BundleError> {
        let path = || self.path.to_owned();
        // A link could lead to a file that never ends, and one out of the bundle is refused by the capability.
        match blobs.symlink_metadata(digest.hex()) {
            Ok(found) if found.is_file() => {}
            Ok(_) => return Err(self.no(format!("{digest} is no file"))),
            Err(_) => return Err(BundleError::Missing { path: path(), digest }),
        }
        blobs.open(digest.hex()).map_err(|source| BundleError::Disk { path: path(), source })
    }
}

impl NewBundle {
    pub fn create(path: &Path) -> Result<Self, BundleError> {
        let disk = |source| BundleError::Disk { path: path.to_owned(), source };
        std::fs::create_dir_all(path).map_err(disk)?;
        let dir = Dir::open_ambient_dir(path, ambient_authority()).map_err(disk)?;
        if dir.entries().map_err(disk)?.next().is_some() {
            return Err(BundleError::NotEmpty { path: path.to_owned() });
        }
        dir.create_dir_all("blobs/sha256").map_err(disk)?;
        let blobs = dir.open_dir("blobs/sha256").map_err(disk)?;
        Ok(Self { dir, blobs, path: path.to_owned(), written: BTreeSet::new(), manifests: Vec::new() })
    }

    pub fn blob(&mut self, bytes: &[u8]) -> Result<Digest, BundleError> {
        let digest = Digest::of(bytes);
        if self.written.insert(digest) {
            write(&self.blobs, &digest.hex(), bytes)
                .map_err(|source| BundleError::Disk { path: self.path.clone(), source })?;
        }
        Ok(digest)
    }

    /// A manifest whose blobs are in the bundle. `tag` is a release's version.
    pub fn manifest(
        &mut self,
        repository: &Repository,
        tag: Option<&Tag>,
        body: &[u8],
    ) -> Result<(), BundleError> {
        let digest = self.blob(body)?;
        let mut annotations = BTreeMap::from([(REPOSITORY.to_owned(), repository.to_string())]);
        annotations.extend(tag.map(|tag| (TAG.to_owned(), tag.to_string())));
        self.manifests.push(Descriptor {
            media_type: OCI_MANIFEST.to_owned(),
            digest: digest.to_string(),
            size: body.len() as u64,
            annotations,
        });
        Ok(())
    }

    /// Writes the index last: without it nothing in the directory is a bundle.
    pub fn finish(self) -> Result<(), BundleError> {
        let index = Index { schema_version: 2, media_type: OCI_INDEX.to_owned(), manifests: self.manifests };
        let finish = || -> io::Result<()> {
            sync(&self.blobs)?;
            write(&self.dir, "oci-layout", LAYOUT.as_bytes())?;
            write(&self.dir, "index.json.part", &serde_json::to_vec_pretty(&index)?)?;
            self.dir.rename("index.json.part", &self.dir, INDEX)?;
            sync(&self.dir)
        };
        finish().map_err(|source| BundleError::Disk { path: self.path.clone(), source })
    }
}

fn write(dir: &Dir, name: &str, bytes: &[u8]) -> io::Result<()> {
    let mut file = dir.open_with(name, OpenOptions::new().write(true).create_new(true))?;
    file.write_all(bytes)?;
    file.sync_all()
}

#[cfg(test)]
mod tests;
