//! `skopeo`, Debian's: the registry is tested with it.

use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::command;
use crate::debian;

pub fn ensure() -> Result<PathBuf> {
    if command::on_path("skopeo").is_none() {
        debian::install(&["skopeo"], "the registry is tested with it")?;
    }
    command::on_path("skopeo").context(
        "skopeo is missing (the registry is tested with it). Run `sudo apt-get install --yes skopeo`.",
    )
}
