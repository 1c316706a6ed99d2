//! The directory of blobs: `uploads/<id>` while they arrive, `blobs/sha256/ab/abcd…` from then on. A capability to this directory is
//! held, not its path; names are made here of digests and ids alone. Everything here blocks: call it off the async threads.

use std::collections::BTreeSet;
use std::io::{self, Read, Seek, SeekFrom};

use cap_std::fs::{Dir, File, OpenOptions};
use sha2::{Digest as _, Sha256};

use crate::digest::Digest;

#[derive(Debug)]
pub struct Blobs {
    blobs: Dir,
    uploads: Dir,
}

impl Blobs {
    pub fn open(root: &Dir) -> io::Result<Self> {
        root.create_dir_all("blobs/sha256")?;
        root.create_dir_all("uploads")?;
        sync(root)?;
        sync(&root.open_dir("blobs")?)?;
        Ok(Self { blobs: root.open_dir("blobs/sha256")?, uploads: root.open_dir("uploads")? })
    }

    /// The file of an upload, cut to what is known to be whole, with the next byte to be written at its end.
    pub fn resume(&self, id: &str, received: u64) -> io::Result<std::fs::File> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true);
        let mut file = self.uploads.open_with(id, &options)?.into_std();
        if file.metadata()?.len() < received {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the upload's file has lost bytes"));
        }
        file.set_len(received)?;
        file.seek(SeekFrom::End(0))?;
        Ok(file)
    }

    /// What an upload's bytes are; they are on the disk when this returns.
    pub fn seal(&self, id: &str, received: u64) -> io::Result<Digest> {
        let mut file = self.resume(id, received)?;
        file.seek(SeekFrom::Start(0))?;
        let digest = digest(&mut file)?;
        file.sync_all()?;
        Ok(digest)
    }

    /// Makes a sealed upload the blob of its digest, in place of what lay there: the bytes just verified are the better ones.
    pub fn keep(&self, id: &str, digest: Digest) -> io::Result<()> {
        let (shelf, name) = place(digest);
        match self.blobs.create_dir(&shelf) {
            Ok(()) => sync(&self.blobs)?,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
        let shelf = self.blobs.open_dir(&shelf)?;
        self.uploads.rename(id, &shelf, &name)?;
        sync(&shelf)
    }

    pub fn drop_upload(&self, id: &str) -> io::Result<()> {
        gone(self.uploads.remove_file(id))
    }

    pub fn file(&self, digest: Digest) -> io::Result<File> {
        let (shelf, name) = place(digest);
        self.blobs.open_dir(shelf)?.open(name)
    }

    /// The whole blob if its bytes still have the digest. None where they do not.
    pub fn verified(&self, digest: Digest, most: u64) -> io::Result<Option<Vec<u8>>> {
        let mut bytes = Vec::new();
        self.file(digest)?.take(most.saturating_add(1)).read_to_end(&mut bytes)?;
        Ok((Digest::of(&bytes) == digest).then_some(bytes))
    }

    pub fn remove(&self, digest: Digest) -> io::Result<()> {
        let (shelf, name) = place(digest);
        match self.blobs.open_dir(shelf) {
            Ok(shelf) => gone(shelf.remove_file(name)),
            Err(error) => gone(Err(error)),
        }
    }

    /// Every blob that has a file. What is no blob's name is not ours and stays.
    pub fn kept(&self) -> io::Result<BTreeSet<Digest>> {
        let mut kept = BTreeSet::new();
        for shelf in self.blobs.entries()? {
            let shelf = shelf?;
            if !shelf.file_type()?.is_dir() {
                continue;
            }
            for entry in shelf.open_dir()?.entries()? {
                let name = entry?.file_name();
                kept.extend(name.to_str().and_then(|name| format!("sha256:{name}").parse::<Digest>().ok()));
            }
        }
        Ok(kept)
    }

    /// The uploads that have a file, with its size.
    pub fn arriving(&self) -> io::Result<Vec<(String, u64)>> {
        let mut found = Vec::new();
        for entry in self.uploads.entries()? {
            let entry = entry?;
            if let Ok(name) = entry.file_name().into_string() {
                found.push((name, entry.metadata()?.len()));
            }
        }
        Ok(found)
    }
}

fn place(digest: Digest) -> (String, String) {
    let hex = digest.hex();
    (hex.chars().take(2).collect(), hex)
}

fn digest(file: &mut impl Read) -> io::Result<Digest> {
    let mut hasher = Sha256::new();
    let mut part = vec![0; 1 << 18];
    loop {
        let read = file.read(&mut part)?;
        if read == 0 {
            return Ok(Digest::finish(hasher));
        }
        hasher.update(part.get(..read).unwrap_or_default());
    }
}

/// A name that was made or moved is on the disk once its folder is.
pub(crate) fn sync(folder: &Dir) -> io::Result<()> {
    // The folder's own handle only names it; one that is open for reading can be synced.
    folder.open(".")?.sync_all()
}

fn gone(removed: io::Result<()>) -> io::Result<()> {
    match removed {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}
