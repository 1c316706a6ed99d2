//! Compiled components on disk, keyed by the component's digest and the engine's settings.
//!
//! A compiled component is native code: whoever can put a file here could run anything in the host. So the folder is private, each
//! entry carries a MAC under a key that only this folder has, and the very bytes that were verified are
//! deserialized (never a path, which could be exchanged in between). The MAC is also over the component's digest and the engine's
//! settings: an entry that is given another's name is not genuine there.

use std::fs;
use std::hash::{Hash, Hasher};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use wasmtime::Engine;
use wasmtime::component::Component;

const MAC_BYTES: usize = 32;

pub struct Cache {
    dir: PathBuf,
    key: [u8; 64],
    /// Differs between engines whose code cannot be exchanged.
    flavour: String,
}

impl Cache {
    pub fn open(dir: &Path, engine: &Engine) -> io::Result<Self> {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
        // A link would lead to a folder that somebody else may own.
        if !fs::symlink_metadata(dir)?.is_dir() {
            return Err(io::Error::other("it is no folder"));
        }
        // Fails where the folder is another's.
        fs::set_permissions(dir, fs::Permissions::from_mode(0o700))?;
        let key = key(&dir.join("key"))?;
        let mut hasher = Fnv(0xcbf2_9ce4_8422_2325);
        engine.precompile_compatibility_hash().hash(&mut hasher);
        Ok(Self { dir: dir.to_owned(), key, flavour: format!("{:016x}", hasher.finish()) })
    }

    /// The compiled component, if a genuine entry is there. A foreign or damaged one is removed and said so.
    pub fn get(&self, engine: &Engine, digest: &str) -> Option<Component> {
        let path = self.path(digest);
        let entry = fs::read(&path).ok()?;
        let (tag, code) = entry.split_at_checked(MAC_BYTES)?;
        if self.mac(digest, code).verify_slice(tag).is_err() {
            tracing::warn!(path = %path.display(), "Compile cache entry is not genuine; it is removed and made again");
            let _ = fs::remove_file(&path);
            return None;
        }
        // SAFETY: the bytes carry a MAC under this folder's private key over digest, engine flavour and code, so
        // they are what `put` serialized from a component that this engine's settings compiled.
        #[allow(unsafe_code, reason = "wasmtime cannot check native code; the MAC above does")]
        let component = unsafe { Component::deserialize(engine, code) };
        component.ok()
    }

    pub fn put(&self, digest: &str, component: &Component) -> io::Result<()> {
        let code = component.serialize().map_err(io::Error::other)?;
        let tag = self.mac(digest, &code).finalize().into_bytes();
        let temporary = self.dir.join(format!("{digest}.{}.part", std::process::id()));
        let mut file =
            fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&temporary)?;
        file.write_all(&tag)?;
        file.write_all(&code)?;
        file.sync_all()?;
        fs::rename(&temporary, self.path(digest))
    }

    fn path(&self, digest: &str) -> PathBuf {
        self.dir.join(format!("{digest}-{}.cwasm", self.flavour))
    }

    fn mac(&self, digest: &str, code: &[u8]) -> Hmac<Sha256> {
        let mut mac = Hmac::<Sha256>::new(&self.key.into());
        mac.update(digest.as_bytes());
        mac.update(self.flavour.as_bytes());
        mac.update(code);
        mac
    }
}

/// The folder's key, made at first use. One that others could have read or put here is made anew, and no entry is genuine any more.
fn key(path: &Path) -> io::Result<[u8; 64]> {
    if let Ok(about) = fs::symlink_metadata(path) {
        let private = about.is_file() && about.permissions().mode() & 0o077 == 0 && about.nlink() == 1;
        if private
            && let Ok(found) = fs::read(path)
            && let Ok(key) = <[u8; 64]>::try_from(found.as_slice())
        {
            return Ok(key);
        }
        tracing::warn!(path = %path.display(), "The compile cache's key is not private or not whole; it is made anew");
        fs::remove_file(path)?;
    }
    let mut key = [0; 64];
    getrandom::fill(&mut key).map_err(|error| io::Error::other(error.to_string()))?;
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(&key)?;
    file.sync_all()?;
    Ok(key)
}

/// FNV-1a: std's hasher may change between releases, and a file name must not.
struct Fnv(u64);

impl Hasher for Fnv {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }
}
