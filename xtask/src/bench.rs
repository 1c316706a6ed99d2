//! `cargo xtask bench`: what a call costs, beside raw wasmtime and beside native code.

use std::process::Command;

use anyhow::Result;

use crate::command;
use crate::guests;
use crate::progress;
use crate::setup::nats;
use crate::workspace::{Workspace, cargo};

/// Needs the guests and nats-server, and nothing else of what the demo and the tests need.
pub fn run(workspace: &Workspace) -> Result<()> {
    guests::build(workspace)?;
    progress::shown("the benchmark", || {
        command::run(cargo().args(["build", "--release", "--bin", "bench"]))
    })?;
    let program = workspace.target.join("release/bench");
    let nats = nats::ensure(workspace)?;
    command::run(Command::new(program).env("DONGTING_PLUGINS", workspace.plugins()).env("NATS_SERVER", nats))
}
