//! `dongting plugin sign`: the vendor says "this is my release", in an envelope beside the component.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::Args;
use dongting_manifest::{Manifest, section};
use dongting_registry::Digest;
use dongting_registry::name::{Repository, namespace};
use dongting_trust::{Predicate, Statement};

use crate::keys;

#[derive(Args)]
pub struct Sign {
    /// A component's file.
    component: PathBuf,
    /// The secret key's file. Several while one key takes the place of another: each of them suffices.
    #[arg(long, required = true)]
    key: Vec<PathBuf>,
    /// Where it will be pushed; the vendor and the name in plugin.toml if left out.
    #[arg(long)]
    repository: Option<Repository>,
    /// The envelope's file; the component's name with `.dsse.json` behind it if left out.
    #[arg(long)]
    out: Option<PathBuf>,
}

pub fn run(options: &Sign) -> Result<()> {
    let path = &options.component;
    let bytes = std::fs::read(path).with_context(|| format!("{} cannot be read", path.display()))?;
    let statement = statement(&bytes, options.repository.as_ref(), Predicate::Release)
        .with_context(|| path.display().to_string())?;
    let mut signed = None;
    for file in &options.key {
        let key = keys::read(file)?;
        signed = Some(match signed {
            None => statement.sign(&key)?,
            Some(mut envelope) => {
                dongting_trust::Envelope::add(&mut envelope, &key)?;
                envelope
            }
        });
    }
    let Some(envelope) = signed else { bail!("name a key with --key") };
    let out = options.out.clone().unwrap_or_else(|| envelope_of(path));
    std::fs::write(&out, envelope.to_json() + "\n")
        .with_context(|| format!("{} cannot be written", out.display()))?;
    let keys: Vec<&str> = envelope.signatures.iter().map(|signature| signature.key.short()).collect();
    crate::print(&format!(
        "{}:{}\tsha256:{}\tsigned by {}\t{}\n",
        statement.repository,
        statement.version,
        statement.component_digest,
        keys.join(", "),
        out.display()
    ))
}

/// Where the envelope of a component lies: `gauge.wasm.dsse.json`.
pub fn envelope_of(component: &Path) -> PathBuf {
    let mut name = component.as_os_str().to_owned();
    name.push(".dsse.json");
    name.into()
}

/// What is said of a component, by the bytes in hand.
pub fn statement(
    component: &[u8],
    repository: Option<&Repository>,
    predicate: Predicate,
) -> Result<Statement> {
    let manifest = Manifest::parse(section::read(component)?)?;
    let repository = match repository {
        Some(repository) => repository.clone(),
        None => {
            let vendor = namespace(&manifest.vendor).with_context(|| {
                format!(
                    "the vendor `{}` of plugin.toml cannot stand in a repository's name: name the repository with --repository",
                    manifest.vendor
                )
            })?;
            format!("{vendor}/{}", manifest.name).parse()?
        }
    };
    if repository.plugin() != manifest.name {
        bail!("plugin.toml names the plugin `{}`, but the repository is `{repository}`", manifest.name);
    }
    Ok(Statement {
        repository: repository.to_string(),
        version: manifest.version.parse()?,
        component_digest: Digest::of(component).hex(),
        predicate,
    })
}
