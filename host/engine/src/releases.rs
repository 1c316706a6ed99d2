//! Components in memory: each compiled once, and linked once for the same grants, however many installations run it.
//!
//! What nobody runs any more goes away by itself: only weak references are kept here.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use dongting_manifest::plugin::{Capability, Manifest};
use dongting_sandbox::{LoadError, Plugin, Release, Sandbox};
use sha2::{Digest, Sha256};
use tokio::runtime::Handle;

/// All that is loaded, by digest.
pub struct Releases {
    sandbox: Arc<Sandbox>,
    /// Where is compiled: below the work that goes on.
    threads: Handle,
    known: Mutex<BTreeMap<[u8; 32], Entry>>,
}

/// Locked while its component is compiled, so that nobody does it a second time meanwhile.
type Entry = Arc<tokio::sync::Mutex<Weak<Loaded>>>;

/// A component in memory.
pub struct Loaded {
    release: Release,
    /// `name@version#digest`.
    pub reference: Arc<str>,
    /// The capabilities that it imports.
    pub imported: BTreeSet<Capability>,
    /// By the capabilities that are both imported and granted.
    linked: Mutex<BTreeMap<BTreeSet<Capability>, Weak<Plugin>>>,
}

#[derive(Debug, Clone, thiserror::Error)]
pub enum ReleaseError {
    #[error(transparent)]
    Load(Arc<LoadError>),
    #[error("loading was interrupted")]
    Interrupted,
}

impl Releases {
    pub fn new(sandbox: Arc<Sandbox>, threads: Handle) -> Self {
        Self { sandbox, threads, known: Mutex::default() }
    }

    /// The component of these bytes, compiled unless somebody runs it already.
    pub async fn load(&self, bytes: Vec<u8>) -> Result<Arc<Loaded>, ReleaseError> {
        let entry = self.entry(Sha256::digest(&bytes).into());
        let mut entry = entry.lock().await;
        if let Some(loaded) = entry.upgrade() {
            return Ok(loaded);
        }
        let sandbox = Arc::clone(&self.sandbox);
        // Seconds of CPU: not on an async thread.
        let release = self.threads.spawn_blocking(move || sandbox.load(&bytes)).await;
        let release = release.map_err(|_| ReleaseError::Interrupted)?;
        let loaded = Arc::new(Loaded::new(release.map_err(|error| ReleaseError::Load(Arc::new(error)))?));
        *entry = Arc::downgrade(&loaded);
        Ok(loaded)
    }

    fn entry(&self, digest: [u8; 32]) -> Entry {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        // Nobody has an entry in hand whose component is gone.
        known.retain(|other, entry| {
            *other == digest
                || Arc::strong_count(entry) > 1
                || entry.try_lock().is_ok_and(|held| held.strong_count() > 0)
        });
        Arc::clone(known.entry(digest).or_default())
    }
}

impl Loaded {
    fn new(release: Release) -> Self {
        let (reference, imported) = (release.reference().into(), release.imported());
        Self { release, reference, imported, linked: Mutex::default() }
    }

    pub fn manifest(&self) -> &Arc<Manifest> {
        &self.release.manifest
    }

    /// SHA-256 of the component's bytes, hexadecimal.
    pub fn digest(&self) -> &str {
        &self.release.digest
    }

    /// Linked to what is imported and granted, and to nothing else.
    pub fn link(&self, granted: &BTreeSet<Capability>) -> Result<Arc<Plugin>, LoadError> {
        let capabilities: BTreeSet<Capability> = self.imported.intersection(granted).copied().collect();
        let mut linked = self.linked.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(plugin) = linked.get(&capabilities).and_then(Weak::upgrade) {
            return Ok(plugin);
        }
        let plugin = Arc::new(self.release.link(&capabilities)?);
        linked.insert(capabilities, Arc::downgrade(&plugin));
        Ok(plugin)
    }
}
