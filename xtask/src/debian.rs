//! Debian's packages: installed by name, and never without saying so first.

use std::process::Command;

use anyhow::{Result, bail};

use crate::command;
use crate::progress;

/// Installs packages system-wide if this is Debian and the user is root; otherwise the error is the command to run.
pub fn install(packages: &[&str], why: &str) -> Result<()> {
    let names = packages.join(" ");
    if command::on_path("apt-get").is_none() {
        bail!(
            "{names} are missing ({why}), and this is not a Debian machine. Install them by this system's own means."
        );
    }
    if !is_root() {
        bail!("{names} are missing ({why}). Run `sudo apt-get install --yes {names}`.");
    }
    progress::say(&format!("Installing system-wide by apt-get: {names} ({why})"));
    if apt(packages).is_ok() {
        return Ok(());
    }
    // A new machine's list of packages may be empty or old.
    progress::counted("apt-get update", || command::quiet(Command::new("apt-get").arg("update")))?;
    apt(packages)
}

fn apt(packages: &[&str]) -> Result<()> {
    progress::counted(&format!("apt-get install {}", packages.join(" ")), || {
        let mut apt = Command::new("apt-get");
        apt.args(["install", "--yes", "--no-install-recommends"]).args(packages);
        command::quiet(apt.env("DEBIAN_FRONTEND", "noninteractive"))
    })
}

fn is_root() -> bool {
    command::output(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0")
}
