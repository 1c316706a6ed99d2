//! `cargo xtask chaos`: kills the host again and again under load, and counts what that cost.

use std::process::Command;

use anyhow::Result;

use crate::command;
use crate::guests;
use crate::product;
use crate::progress;
use crate::setup::nats;
use crate::workspace::{Workspace, cargo};

/// `options` are those of the program `chaos`, which says them itself.
pub fn run(workspace: &Workspace, options: &[String]) -> Result<()> {
    guests::build(workspace)?;
    product::build()?;
    progress::shown("chaos and its ledger", || {
        command::run(cargo().args(["build", "--release", "--bin", "chaos", "--bin", "ledger"]))
    })?;
    let release = workspace.target.join("release");
    let mut chaos = Command::new(release.join("chaos"));
    chaos.args(options);
    chaos.env("DONGTING_BIN", release.join("dongting"));
    chaos.env("DONGTING_PLUGINS", workspace.plugins());
    chaos.env("NATS_SERVER", nats::ensure(workspace)?);
    command::run(&mut chaos)
}
