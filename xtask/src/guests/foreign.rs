//! Examples in other languages: their tools come from their own registries as their lock files say, and `dongting plugin build`'s own
//! code does the rest. They take long, and are left alone while nothing that goes into them has changed.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use dongting_toolchain::{Project, compiler, component, recipe};

use crate::command;
use crate::progress;
use crate::setup::stamp::Stamp;
use crate::setup::{node, python};
use crate::workspace::Workspace;

/// Builds those that are not fresh and gives where all of them lie.
pub fn build(workspace: &Workspace) -> Result<Vec<PathBuf>> {
    let mut outputs = Vec::new();
    for folder in find(&workspace.root.join("examples"))? {
        let project = Project::open(&folder)?;
        let name = project.manifest.name.clone();
        let output = workspace.plugins().join(format!("{name}.wasm"));
        let stamp = stamp(workspace, &folder, &name)?;
        if !(stamp.is_fresh() && output.is_file()) {
            let environment = tools(workspace, &folder)?;
            let built = progress::counted(&format!("building {name}"), || {
                Ok(project.build(|| Err(compiler::CompilerError::Missing), &environment)?)
            })?;
            let bytes = std::fs::read(&built.component)
                .with_context(|| format!("cannot read {}", built.component.display()))?;
            component::place(&output, &bytes)?;
            stamp.keep()?;
        }
        outputs.push(output);
    }
    Ok(outputs)
}

/// The folders with a recipe, in the order of their names.
fn find(examples: &Path) -> Result<Vec<PathBuf>> {
    let entries = examples.read_dir().with_context(|| format!("cannot list {}", examples.display()))?;
    let mut folders: Vec<PathBuf> = entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.join(recipe::FILE).is_file())
        .collect();
    folders.sort();
    Ok(folders)
}

/// Whatever git knows or would add there, and the contract.
fn stamp(workspace: &Workspace, folder: &Path, name: &str) -> Result<Stamp> {
    let mut stamp = Stamp::new(workspace.target.join("setup").join(format!("{name}.stamp")));
    let mut git = Command::new("git");
    git.args(["ls-files", "-z", "--cached", "--others", "--exclude-standard", "--"]).arg(folder).arg("wit");
    for source in command::output(&mut git)?.split_terminator('\0') {
        // A file that was deleted but not yet committed so is still listed.
        let path = workspace.root.join(source);
        if path.is_file() {
            stamp.add(source);
            stamp.add(std::fs::read(&path).with_context(|| format!("cannot read {source}"))?);
        }
    }
    Ok(stamp)
}

fn tools(workspace: &Workspace, folder: &Path) -> Result<Vec<(String, OsString)>> {
    let requirements = folder.join("requirements.txt");
    if requirements.is_file() {
        return python::packages(workspace, &requirements);
    }
    if folder.join("package.json").is_file() {
        node::packages(folder)?;
    }
    Ok(Vec::new())
}
