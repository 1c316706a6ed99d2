//! `dongting bundle`: releases with all that is said of them, carried on a disk to where no network reaches.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::{Args, Subcommand};
use dongting_registry::bundle::{Bundle, BundledManifest, NewBundle};
use dongting_registry::{At, Reference, Repository};
use dongting_trust::{Envelope, Predicate, Statement};

use crate::oci::{Client, Pulled, Registry};
use crate::remote::Refused;

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
        let mut taken = 0;
        for statement in &release.statements {
            match push(&client, &bundle, repository, statement, &statement.digest.to_string()) {
                Ok(()) => taken += 1,
                // A signature that counts for nothing here keeps no other from coming.
                Err(error)
                    if error.downcast_ref::<Refused>().is_some_and(|refused| refused.status == 422) =>
                {
                    crate::say(&format!("{repository}:{}: {error:#}", release.tag));
                }
                Err(error) => return Err(error.context(format!("{repository}:{}", release.tag))),
            }
        }
        push(&client, &bundle, repository, &release.manifest, release.tag.as_str())
            .with_context(|| format!("{repository}:{}", release.tag))?;
        crate::print(&format!(
            "{repository}:{}\t{}\t{} statements\n",
            release.tag, release.manifest.digest, taken
        ))?;
    }
    tell_missing(&client, &bundle)
}

/// Keys do not travel with what they signed: a disk would then say whom to trust.
fn tell_missing(client: &Client, bundle: &Bundle) -> Result<()> {
    let known = match client.keys() {
        Ok(known) => known,
        Err(error) => {
            crate::say(&format!("which keys are missing here cannot be told: {error:#}"));
            return Ok(());
        }
    };
    let mut missing = BTreeSet::new();
    for release in &bundle.releases {
        for statement in &release.statements {
            let Some(layer) = statement.blobs.get(1) else { continue };
            // Reports and bills of materials are statements, too.
            let Ok(envelope) = Envelope::parse(&bundle.read(*layer)?) else { continue };
            let Ok(Statement { predicate, .. }) = Statement::of(&envelope) else { continue };
            let is_review = matches!(predicate, Predicate::Review { .. });
            for signature in &envelope.signatures {
                if !known.iter().any(|id| id == signature.key.as_str()) {
                    let vendor = release.repository.vendor().to_owned();
                    missing.insert((signature.key.short().to_owned(), is_review, vendor));
                }
            }
        }
    }
    for (key, is_review, vendor) in missing {
        crate::say(&if is_review {
            format!(
                "missing here: the reviewer's key {key}. Have its public half brought by another way than this bundle; then `dongting keys add FILE --owner province:NAME`, and name the file in `[trust] province` of dongting.toml"
            )
        } else {
            format!(
                "missing here: the key {key} of {vendor}. Have its public half brought by another way than this bundle; then `dongting keys add FILE --owner vendor:{vendor}`"
            )
        });
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
