//! `cargo xtask guests`: every package that names a component is compiled for the sandbox, and a plugin's manifest is
//! appended to its component. Examples in other languages are built beside them.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use dongting_toolchain::{TARGET, component};

use crate::command;
use crate::compiler;
use crate::progress;
use crate::workspace::{Package, Workspace};

mod foreign;

#[derive(Debug)]
struct Guest {
    package: String,
    /// What cargo leaves in its target folder.
    built: PathBuf,
    /// The plugin's manifest; a guest without one is copied as it is.
    manifest: PathBuf,
    /// Where hosts and tests look for it.
    output: PathBuf,
}

/// Builds them all in one cargo run, so that they share their dependencies and nothing unchanged is compiled again.
pub fn build(workspace: &Workspace) -> Result<()> {
    let guests = find(workspace)?;
    if guests.is_empty() {
        progress::say(
            "No package names a component in [package.metadata.dongting]; there are no guests to build.",
        );
        return Ok(());
    }
    let compiler = compiler::ensure()?;
    let mut cargo = compiler.cargo_build(&workspace.target.join("guests"))?;
    for guest in &guests {
        cargo.args(["--package", &guest.package]);
    }
    let name = format!("{} guests by {}", guests.len(), compiler.describe());
    progress::shown(&name, || command::run(&mut cargo))?;
    for guest in &guests {
        write(guest).with_context(|| format!("cannot make the component of {}", guest.package))?;
    }
    let mut outputs: Vec<PathBuf> = guests.into_iter().map(|guest| guest.output).collect();
    outputs.extend(foreign::build(workspace)?);
    remove_stale(workspace, &outputs)
}

fn find(workspace: &Workspace) -> Result<Vec<Guest>> {
    let mut guests = Vec::new();
    let mut outputs = BTreeSet::new();
    for package in workspace.members() {
        let Some(component) = component_name(package) else { continue };
        let folder = package.folder(&workspace.root);
        let Some(library) =
            package.targets.iter().find(|target| target.crate_types.iter().any(|kind| kind == "cdylib"))
        else {
            bail!(
                "{} names a component but has no cdylib: add `[lib] crate-type = [\"cdylib\", \"rlib\"]` to its Cargo.toml",
                folder.display()
            );
        };
        let output = output(workspace, folder, component);
        if !outputs.insert(output.clone()) {
            bail!("two packages name the component {component}; rename that of {}", folder.display());
        }
        let file = format!("{}.wasm", library.name.replace('-', "_"));
        guests.push(Guest {
            package: package.name.clone(),
            built: workspace.target.join("guests").join(TARGET).join("release").join(file),
            manifest: workspace.root.join(folder).join("plugin.toml"),
            output,
        });
    }
    Ok(guests)
}

fn component_name(package: &Package) -> Option<&str> {
    Some(&package.metadata.as_ref()?.dongting.as_ref()?.component)
}

/// Test guests are kept apart: an operator's `target/plugins` holds products only.
fn output(workspace: &Workspace, folder: &Path, component: &str) -> PathBuf {
    let plugins = workspace.plugins();
    let folder = if folder.starts_with("tests") { plugins.join("guests") } else { plugins };
    folder.join(format!("{component}.wasm"))
}

fn write(guest: &Guest) -> Result<()> {
    let bytes = if guest.manifest.exists() {
        component::embed(&guest.built, &guest.manifest)?
    } else {
        fs::read(&guest.built).with_context(|| format!("cargo left no {}", guest.built.display()))?
    };
    Ok(component::place(&guest.output, &bytes)?)
}

/// A renamed plugin must not go on living under its old name.
fn remove_stale(workspace: &Workspace, outputs: &[PathBuf]) -> Result<()> {
    for folder in [workspace.plugins(), workspace.plugins().join("guests")] {
        let Ok(entries) = folder.read_dir() else { continue };
        for path in entries.flatten().map(|entry| entry.path()) {
            let is_component = path.extension().is_some_and(|extension| extension == "wasm");
            if is_component && !outputs.contains(&path) {
                fs::remove_file(&path).with_context(|| format!("cannot remove {}", path.display()))?;
            }
        }
    }
    Ok(())
}
