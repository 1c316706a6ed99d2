//! The registry's directory, opened by the one process that owns it.

use std::collections::HashSet;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

use cap_std::ambient_authority;
use cap_std::fs::Dir;
use dongting_manifest::Timestamp;
use sqlx::AssertSqlSafe;
use tokio::sync::{Notify, RwLock, Semaphore, watch};
use tokio::task::AbortHandle;

use crate::blobs::{Blobs, sync};
use crate::database::{Database, unsigned};
use crate::digest::Digest;
use crate::error::{OpenError, RegistryError};
use crate::options::RegistryOptions;

/// Bodies that arrive at once, of all vendors together.
const ARRIVING: usize = 32;
/// How often uploads and blobs that nobody wants are looked for.
const TENDED: Duration = Duration::from_secs(60);
/// Rounds of tending from one sweep to the next.
const SWEPT: u32 = 60;
/// A component is read whole into memory; so many at once.
const CHECKS: usize = 2;

/// Cheap to clone: all clones are one registry.
#[derive(Debug, Clone)]
pub struct Registry {
    pub(crate) inner: Arc<Inner>,
}

#[derive(Debug)]
pub(crate) struct Inner {
    pub options: RegistryOptions,
    pub database: Database,
    pub blobs: Arc<Blobs>,
    /// Held to read while a file becomes a blob and its row is written, to write while files without rows are removed.
    pub shelves: RwLock<()>,
    /// Uploads that a request is writing to.
    pub writing: Mutex<HashSet<String>>,
    /// Told when one of them ends.
    pub released: Notify,
    pub arriving: Semaphore,
    pub checks: Semaphore,
    /// May do everything. In the file `admin-token`.
    pub admin_token: String,
    /// Signs bearer tokens; another at each start, so none outlives the process.
    pub bearer_key: [u8; 64],
    changed: watch::Sender<u64>,
    tending: Mutex<Option<AbortHandle>>,
    _lock: std::fs::File,
}

impl Registry {
    /// Opens the directory or makes it. What a killed process left half done is cleared away first.
    pub async fn open(directory: &Path) -> Result<Self, OpenError> {
        Self::open_with(directory, RegistryOptions::default()).await
    }

    pub async fn open_with(directory: &Path, options: RegistryOptions) -> Result<Self, OpenError> {
        let failed = |source| OpenError::Directory { path: directory.to_owned(), source };
        make(directory).map_err(failed)?;
        let root = Dir::open_ambient_dir(directory, ambient_authority()).map_err(failed)?;
        let lock = lock(&root, directory)?;
        let blobs = Arc::new(Blobs::open(&root).map_err(failed)?);
        let database = Database::open(&directory.join("registry.db")).await?;
        let admin_token = admin_token(&root, directory)?;
        let (changed, _) = watch::channel(0);
        let inner = Arc::new(Inner {
            options,
            database,
            blobs,
            shelves: RwLock::new(()),
            writing: Mutex::default(),
            released: Notify::new(),
            arriving: Semaphore::new(ARRIVING),
            checks: Semaphore::new(CHECKS),
            admin_token,
            bearer_key: random()?,
            changed,
            tending: Mutex::default(),
            _lock: lock,
        });
        let registry = Self { inner };
        registry.recover().await.map_err(|error| match error {
            RegistryError::Disk(source) => failed(source),
            RegistryError::Sql(source) => OpenError::Database { path: directory.join("registry.db"), source },
            other => failed(io::Error::other(other.to_string())),
        })?;
        registry.tend();
        Ok(registry)
    }

