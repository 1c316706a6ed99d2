//! A project's files, watched by inotify: Linux tells of each change, and nothing is asked for in between.

use std::collections::BTreeMap;
use std::mem::MaybeUninit;
use std::path::{Path, PathBuf};
use std::sync::mpsc::Sender;
use std::time::SystemTime;

use anyhow::{Context, Result};
use rustix::fs::inotify::{CreateFlags, Reader, WatchFlags, add_watch, init};

use super::Event;

/// What builds write, and what is no source.
const LEFT_OUT: [&str; 5] = ["target", "dist", "build", "node_modules", "__pycache__"];

/// Size and time of every file.
pub type Fingerprint = BTreeMap<PathBuf, (u64, Option<SystemTime>)>;

/// Sends an event for each change from now on, for as long as somebody listens.
pub fn start(project: &Path, events: Sender<Event>) -> Result<()> {
    let inotify = init(CreateFlags::CLOEXEC).context("changes cannot be watched")?;
    let project = project.to_owned();
    let watch = move |inotify: &rustix::fd::OwnedFd| {
        let flags = WatchFlags::CREATE
            | WatchFlags::CLOSE_WRITE
            | WatchFlags::DELETE
            | WatchFlags::MOVED_FROM
            | WatchFlags::MOVED_TO;
        // A folder that is gone meanwhile has changes no more; one that is watched already stays so.
        folders(&project).iter().filter(|folder| add_watch(inotify, *folder, flags).is_ok()).count()
    };
    anyhow::ensure!(
        watch(&inotify) > 0,
        "changes cannot be watched: raise fs.inotify.max_user_watches, or build by `dongting plugin build`"
    );
    std::thread::Builder::new()
        .name("watch".to_owned())
        .spawn(move || {
            let mut buffer = [MaybeUninit::uninit(); 4096];
            let mut reader = Reader::new(&inotify, &mut buffer);
            while reader.next().is_ok() {
                watch(&inotify);
                if events.send(Event::Changed).is_err() {
                    return;
                }
            }
        })
        .context("changes cannot be watched")?;
    Ok(())
}

/// What is there now: two that are the same need no build between them.
pub fn fingerprint(project: &Path) -> Fingerprint {
    let mut found = Fingerprint::new();
    for folder in folders(project) {
        let Ok(entries) = folder.read_dir() else { continue };
        for entry in entries.flatten() {
            let Ok(metadata) = entry.metadata() else { continue };
            // cargo writes its lock while it builds.
            if metadata.is_file() && entry.file_name() != "Cargo.lock" {
                found.insert(entry.path(), (metadata.len(), metadata.modified().ok()));
            }
        }
    }
    found
}

/// The project's folder and those in it, without those that are left out.
fn folders(project: &Path) -> Vec<PathBuf> {
    let mut all = vec![project.to_owned()];
    let mut at = 0;
    while let Some(folder) = all.get(at).cloned() {
        at += 1;
        let Ok(entries) = folder.read_dir() else { continue };
        all.extend(entries.flatten().filter(is_source).map(|entry| entry.path()));
    }
    all
}

/// A folder, not a link to one: a link could lead in a circle.
fn is_source(entry: &std::fs::DirEntry) -> bool {
    let name = entry.file_name();
    let name = name.to_string_lossy();
    entry.file_type().is_ok_and(|kind| kind.is_dir())
        && !name.starts_with('.')
        && !LEFT_OUT.contains(&name.as_ref())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_are_told_and_what_builds_write_is_not() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["src", "target", ".git"] {
            std::fs::create_dir(folder.path().join(name)).unwrap();
        }
        let before = fingerprint(folder.path());
        let (events, happened) = std::sync::mpsc::channel();
        start(folder.path(), events).unwrap();
        let write = |name: &str| std::fs::write(folder.path().join(name), "x").unwrap();
        write("target/x");
        write(".git/x");
        assert_eq!(fingerprint(folder.path()), before);
        write("src/lib.rs");
        let deadline = std::time::Duration::from_secs(30);
        assert!(matches!(happened.recv_timeout(deadline), Ok(Event::Changed)));
        assert_ne!(fingerprint(folder.path()), before);
        // A new folder is watched, too.
        std::fs::create_dir(folder.path().join("src/deeper")).unwrap();
        while fingerprint(folder.path()).len() < 2 {
            write("src/deeper/mod.rs");
            happened.recv_timeout(deadline).unwrap();
        }
    }
}
