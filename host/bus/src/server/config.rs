//! The child's directory: its configuration with the host's credentials, which nobody else may read, and the
//! lock that keeps a second nats-server out (it does not lock its own store).

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;
use tokio::time::{Instant, sleep};

use super::{ServerError, unusable};
use crate::bus::{Credentials, MAX_PAYLOAD_BYTES};

/// A child whose host was just killed needs a moment to be gone.
const WAIT_FOR_LOCK: Duration = Duration::from_secs(10);

pub fn path(directory: &Path) -> PathBuf {
    directory.join("nats-server.conf")
}

pub fn prepare(directory: &Path) -> Result<(), ServerError> {
    DirBuilder::new().recursive(true).mode(0o700).create(directory).map_err(unusable(directory))?;
    fs::set_permissions(directory, Permissions::from_mode(0o700)).map_err(unusable(directory))
}

/// The lock is on the open file, which the child inherits: it is free when host and child are both gone.
pub async fn lock(directory: &Path, patience: Duration) -> Result<File, ServerError> {
    let path = directory.join("lock");
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .read(true)
        .write(true)
        .mode(0o600)
        .open(&path)
        .map_err(unusable(&path))?;
    let deadline = Instant::now() + patience.min(WAIT_FOR_LOCK);
    loop {
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => return Ok(file),
            Err(Errno::WOULDBLOCK) if Instant::now() < deadline => sleep(Duration::from_millis(20)).await,
            Err(Errno::WOULDBLOCK) => {
                return Err(ServerError::DirectoryInUse { directory: directory.to_owned() });
            }
            Err(error) => return Err(unusable(&path)(error.into())),
        }
    }
}

pub fn write(directory: &Path, port: u16, sync_always: bool, host: &Credentials) -> Result<(), ServerError> {
    let path = path(directory);
    let next = path.with_extension("next");
    let text = text(directory, port, sync_always, host);
    // Made anew with its mode, never opened with another one's; then put in place at once.
    let made = match fs::remove_file(&next) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        _ => OpenOptions::new().create_new(true).write(true).mode(0o600).open(&next),
    };
    made.and_then(|mut file| file.write_all(text.as_bytes()).and_then(|()| file.sync_all()))
        .and_then(|()| fs::rename(&next, &path))
        .map_err(unusable(&path))
}

/// One user, so nobody else can publish at all. The store's own limit is set out of the way: the lanes'
/// limits are what counts, and the default, a share of the disk that is free at the start, would refuse them
/// as the disk fills with our own data.
fn text(directory: &Path, port: u16, sync_always: bool, host: &Credentials) -> String {
    let store = quoted(&directory.to_string_lossy());
    let sync = if sync_always { "always" } else { "2m" };
    format!(
        "# Written by dongting at every start.\n\
         server_name: dongting\n\
         listen: \"127.0.0.1:{port}\"\n\
         logtime: false\n\
         max_payload: {MAX_PAYLOAD_BYTES}\n\
         jetstream {{\n  store_dir: {store}\n  sync_interval: {sync}\n  max_memory_store: 256MB\n  max_file_store: 1024TB\n}}\n\
         authorization {{\n  users: [{{ user: {}, password: {} }}]\n}}\n",
        quoted(&host.user),
        quoted(&host.password),
    )
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_configuration() {
        let host = Credentials { user: "host".to_owned(), password: "s3cret".to_owned() };
        let text = text(Path::new("/data/n \"1\""), 28_391, true, &host);
        for line in [
            "listen: \"127.0.0.1:28391\"",
            "store_dir: \"/data/n \\\"1\\\"\"",
            "sync_interval: always",
            "max_payload: 8388608",
            "users: [{ user: \"host\", password: \"s3cret\" }]",
        ] {
            assert!(text.contains(line), "{line} in {text}");
        }
    }
}
