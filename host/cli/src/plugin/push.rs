//! `dongting plugin push`: a component becomes a release in the registry, with what is said of it.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::Args;
use dongting_manifest::{Manifest, imports, section};
use dongting_registry::media_type::{ENVELOPE, MATERIALS, OCI_MANIFEST, QUALITY, WASM, WASM_CONFIG};
use dongting_registry::{Digest, Repository};
use dongting_trust::Predicate;
use serde_json::{Value, json};

use super::sign::{envelope_of, statement};
use crate::oci::{Client, Registry};

#[derive(Args)]
pub struct Push {
    /// The component's file.
    component: PathBuf,
    #[command(flatten)]
    registry: Registry,
    /// Where to; the vendor and the name in plugin.toml if left out. The tag is plugin.toml's version.
    #[arg(long)]
    repository: Option<Repository>,
    /// The envelope of `dongting plugin sign`. Default: `FILE.wasm.dsse.json`, where it is there.
    #[arg(long)]
    signature: Option<PathBuf>,
    /// The report of `dongting plugin check --report`. Default: `FILE.quality.json`, where it is there.
    #[arg(long)]
    report: Option<PathBuf>,
    /// The bill of materials. Default: `FILE.cdx.json`, where it is there.
    #[arg(long)]
    sbom: Option<PathBuf>,
}

pub fn run(options: &Push) -> Result<()> {
    let path = &options.component;
    let bytes = std::fs::read(path).with_context(|| format!("{} cannot be read", path.display()))?;
    let plugin = Manifest::parse(section::read(&bytes)?).with_context(|| path.display().to_string())?;
    let imported = imports::read(&bytes).with_context(|| path.display().to_string())?;
    // Name, version and digest as they are signed.
    let claim = statement(&bytes, options.repository.as_ref(), Predicate::Release)
        .with_context(|| path.display().to_string())?;
    let digest = Digest::of(&bytes).hex();
    let beside = |ending: &str| path.with_extension(ending);
    let signature = attached(options.signature.as_deref(), envelope_of(path), |_| Ok(()))?;
    let report = attached(options.report.as_deref(), beside("quality.json"), |report| {
        of_component(report.pointer("/digest"), &format!("sha256:{digest}"))
            .context("it is of another component: run `dongting plugin check --report` again")
    })?;
    let materials = attached(options.sbom.as_deref(), beside("cdx.json"), |bill| {
        of_component(bill.pointer("/metadata/component/hashes/0/content"), &digest)
            .context("it is of another component: run `dongting plugin build` again")
    })?;

    let repository: Repository = claim.repository.parse()?;
    let client = options.registry.client()?;
    let version = claim.version.to_string();
    let manifest = push(&client, &repository, &bytes, &plugin, imported.into_iter().collect())?;
    let pulled = client.manifest(&repository, &version)?;
    if pulled.digest != Digest::of(&manifest) {
        bail!("the registry has another release under {repository}:{version}: give the plugin a new version");
    }
    crate::print(&format!("{repository}:{version}\t{}\n", pulled.digest))?;
    for (what, kind, bytes) in [
        ("signature", ENVELOPE, &signature),
        ("quality report", QUALITY, &report),
        ("bill of materials", MATERIALS, &materials),
    ] {
        match bytes {
            Some(bytes) => {
                client
                    .attach(&repository, &pulled, kind, bytes)
                    .with_context(|| format!("the release is there, but its {what} is not"))?;
                crate::say(&format!("with its {what}"));
            }
            None => crate::say(&format!("without a {what}")),
        }
    }
    if signature.is_none() {
        crate::say("Nobody may run it unsigned: `dongting plugin sign`, then push again.");
    }
    Ok(())
}

/// Component, configuration and manifest, as `wkg oci push` writes them.
fn push(
    client: &Client,
    repository: &Repository,
    component: &[u8],
    manifest: &Manifest,
    imports: Vec<String>,
) -> Result<Vec<u8>> {
    let layer = client.push_blob(repository, component)?;
    let config = json!({
        // The same release is the same bytes, whenever it is pushed.
        "created": "1970-01-01T00:00:00Z",
        "architecture": "wasm",
        "os": "wasip2",
        "layerDigests": [layer.to_string()],
        "component": { "exports": exports(manifest), "imports": imports, "target": Value::Null },
    });
    let config = config.to_string().into_bytes();
    let configured = client.push_blob(repository, &config)?;
    let body = json!({
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": { "mediaType": WASM_CONFIG, "digest": configured.to_string(), "size": config.len() },
        "layers": [{ "mediaType": WASM, "digest": layer.to_string(), "size": component.len() }],
        "annotations": {
            "org.opencontainers.image.title": manifest.title.en,
            "org.opencontainers.image.description": manifest.description.en,
            "org.opencontainers.image.vendor": manifest.vendor,
            "org.opencontainers.image.version": manifest.version,
        },
    });
    let body = body.to_string().into_bytes();
    client.push_manifest(repository, &manifest.version, &body)?;
    Ok(body)
}

fn exports(manifest: &Manifest) -> Vec<String> {
    manifest.roles.iter().map(|role| format!("dongting:{role}/{role}@0.1.0")).collect()
}

/// The file named, or the usual one where it is there; refused where it is not about this component.
fn attached(
    named: Option<&Path>,
    usual: PathBuf,
    fits: impl FnOnce(&Value) -> Result<()>,
) -> Result<Option<Vec<u8>>> {
    let path = match named {
        Some(path) => path.to_owned(),
        None if usual.is_file() => usual,
        None => return Ok(None),
    };
    let bytes = std::fs::read(&path).with_context(|| format!("{} cannot be read", path.display()))?;
    let value = serde_json::from_slice(&bytes).with_context(|| format!("{} is no JSON", path.display()))?;
    fits(&value).with_context(|| path.display().to_string())?;
    Ok(Some(bytes))
}

fn of_component(said: Option<&Value>, digest: &str) -> Result<()> {
    match said.and_then(Value::as_str) {
        Some(said) if said == digest => Ok(()),
        Some(said) => bail!("it says {said}, and the component is {digest}"),
        None => bail!("it names no component"),
    }
}
