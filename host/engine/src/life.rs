//! One process a data directory: two would each believe themselves alone. Where several hosts share a database, each life has a name there, and
//! whoever begins the next one knows that the one before is over.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::Path;

use dongting_manifest::Timestamp;
use dongting_store::Store;

use crate::HostError;
use crate::installed::chain;

/// Longer ones are none of a host's making.
const LONGEST_NAME: u64 = 256;

/// Until it is dropped, or its process ends.
pub struct Life {
    lock: File,
    pub name: String,
}

impl Life {
    pub fn begin(data: &Path) -> Result<Self, HostError> {
        use std::os::unix::fs::DirBuilderExt;
        let failed = |source| HostError::Data { path: data.to_owned(), source };
        DirBuilder::new().recursive(true).mode(0o700).create(data).map_err(failed)?;
        let mut options = OpenOptions::new();
        let lock = options.create(true).truncate(false).read(true).write(true).open(data.join("lock"));
        let lock = lock.map_err(failed)?;
        match lock.try_lock() {
            Ok(()) => {
                let name = format!("{}-{}", std::process::id(), Timestamp::now().as_micros());
                Ok(Self { lock, name })
            }
            Err(TryLockError::WouldBlock) => Err(HostError::InUse { path: data.to_owned() }),
            Err(TryLockError::Error(source)) => Err(failed(source)),
        }
    }

    /// Lets go of what the life before this one had in a database that others use too: nobody has to wait until that is over. Of this one the name
    /// is noted in its place.
    pub async fn follow(&mut self, store: &Store) {
        let followed = async {
            let before = self.noted().map_err(|error| chain(&error))?;
            if !before.is_empty() {
                store.forget_holder(&before).await.map_err(|error| chain(&error))?;
            }
            self.note().map_err(|error| chain(&error))
        };
        if let Err(reason) = followed.await {
            tracing::warn!(reason, "What this host's last life held is free a few seconds later");
        }
    }

    fn noted(&mut self) -> io::Result<String> {
        let mut noted = Vec::new();
        self.lock.rewind()?;
        (&self.lock).take(LONGEST_NAME).read_to_end(&mut noted)?;
        // What a power cut has left of one is the name of nobody.
        Ok(String::from_utf8(noted).unwrap_or_default())
    }

    fn note(&mut self) -> io::Result<()> {
        self.lock.set_len(0)?;
        self.lock.rewind()?;
        self.lock.write_all(self.name.as_bytes())
    }
}
