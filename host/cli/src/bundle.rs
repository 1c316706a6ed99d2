//! `dongting bundle`: releases with all that is said of them, carried on a disk to where no network reaches.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::{Args, Subcommand};
use dongting_registry::bundle::{Bundle, BundledManifest, NewBundle};
use dongting_registry::{At, Reference, Repository};

use crate::oci::{Client, Pulled, Registry};

#[derive(Args)]
pub struct Bundles {
    #[command(flatten)]
    registry: Registry,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Write releases into a new directory, an OCI image layout.
    Export {
        /// As vendor/plugin:1.2.0.
        #[arg(required = true)]
        releases: Vec<Reference>,
        /// A directory that is empty or not there yet.
        #[arg(long)]
        out: PathBuf,
    },
    /// Push what a bundle holds, once all of it was verified. A release that is there already stays; what is new of what is said of
    /// it is added.
    Import { bundle: PathBuf },
}

pub fn run(options: &Bundles) -> Result<()> {
    match &options.command {
        Command::Export { releases, out } => export(&options.registry.client()?, releases, out),
        Command::Import { bundle } => import(&options.registry, bundle),
    }
}

fn export(client: &Client, releases: &[Reference], out: &Path) -> Result<()> {
    let mut bundle = NewBundle::create(out)?;
    let mut lines = String::new();
    for reference in releases {
        let At::Tag(tag) = &reference.at else {
            bail!("name {reference} by its version: a bundle brings it to the other side under that")
        };
        let repository = &reference.repository;
        let release = client.manifest(repository, tag.as_str())?;
        keep(client, repository, &release, &mut bundle)?;
        bundle.manifest(repository, Some(tag), &release.body)?;
        let said = client.referrers(repository, release.digest)?;
        for digest in &said {
            let statement = client.manifest(repository, &digest.to_string())?;
            keep(client, repository, &statement, &mut bundle)?;
            bundle.manifest(repository, None, &statement.body)?;
        }
        lines.push_str(&format!("{reference}\t{}\t{} statements\n", release.digest, said.len()));
    }
    bundle.finish()?;
    crate::print(&lines)
}

fn keep(client: &Client, repository: &Repository, manifest: &Pulled, bundle: &mut NewBundle) -> Result<()> {
    for digest in manifest.blobs()? {
        bundle.blob(&client.blob(repository, digest)?)?;
    }
    Ok(())
}

fn import(registry: &Registry, path: &Path) -> Result<()> {
    // All of it is verified before the registry is spoken to.
    let bundle = Bundle::open(path)?;
    let client = registry.client()?;
    for release in &bundle.releases {
        let repository = &release.repository;
        // The release comes last: one that is there has all that was said of it.
        for statement in &release.statements {
            push(&client, &bundle, repository, statement, &statement.digest.to_string())
                .with_context(|| format!("{repository}:{}", release.tag))?;
        }
        push(&client, &bundle, repository, &release.manifest, release.tag.as_str())
            .with_context(|| format!("{repository}:{}", release.tag))?;
        crate::print(&format!(
            "{repository}:{}\t{}\t{} statements\n",
            release.tag,
            release.manifest.digest,
            release.statements.len()
        ))?;
    }
    Ok(())
}

fn push(
    client: &Client,
    bundle: &Bundle,
    repository: &Repository,
    manifest: &BundledManifest,
    reference: &str,
) -> Result<()> {
    for digest in &manifest.blobs {
        client.push_blob(repository, &bundle.read(*digest)?)?;
    }
    client.push_manifest(repository, reference, &bundle.read(manifest.digest)?)
}
