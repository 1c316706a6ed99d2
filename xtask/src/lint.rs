//! `cargo xtask lint`: every check runs, and all findings are told together.

use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::command;
use crate::progress;
use crate::setup::{self, node};
use crate::workspace::{Workspace, cargo};

mod arrows;
mod tidy;

pub fn run(workspace: &Workspace) -> Result<()> {
    let mut failed = Vec::new();
    let mut check = |name: &'static str, check: &mut dyn FnMut() -> Result<()>| {
        if let Err(error) = progress::shown(name, check) {
            eprintln!("{error:#}");
            failed.push(name);
        }
    };
    check("lock file", &mut || {
        command::quiet(cargo().args(["metadata", "--locked", "--format-version", "1"]))
    });
    check("arrows between crates", &mut || told(&arrows::findings(workspace)));
    check("tidiness", &mut || told(&tidy::findings(workspace)?));
    check("cargo fmt", &mut || formatted());
    check("cargo clippy", &mut || command::run(&mut clippy()));
    check("cargo deny", &mut || {
        let mut deny = Command::new(setup::deny::ensure(workspace)?);
        command::run(deny.args(["--log-level", "error", "check", "bans", "licenses", "sources"]))
    });
    check("portal's lint", &mut || {
        let portal = workspace.root.join("portal");
        node::packages(&portal)?;
        command::run(node::npm(&portal).args(["run", "--silent", "lint"]))
    });
    if failed.is_empty() {
        progress::say("No findings.");
        return Ok(());
    }
    bail!("lint has findings in: {}", failed.join(", "))
}

/// Names the files; the differences themselves are seen by formatting them.
fn formatted() -> Result<()> {
    command::run(cargo().args(["fmt", "--all", "--check", "--", "--files-with-diff"]))
        .context("these files are not formatted; run `cargo fmt --all`")
}

/// The same profile as everything else: what wasmtime's build scripts made is used again.
fn clippy() -> Command {
    let mut clippy = cargo();
    clippy.args(["clippy", "--release", "--workspace", "--all-targets", "--keep-going"]);
    clippy.args(["--", "-D", "warnings"]);
    clippy
}

fn told(findings: &[String]) -> Result<()> {
    for finding in findings {
        eprintln!("  {finding}");
    }
    match findings.len() {
        0 => Ok(()),
        count => bail!("{count} findings"),
    }
}
