//! What cargo knows of this workspace: its folders, packages and the edges between them.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::command;

/// The cargo that runs xtask: never another toolchain's.
pub use dongting_toolchain::command::cargo;

#[derive(Debug, Deserialize)]
pub struct Workspace {
    #[serde(rename = "workspace_root")]
    pub root: PathBuf,
    #[serde(rename = "target_directory")]
    pub target: PathBuf,
    pub packages: Vec<Package>,
    workspace_members: BTreeSet<String>,
}

#[derive(Clone, Debug, Deserialize)]
pub struct Package {
    pub id: String,
    pub name: String,
    pub manifest_path: PathBuf,
    pub dependencies: Vec<Dependency>,
    pub targets: Vec<Target>,
    pub metadata: Option<Metadata>,
}

#[derive(Clone, Debug, Deserialize)]
pub struct Dependency {
    pub name: String,
    /// `None` for an ordinary dependency, else `dev` or `build`.
    pub kind: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
pub struct Target {
    pub name: String,
    pub crate_types: Vec<String>,
}

#[derive(Clone, Debug, Deserialize)]
pub struct Metadata {
    pub dongting: Option<Dongting>,
}

/// `[package.metadata.dongting]` of a guest.
#[derive(Clone, Debug, Deserialize)]
pub struct Dongting {
    /// The component is written as `target/plugins/<component>.wasm`.
    pub component: String,
}

impl Workspace {
    /// Asks cargo, and moves to the workspace's root so that every path printed later is short.
    pub fn read() -> Result<Self> {
        let mut cargo = cargo();
        cargo.args(["metadata", "--format-version", "1", "--no-deps"]);
        // A run from any folder of the tree, or by path from outside, means this workspace.
        cargo.current_dir(env!("CARGO_MANIFEST_DIR"));
        let text = command::output(&mut cargo)?;
        let workspace: Self =
            serde_json::from_str(&text).context("cargo metadata printed what xtask cannot read")?;
        std::env::set_current_dir(&workspace.root)
            .with_context(|| format!("cannot enter {}", workspace.root.display()))?;
        Ok(workspace)
    }

    pub fn members(&self) -> impl Iterator<Item = &Package> {
        self.packages.iter().filter(|package| self.workspace_members.contains(&package.id))
    }

    /// Where built plugins lie, and test guests in its folder `guests`.
    pub fn plugins(&self) -> PathBuf {
        self.target.join("plugins")
    }
}

impl Package {
    /// The package's folder relative to the workspace's root.
    pub fn folder<'a>(&'a self, root: &Path) -> &'a Path {
        let folder = self.manifest_path.parent().unwrap_or(&self.manifest_path);
        folder.strip_prefix(root).unwrap_or(folder)
    }
}
