//! The host's binary, `dongting`.

use anyhow::Result;

use crate::command;
use crate::progress;
use crate::workspace::cargo;

/// Builds `target/release/dongting`. Its crates are those that the tests use: nothing is compiled for one of them only.
pub fn build() -> Result<()> {
    progress::shown("dongting", || {
        command::run(cargo().args(["build", "--release", "--bin", "dongting", "--bin", "seismic-network"]))
    })
}
