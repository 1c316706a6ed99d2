//! `wkg`, with which vendors of any language push components: the registry is tested with it. It takes minutes to build, so it is
//! kept in the user's cache, for all clones together, and not in the target folder.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};

use crate::command;
use crate::progress;
use crate::workspace::cargo;

const VERSION: &str = "0.16.1";

pub fn ensure() -> Result<PathBuf> {
    if let Some(present) = command::on_path("wkg")
        && is_pinned(&present)
    {
        return Ok(present);
    }
    let folder = cache()?.join(format!("wkg-{VERSION}"));
    let program = folder.join("bin/wkg");
    if !(program.is_file() && is_pinned(&program)) {
        progress::counted("wkg (built once, takes minutes)", || {
            let mut install = cargo();
            // Without the workspace's own settings: another program is built, as it was published.
            install.current_dir("/").env_remove("RUSTFLAGS").env_remove("CARGO_TARGET_DIR");
            install.args(["install", "wkg", "--locked", "--force", "--version", VERSION, "--root"]).arg(&folder);
            command::quiet(&mut install)
        })
        .with_context(|| {
            format!("wkg is missing (the registry is tested with it); let `cargo install wkg --version {VERSION}` work")
        })?;
    }
    Ok(program)
}

fn is_pinned(program: &PathBuf) -> bool {
    command::output(Command::new(program).arg("--version"))
        .is_ok_and(|said| said.split_whitespace().any(|word| word == VERSION))
}

fn cache() -> Result<PathBuf> {
    let folder = match std::env::var_os("XDG_CACHE_HOME").filter(|folder| !folder.is_empty()) {
        Some(folder) => PathBuf::from(folder),
        None => PathBuf::from(std::env::var_os("HOME").context("HOME is not set")?).join(".cache"),
    };
    Ok(folder.join("dongting"))
}
