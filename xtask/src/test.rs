//! `cargo xtask test`: sets everything up, builds everything, runs every test, and closes with one line that counts them all.

use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::command;
use crate::guests;
use crate::product;
use crate::progress;
use crate::setup::{self, Tools, node};
use crate::test::tally::Tally;
use crate::workspace::{Workspace, cargo};

mod tally;

/// The closing line is printed whatever happens: what could not even start counts as one failure.
pub fn run(workspace: &Workspace) -> Result<()> {
    let mut total = Tally::default();
    let ran = all(workspace, &mut total);
    if let Err(error) = &ran {
        progress::failed(&format!("{error:#}"));
        total.failed += 1;
    }
    println!("{total}");
    if total.failed > 0 {
        bail!("tests failed; what is marked ✗ above and the runners' own words say which");
    }
    Ok(())
}

fn all(workspace: &Workspace, total: &mut Tally) -> Result<()> {
    let tools = setup::run(workspace)?;
    let clients = setup::registry_clients()?;
    guests::build(workspace)?;
    product::build()?;

    let mut rust = cargo();
    rust.args(["test", "--release", "--workspace", "--no-fail-fast"]).envs(clients);
    *total += runner("cargo test", rust, &tools)?;

    let portal = workspace.root.join("portal");
    for script in ["test", "e2e", "e2e:host"] {
        let mut npm = node::npm(&portal);
        npm.args(["run", "--silent", script]);
        *total += runner(&format!("npm run {script}"), npm, &tools)?;
    }
    Ok(())
}

/// Runs one test runner to its end and reads its closing lines.
fn runner(name: &str, mut command: Command, tools: &Tools) -> Result<Tally> {
    command.env("NO_COLOR", "1").envs(tools.environment());
    let (printed, succeeded) = progress::shown(name, || command::watched(&mut command))?;
    let mut tally = tally::read(&printed)
        .or(if succeeded { None } else { Some(Tally::default()) })
        .with_context(|| format!("{name} ended well but counted no test"))?;
    if !succeeded {
        progress::failed(&format!("{name} failed"));
        // A runner that breaks down before it counts a failure has failed all the same.
        tally.failed = tally.failed.max(1);
    }
    Ok(tally)
}
