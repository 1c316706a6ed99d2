//! Python packages as a requirements file locks them, each set in a folder of its own below `target/tools`.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::command;
use crate::progress;
use crate::setup::stamp::Stamp;
use crate::setup::wheel::ensure_pip;
use crate::workspace::Workspace;

/// Installs the packages and gives the environment in which their programs run.
pub fn packages(workspace: &Workspace, requirements: &Path) -> Result<Vec<(String, OsString)>> {
    let text =
        std::fs::read(requirements).with_context(|| format!("cannot read {}", requirements.display()))?;
    let mut stamp = Stamp::new(PathBuf::new());
    stamp.add(&text);
    let folder = workspace.target.join("tools/python").join(stamp.short());
    let mut stamp = Stamp::new(folder.join(".dongting-stamp"));
    stamp.add(&text);
    if !stamp.is_fresh() {
        ensure_pip()?;
        let mut pip = Command::new("python3");
        pip.args(["-m", "pip", "install", "--quiet", "--no-input", "--no-deps", "--only-binary", ":all:"]);
        pip.args(["--require-hashes", "--upgrade", "--requirement"])
            .arg(requirements)
            .arg("--target")
            .arg(&folder);
        progress::counted(&format!("pip install --requirement {}", requirements.display()), || {
            command::quiet(&mut pip)
        })?;
        stamp.keep()?;
    }
    let first = |variable: &str, folder: PathBuf| -> Result<OsString> {
        let present = std::env::var_os(variable).unwrap_or_default();
        let folders = std::iter::once(folder).chain(std::env::split_paths(&present));
        std::env::join_paths(folders).with_context(|| format!("{variable} cannot be extended"))
    };
    Ok(vec![
        ("PATH".to_owned(), first("PATH", folder.join("bin"))?),
        ("PYTHONPATH".to_owned(), first("PYTHONPATH", folder)?),
        ("PYTHONDONTWRITEBYTECODE".to_owned(), "1".into()),
    ])
}
