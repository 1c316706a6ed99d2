//! `cargo xtask setup`: finds or fetches every tool that the demo and the tests need. Each step knows by itself when it has
//! nothing to do, so that a second run takes a moment.

use std::path::PathBuf;

use anyhow::{Result, bail};

use crate::compiler;
use crate::progress;
use crate::workspace::Workspace;

pub mod boundaries;
pub mod chromium;
pub mod deny;
pub mod nats;
pub mod node;
pub mod portal;
pub mod python;
pub mod skopeo;
pub mod stamp;
pub mod wheel;
pub mod wkg;

/// Where everything is that was set up.
#[derive(Debug)]
pub struct Tools {
    /// The `nats-server` executable.
    pub nats_server: PathBuf,
    /// The Chromium executable.
    pub chromium: PathBuf,
    /// The boundaries of Hunan's cities and counties, as TopoJSON.
    pub boundaries: PathBuf,
    /// The built portal: a folder with `index.html`.
    pub portal: PathBuf,
    /// Built plugins; `cargo xtask guests` fills it.
    pub plugins: PathBuf,
    /// The host's binary; `product::build` makes it.
    pub dongting: PathBuf,
}

impl Tools {
    /// What the tests and the demo read to find the tools.
    pub fn environment(&self) -> [(&'static str, &PathBuf); 6] {
        [
            ("NATS_SERVER", &self.nats_server),
            ("CHROMIUM", &self.chromium),
            ("DONGTING_BOUNDARIES", &self.boundaries),
            ("DONGTING_PORTAL", &self.portal),
            ("DONGTING_PLUGINS", &self.plugins),
            ("DONGTING_BIN", &self.dongting),
        ]
    }
}

/// Runs every step even if one fails: a person should learn of all that is missing at once.
pub fn run(workspace: &Workspace) -> Result<Tools> {
    let mut missing = 0;
    let compiler = note(compiler::ensure(), &mut missing);
    let nats_server = note(nats::ensure(workspace), &mut missing);
    let chromium = note(chromium::ensure(), &mut missing);
    let boundaries = note(boundaries::ensure(workspace), &mut missing);
    let portal = note(portal::ensure(workspace), &mut missing);
    match (compiler, nats_server, chromium, boundaries, portal) {
        (Some(_), Some(nats_server), Some(chromium), Some(boundaries), Some(portal)) => {
            let dongting = workspace.target.join("release/dongting");
            Ok(Tools { nats_server, chromium, boundaries, portal, plugins: workspace.plugins(), dongting })
        }
        _ => bail!("{missing} of the things needed could not be set up; the lines marked ✗ say what to do"),
    }
}

/// The clients that the registry is tested with, as the tests find them. Nothing but the tests needs them.
pub fn registry_clients() -> Result<[(&'static str, PathBuf); 2]> {
    let mut missing = 0;
    match (note(skopeo::ensure(), &mut missing), note(wkg::ensure(), &mut missing)) {
        (Some(skopeo), Some(wkg)) => Ok([("SKOPEO", skopeo), ("WKG", wkg)]),
        _ => bail!(
            "{missing} of the registry's clients could not be set up; the lines marked ✗ say what to do"
        ),
    }
}

/// Sets up and says where everything is.
pub fn report(workspace: &Workspace) -> Result<()> {
    let tools = run(workspace)?;
    for (name, path) in tools.environment() {
        println!("{name}={}", path.display());
    }
    for (name, path) in registry_clients()? {
        println!("{name}={}", path.display());
    }
    Ok(())
}

fn note<T>(step: Result<T>, missing: &mut usize) -> Option<T> {
    step.inspect_err(|error| {
        *missing += 1;
        progress::failed(&format!("{error:#}"));
    })
    .ok()
}
