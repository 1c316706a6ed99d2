//! Node and the packages of a folder with a `package-lock.json`.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::command;
use crate::progress;
use crate::setup::stamp::Stamp;

/// What the portal's build tool asks for.
const OLDEST: (u32, u32) = (20, 19);

/// Installs the folder's packages as locked, unless that was done since the lock last changed.
pub fn packages(folder: &Path) -> Result<()> {
    check_version()?;
    // Beside the packages, not among the target's stamps: clones may share a target folder but not these.
    let mut stamp = Stamp::new(folder.join("node_modules/.dongting-stamp"));
    for file in ["package.json", "package-lock.json"] {
        let path = folder.join(file);
        stamp.add(std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?);
    }
    if stamp.is_fresh() {
        return Ok(());
    }
    let mut npm = npm(folder);
    npm.args(["ci", "--no-audit", "--no-fund"]);
    progress::counted(&format!("npm ci in {}", folder.display()), || command::quiet(&mut npm)).with_context(
        || {
            format!(
                "the packages of {0} could not be installed; run `npm ci` in {0} to see why",
                folder.display()
            )
        },
    )?;
    stamp.keep()
}

pub fn npm(folder: &Path) -> Command {
    let mut npm = Command::new("npm");
    npm.current_dir(folder);
    npm
}

fn check_version() -> Result<()> {
    let wanted = format!("Node {}.{} or newer", OLDEST.0, OLDEST.1);
    let advice = "Install it, for example `sudo apt-get install --yes nodejs npm` on Debian 13";
    let printed = command::output(Command::new("node").arg("--version"))
        .with_context(|| format!("{wanted} is missing (it builds the portal). {advice}"))?;
    if parse_version(&printed).is_none_or(|version| version < OLDEST) {
        bail!("{wanted} is needed (it builds the portal), and this one is {}. {advice}.", printed.trim());
    }
    if command::on_path("npm").is_none() {
        bail!("npm is missing (it installs the portal's packages). {advice}.");
    }
    Ok(())
}

fn parse_version(printed: &str) -> Option<(u32, u32)> {
    let mut numbers = printed.trim().strip_prefix('v')?.split('.');
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}
