//! The portal's packages and its build.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};

use crate::command;
use crate::progress;
use crate::setup::node;
use crate::setup::stamp::Stamp;
use crate::workspace::Workspace;

/// Gives the folder of the built portal.
pub fn ensure(workspace: &Workspace) -> Result<PathBuf> {
    let folder = workspace.root.join("portal");
    node::packages(&folder)?;
    let built = folder.join("dist");
    let mut stamp = Stamp::new(folder.join("node_modules/.dongting-build-stamp"));
    for source in sources()? {
        // A file that was deleted but not yet committed so is still listed.
        let path = workspace.root.join(&source);
        if path.is_file() {
            stamp.add(source);
            stamp.add(std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?);
        }
    }
    if !(stamp.is_fresh() && built.join("index.html").is_file()) {
        let mut npm = node::npm(&folder);
        npm.args(["run", "build"]);
        progress::counted("building the portal", || command::quiet(&mut npm))
            .context("the portal does not build; run `npm run build` in portal/ to see why")?;
        stamp.keep()?;
    }
    Ok(built)
}

/// What git knows or would add: neither packages nor anything built.
fn sources() -> Result<Vec<String>> {
    let mut git = Command::new("git");
    git.args(["ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", "portal"]);
    Ok(command::output(&mut git)?.split_terminator('\0').map(str::to_owned).collect())
}
