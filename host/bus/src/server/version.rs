//! Whether the binary is a nats-server, and new enough.

use std::io::ErrorKind;
use std::path::Path;
use std::process::Stdio;

use tokio::process::Command;

use super::ServerError;

const OLDEST: (u32, u32) = (2, 12);

pub async fn check(binary: &Path) -> Result<(), ServerError> {
    let path = binary.to_owned();
    let output = Command::new(binary).arg("--version").stdin(Stdio::null()).kill_on_drop(true).output().await;
    let output = match output {
        Ok(output) => output,
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::PermissionDenied) => {
            return Err(ServerError::NoBinary { path });
        }
        Err(source) => return Err(ServerError::Spawn { source }),
    };
    let said = String::from_utf8_lossy(&output.stdout);
    match parse(&said) {
        Some(version) if version >= OLDEST => Ok(()),
        Some((major, minor)) => Err(ServerError::TooOld { path, version: format!("{major}.{minor}") }),
        None => Err(ServerError::NotNats { path, said: said.trim().chars().take(128).collect() }),
    }
}

/// `nats-server: v2.15.1`
fn parse(said: &str) -> Option<(u32, u32)> {
    let mut numbers = said.trim().strip_prefix("nats-server: v")?.split('.');
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions() {
        for (said, version) in [
            ("nats-server: v2.15.1\n", Some((2, 15))),
            ("nats-server: v2.9.10", Some((2, 9))),
            ("nats-server: v2.12.0-RC.1", Some((2, 12))),
            ("cat 9.1", None),
            ("", None),
        ] {
            assert_eq!(parse(said), version, "{said}");
        }
        assert!((2, 9) < OLDEST && (2, 15) > OLDEST && (3, 0) > OLDEST);
    }
}
