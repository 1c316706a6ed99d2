//! `dongting plugin build`: a project's component, as the host takes it.

use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Args;
use dongting_sandbox::{Release, Sandbox, SandboxOptions};
use dongting_toolchain::compiler::{self, Compiler, CompilerError};
use dongting_toolchain::{Built, Project};

#[derive(Args)]
pub struct Build {
    /// The project: the folder with plugin.toml.
    #[arg(long, default_value = ".")]
    dir: PathBuf,
}

/// The component's path is the one line on standard output.
pub fn run(options: &Build) -> Result<()> {
    let project = Project::open(&options.dir)?;
    let built = build(&project)?;
    crate::print(&format!("{}\n", built.component.display()))?;
    crate::say(&format!(
        "Built {} {}. Its bill of materials is {}. Go on with: dongting plugin check {}",
        project.manifest.name,
        project.manifest.version,
        built.sbom.display(),
        built.component.display()
    ));
    Ok(())
}

/// Builds, and reads the component as the host will: imports and exports must be those of the manifest.
pub fn build(project: &Project) -> Result<Built> {
    let built = project.build(ensure, &[])?;
    let bytes = std::fs::read(&built.component)
        .with_context(|| format!("{} cannot be read", built.component.display()))?;
    load(&bytes).context("it was built, but no host would take it")?;
    Ok(built)
}

/// Compiles a component with a compiler of its own, as every host does.
pub fn load(component: &[u8]) -> Result<Release> {
    Ok(Sandbox::new(SandboxOptions::default())?.load(component)?)
}

fn ensure() -> Result<Compiler, CompilerError> {
    if let Some(compiler) = compiler::find()? {
        return Ok(compiler);
    }
    crate::say("Adding the target wasm32-wasip2 to your Rust toolchain by rustup.");
    if compiler::add_by_rustup()
        && let Some(compiler) = compiler::find()?
    {
        return Ok(compiler);
    }
    Err(CompilerError::Missing)
}
