//! `cargo xtask bench`: what calls, messages, releases and installations cost, beside raw wasmtime and beside native code.

use std::process::Command;

use anyhow::Result;

use crate::command;
use crate::guests;
use crate::product;
use crate::progress;
use crate::setup::nats;
use crate::workspace::{Workspace, cargo};

/// Needs the guests, the host and nats-server, and nothing else of what the demo and the tests need. `options` are those of the program
/// `bench`, which says them itself.
pub fn run(workspace: &Workspace, options: &[String]) -> Result<()> {
    guests::build(workspace)?;
    product::build()?;
    progress::shown("the benchmark", || {
        command::run(cargo().args(["build", "--release", "--bin", "bench"]))
    })?;
    let release = workspace.target.join("release");
    let mut bench = Command::new(release.join("bench"));
    bench.args(options);
    bench.env("DONGTING_BIN", release.join("dongting"));
    bench.env("DONGTING_PLUGINS", workspace.plugins());
    bench.env("NATS_SERVER", nats::ensure(workspace)?);
    command::run(&mut bench)
}