    /// Moves on each push, yank, deletion and change of a key: time to look again at what is trusted.
    #[must_use]
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.inner.changed.subscribe()
    }

    /// Ends what runs in the background and closes the database. The directory is free once the last clone is gone.
    pub async fn close(&self) {
        if let Ok(mut tending) = self.inner.tending.lock()
            && let Some(task) = tending.take()
        {
            task.abort();
        }
        self.inner.database.close().await;
    }

    pub(crate) fn changed(&self) {
        self.inner.changed.send_modify(|count| *count = count.wrapping_add(1));
    }

    pub(crate) fn database(&self) -> &Database {
        &self.inner.database
    }

    /// Runs what blocks on the directory off the async threads.
    pub(crate) async fn on_disk<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Blobs) -> io::Result<T> + Send + 'static,
    ) -> Result<T, RegistryError> {
        let blobs = self.inner.blobs.clone();
        let done = tokio::task::spawn_blocking(move || work(&blobs)).await;
        done.map_err(|error| RegistryError::Disk(io::Error::other(error)))?.map_err(RegistryError::disk)
    }

    /// The whole blob, looked at again: its bytes have its digest, or this is an error.
    pub(crate) async fn verified(&self, digest: Digest) -> Result<Vec<u8>, RegistryError> {
        // What came in under a larger limit is still what it is.
        let most = self.inner.options.max_blob().max(RegistryOptions::default().max_blob());
        let read = self.on_disk(move |blobs| blobs.verified(digest, most)).await;
        match read {
            Ok(Some(bytes)) => Ok(bytes),
            // A file that is gone is no better than one that was changed.
            Ok(None) => Err(RegistryError::Tampered { digest }),
            Err(RegistryError::Disk(error)) if error.kind() == io::ErrorKind::NotFound => {
                Err(RegistryError::Tampered { digest })
            }
            Err(error) => Err(error),
        }
    }

    /// Nothing arrives yet: a row without its file and a file without its row are what a killed process left.
    async fn recover(&self) -> Result<(), RegistryError> {
        let files = self.on_disk(Blobs::arriving).await?;
        let rows: Vec<(String, i64)> = sqlx::query_as("SELECT id, received FROM upload")
            .fetch_all(&self.database().reader)
            .await
            .map_err(RegistryError::sql)?;
        let mut transaction = self.database().write().await?;
        for (id, received) in &rows {
            let whole =
                *received == 0 || files.iter().any(|(name, size)| name == id && *size >= unsigned(*received));
            let statement = if whole {
                "UPDATE upload SET reserved = received WHERE id = $1"
            } else {
                "DELETE FROM upload WHERE id = $1"
            };
            sqlx::query(AssertSqlSafe(statement))
                .bind(id)
                .execute(&mut *transaction)
                .await
                .map_err(RegistryError::sql)?;
        }
        transaction.commit().await.map_err(RegistryError::sql)?;
        self.drop_strays().await?;
        Ok(())
    }

    fn tend(&self) {
        let inner = Arc::downgrade(&self.inner);
        let task = tokio::spawn(tend(inner));
        if let Ok(mut tending) = self.inner.tending.lock() {
            *tending = Some(task.abort_handle());
        }
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        if let Ok(mut tending) = self.tending.lock()
            && let Some(task) = tending.take()
        {
            task.abort();
        }
    }
}

async fn tend(inner: Weak<Inner>) {
    for round in 1u32.. {
        tokio::time::sleep(TENDED).await;
        let Some(inner) = inner.upgrade() else { return };
        let registry = Registry { inner };
        let tended = match registry.expire_uploads().await {
            Ok(_) if round.is_multiple_of(SWEPT) => registry.sweep().await.map(drop),
            expired => expired.map(drop),
        };
        if let Err(error) = tended {
            tracing::error!(%error, "What nobody needs could not be cleared out of the registry");
        }
    }
}

pub(crate) fn now() -> i64 {
    Timestamp::now().as_micros()
}

/// The instant that lies so far back.
pub(crate) fn ago(span: Duration) -> i64 {
    Timestamp::now().saturating_sub(span).as_micros()
}

pub(crate) fn instant(micros: i64) -> Timestamp {
    Timestamp::from_micros(micros).unwrap_or_else(Timestamp::now)
}

fn random<const N: usize>() -> Result<[u8; N], OpenError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|_| OpenError::Random)?;
    Ok(bytes)
}

fn make(directory: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(directory)
}

fn lock(root: &Dir, directory: &Path) -> Result<std::fs::File, OpenError> {
    let failed = |source| OpenError::Directory { path: directory.to_owned(), source };
    let mut options = cap_std::fs::OpenOptions::new();
    let file = root.open_with("lock", options.write(true).create(true)).map_err(failed)?.into_std();
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(std::fs::TryLockError::WouldBlock) => Err(OpenError::InUse { path: directory.to_owned() }),
        Err(std::fs::TryLockError::Error(source)) => Err(failed(source)),
    }
}

/// The name of the file that has the admin's token.
pub const ADMIN_TOKEN: &str = "admin-token";

/// The token in the file, which is made at the first start. A file that was cut short by a kill is made anew.
fn admin_token(root: &Dir, directory: &Path) -> Result<String, OpenError> {
    use cap_std::fs::OpenOptionsExt;
    let failed = |source| OpenError::Directory { path: PathBuf::from(directory).join(ADMIN_TOKEN), source };
    match root.read_to_string(ADMIN_TOKEN) {
        Ok(text) if text.trim().len() >= 32 => return Ok(text.trim().to_owned()),
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(error)),
        _ => {}
    }
    let token = format!("dga_{}", hex::encode(random::<32>()?));
    let fresh = format!("{ADMIN_TOKEN}.new");
    let mut options = cap_std::fs::OpenOptions::new();
    let mut write = || {
        let mut file = root.open_with(&fresh, options.write(true).create(true).truncate(true).mode(0o600))?;
        file.write_all(token.as_bytes())?;
        file.write_all(b"\n")?;
        file.sync_all()?;
        root.rename(&fresh, root, ADMIN_TOKEN)?;
        sync(root)
    };
    write().map_err(failed)?;
    Ok(token)
}
