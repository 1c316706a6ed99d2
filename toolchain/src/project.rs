//! A plugin's project: a folder with `plugin.toml` and sources in some language.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use dongting_manifest::Manifest;
use serde::Deserialize;
use serde_json::Value;

use crate::command::{self, CommandError, cargo_in};
use crate::compiler::{Compiler, CompilerError, TARGET};
use crate::component::{self, ComponentError};
use crate::kit;
use crate::recipe::{FILE, Recipe, RecipeError};
use crate::sbom::{self, Sbom, SbomError};

#[derive(Debug)]
pub struct Project {
    pub folder: PathBuf,
    pub manifest: Manifest,
    language: Language,
}

#[derive(Debug)]
enum Language {
    Rust,
    /// Whatever the recipe runs.
    Other(Recipe),
}

/// What a build left.
#[derive(Debug, Clone)]
pub struct Built {
    pub component: PathBuf,
    /// CycloneDX, JSON.
    pub sbom: PathBuf,
}

#[derive(Debug, thiserror::Error)]
pub enum ProjectError {
    #[error("{path} is no plugin's project: it has no plugin.toml. Name another with --dir, or make one with `dongting plugin new`", path = .0.display())]
    NoManifest(PathBuf),
    #[error("{path} has neither a Cargo.toml nor a {FILE}: a project in another language says in {FILE} how it is built", path = .0.display())]
    NoBuild(PathBuf),
    #[error("{path}: the package makes no component: add `[lib] crate-type = [\"cdylib\", \"rlib\"]` to its Cargo.toml", path = .0.display())]
    NoLibrary(PathBuf),
    #[error(transparent)]
    Component(#[from] ComponentError),
    #[error(transparent)]
    Recipe(#[from] RecipeError),
    #[error(transparent)]
    Compiler(#[from] CompilerError),
    #[error("the plugin does not compile")]
    Compile(#[source] CommandError),
    #[error("cargo cannot say what the project is made of")]
    Metadata(#[source] CommandError),
    #[error("`cargo metadata` printed what this program cannot read")]
    Unread(#[source] serde_json::Error),
    #[error(transparent)]
    Sbom(#[from] SbomError),
}

/// The part of `cargo metadata` that says where a build goes.
#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
    target_directory: PathBuf,
    resolve: Resolve,
}

#[derive(Deserialize)]
struct Resolve {
    root: Option<String>,
}

#[derive(Deserialize)]
struct Package {
    id: String,
    name: String,
    targets: Vec<Target>,
}

#[derive(Deserialize)]
struct Target {
    name: String,
    crate_types: Vec<String>,
}

impl Project {
    pub fn open(folder: &Path) -> Result<Self, ProjectError> {
        let path = folder.join("plugin.toml");
        if !path.is_file() {
            return Err(ProjectError::NoManifest(folder.to_owned()));
        }
        let text = std::fs::read_to_string(&path).map_err(component::failed(&path, "read"))?;
        let manifest = Manifest::parse(&text)
            .map_err(|source| ComponentError::Manifest { path: path.clone(), source })?;
        let language = match Recipe::read(folder)? {
            Some(recipe) => Language::Other(recipe),
            None if folder.join("Cargo.toml").is_file() => Language::Rust,
            None => return Err(ProjectError::NoBuild(folder.to_owned())),
        };
        Ok(Self { folder: folder.to_owned(), manifest, language })
    }

    /// The recipe of a project in another language.
    #[must_use]
    pub const fn recipe(&self) -> Option<&Recipe> {
        match &self.language {
            Language::Rust => None,
            Language::Other(recipe) => Some(recipe),
        }
    }

    /// Where [`Project::build`] leaves the component.
    #[must_use]
    pub fn output(&self) -> PathBuf {
        self.folder.join("dist").join(format!("{}.wasm", self.manifest.name))
    }

    /// Compiles, embeds the manifest, and writes component and bill of materials to `dist`. The compiler is asked for only
    /// where it is needed; the environment is that of a recipe's command, besides this program's.
    pub fn build(
        &self,
        compiler: impl FnOnce() -> Result<Compiler, CompilerError>,
        environment: &[(String, OsString)],
    ) -> Result<Built, ProjectError> {
        let (linked, mut sbom) = match &self.language {
            Language::Rust => self.build_rust(&compiler()?)?,
            Language::Other(recipe) => self.build_by(recipe, environment)?,
        };
        let bytes = component::embed(&linked, &self.folder.join("plugin.toml"))?;
        let built = Built { component: self.output(), sbom: self.output().with_extension("cdx.json") };
        component::place(&built.component, &bytes)?;
        sbom.describe(&self.manifest, &bytes);
        component::place(&built.sbom, sbom.to_json().as_bytes())?;
        Ok(built)
    }

    fn build_rust(&self, compiler: &Compiler) -> Result<(PathBuf, Sbom), ProjectError> {
        // A clone may have left out what was written for it.
        if !self.folder.join(kit::FOLDER).exists() && self.uses_kit() {
            kit::write_sdk(&self.folder)?;
        }
        let mut metadata = cargo_in(&self.folder);
        metadata.args(["metadata", "--format-version", "1", "--filter-platform", TARGET]);
        let text = command::output(&mut metadata).map_err(ProjectError::Metadata)?;
        let metadata: Metadata = serde_json::from_str(&text).map_err(ProjectError::Unread)?;
        let package = metadata
            .packages
            .iter()
            .find(|package| Some(&package.id) == metadata.resolve.root.as_ref())
            .ok_or_else(|| ProjectError::NoLibrary(self.folder.clone()))?;
        let library = package
            .targets
            .iter()
            .find(|target| target.crate_types.iter().any(|kind| kind == "cdylib"))
            .ok_or_else(|| ProjectError::NoLibrary(self.folder.clone()))?;
        let target = metadata.target_directory.join("guests");
        let mut cargo = compiler.cargo_build(&target)?;
        cargo.args(["--package", &package.name]).current_dir(&self.folder);
        command::run(&mut cargo).map_err(ProjectError::Compile)?;
        let file = format!("{}.wasm", library.name.replace('-', "_"));
        let graph: Value = serde_json::from_str(&text).map_err(ProjectError::Unread)?;
        let lock = std::fs::read_to_string(self.folder.join("Cargo.lock")).unwrap_or_default();
        let sbom = sbom::of_cargo(&graph, &lock, compiler.release().as_deref());
        Ok((target.join(TARGET).join("release").join(file), sbom))
    }

    /// Whether its Cargo.toml takes the SDK from `.dongting`.
    fn uses_kit(&self) -> bool {
        std::fs::read_to_string(self.folder.join("Cargo.toml"))
            .is_ok_and(|text| text.contains(&format!("{}/sdk", kit::FOLDER)))
    }

    fn build_by(
        &self,
        recipe: &Recipe,
        environment: &[(String, OsString)],
    ) -> Result<(PathBuf, Sbom), ProjectError> {
        kit::write_contract(&self.folder, &self.manifest)?;
        recipe.run(&self.folder, environment)?;
        let sbom = match &recipe.lock {
            Some(lock) => sbom::of_lock(&self.folder.join(lock))?,
            None => Sbom::default(),
        };
        Ok((self.folder.join(&recipe.component), sbom))
    }
}
