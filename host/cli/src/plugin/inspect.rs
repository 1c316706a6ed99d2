//! `dongting plugin inspect`: what a component is and asks for, and in what that differs from another release of it.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Context, Result};
use clap::Args;
use dongting_manifest::asked::{Difference, Side, differences};
use dongting_manifest::installation::Limits;
use dongting_manifest::plugin::{Ordering, Setting};
use dongting_manifest::{Manifest, Text, imports, section};
use dongting_registry::{Digest, Reference};
use dongting_trust::{Envelope, Predicate, Statement};
use serde_json::{Value, json};

use crate::oci::Registry;
use crate::page::Page;

#[derive(Args)]
pub struct Inspect {
    /// A component's file, or a release in the registry: vendor/plugin:1.2.0.
    component: String,
    /// Another release of it, likewise: what is asked for now and was not there, and the other way round.
    #[arg(long)]
    against: Option<String>,
    #[command(flatten)]
    registry: Registry,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// What is looked at. It is read and not compiled: whether a host takes it is for `check` to say.
struct Found {
    manifest: Manifest,
    imports: BTreeSet<String>,
    digest: Digest,
    bytes: usize,
    /// What each signature says and by which key; none of a file, which carries none.
    signatures: Option<Vec<String>>,
}

pub fn run(options: &Inspect) -> Result<()> {
    let found = find(&options.component, &options.registry)?;
    let before = options.against.as_ref().map(|one| find(one, &options.registry)).transpose()?;
    let differences = before.as_ref().map(|before| compared(before, &found));
    let text = if options.json {
        format!("{:#}\n", value(&found, differences.as_deref()))
    } else {
        page(&found, differences.as_deref())
    };
    crate::print(&text)
}

/// A file where there is one of that name, else a release in the registry.
fn find(named: &str, registry: &Registry) -> Result<Found> {
    let path = Path::new(named);
    if path.is_file() {
        let bytes = std::fs::read(path).with_context(|| format!("{named} cannot be read"))?;
        return of(&bytes).with_context(|| named.to_owned());
    }
    let Reference { repository, at } = named
        .parse()
        .with_context(|| format!("there is no file {named}, and it names no release: vendor/plugin:1.2.0"))?;
    let client = registry.client()?;
    let manifest = client.manifest(&repository, &at.to_string())?;
    let bytes = client.blob(&repository, manifest.layer()?)?;
    let found = of(&bytes).with_context(|| named.to_owned())?;
    let mut signatures = Vec::new();
    for digest in client.referrers(&repository, manifest.digest)? {
        let referrer = client.manifest(&repository, &digest.to_string())?;
        let said = client.blob(&repository, referrer.layer()?)?;
        // Reports and bills of materials are referrers, too.
        if let Ok(envelope) = Envelope::parse(&said) {
            signatures.extend(told(&envelope));
        }
    }
    Ok(Found { signatures: Some(signatures), ..found })
}

fn of(component: &[u8]) -> Result<Found> {
    Ok(Found {
        manifest: Manifest::parse(section::read(component)?)?,
        imports: imports::read(component)?,
        digest: Digest::of(component),
        bytes: component.len(),
        signatures: None,
    })
}

/// What is signed, and by which keys. Whether they are good is for the host to say: it knows whose they are.
fn told(envelope: &Envelope) -> Vec<String> {
    let says = match Statement::of(envelope).map(|statement| statement.predicate) {
        Ok(Predicate::Release) => "release".to_owned(),
        Ok(Predicate::Review { approved: true, .. }) => "approved".to_owned(),
        Ok(Predicate::Review { approved: false, note }) => format!("rejected: {note}"),
        Err(error) => error.to_string(),
    };
    envelope.signatures.iter().map(|one| format!("{says}, by the key {}", one.key.short())).collect()
}

/// In what `after` asks for something else than `before`.
fn compared(before: &Found, after: &Found) -> Vec<Difference> {
    differences(
        Side { manifest: &before.manifest, imports: &before.imports },
        Side { manifest: &after.manifest, imports: &after.imports },
    )
}

fn value(found: &Found, differences: Option<&[Difference]>) -> Value {
    let manifest = &found.manifest;
    let text = |text: &Text| json!({ "zh": text.zh, "en": text.en });
    let names = |all: Vec<String>| Value::from(all);
    let map = |entries: Vec<(String, Value)>| Value::Object(entries.into_iter().collect());
    json!({
        "name": manifest.name,
        "version": manifest.version,
        "vendor": manifest.vendor,
        "digest": found.digest.to_string(),
        "bytes": found.bytes,
        "signatures": found.signatures,
        "title": text(&manifest.title),
        "description": text(&manifest.description),
        "roles": names(manifest.roles.iter().map(ToString::to_string).collect()),
        "imports": found.imports,
        "capabilities": map(manifest.capabilities.iter().map(|(name, why)| (name.to_string(), text(why))).collect()),
        "publish": names(manifest.publish.iter().map(ToString::to_string).collect()),
        "subscribe": names(manifest.subscribe.iter().map(ToString::to_string).collect()),
        "ordering": ordering(manifest),
        "stateVersion": manifest.state_version,
        "settings": map(manifest.settings.iter().map(|(name, setting)| (name.clone(), json!({
            "type": kind(setting), "required": setting.required, "title": text(&setting.title),
        }))).collect()),
        "attachments": map(manifest.attachments.iter().map(|(name, what)| (name.clone(), text(what))).collect()),
        "records": map(manifest.records.iter().map(|(name, one)| (name.clone(), json!({ "indexes": one.indexes }))).collect()),
        "differences": differences.map(|all| all.iter().map(|one| json!({
            "what": one.what.as_str(), "change": one.change.as_str(), "name": one.name,
        })).collect::<Vec<_>>()),
    })
}

/// For a person.
fn page(found: &Found, differences: Option<&[Difference]>) -> String {
    let manifest = &found.manifest;
    let mut page = Page::default();
    page.line("plugin", format!("{} {} of {}", manifest.name, manifest.version, manifest.vendor));
    page.line("", format!("{} · {}", manifest.title.zh, manifest.title.en));
    page.line("", &manifest.description.en);
    page.line("digest", found.digest.to_string());
    page.line("size", format!("{} KiB", found.bytes.div_ceil(1024)));
    page.lines("roles", manifest.roles.iter().map(ToString::to_string));
    page.lines("imports", found.imports.iter().cloned());
    page.lines(
        "asks for",
        manifest.capabilities.iter().map(|(name, why)| format!("{name}: {} · {}", why.zh, why.en)),
    );
    page.lines("publishes", manifest.publish.iter().map(ToString::to_string));
    page.lines("subscribes", manifest.subscribe.iter().map(ToString::to_string));
    if manifest.ordering == Ordering::Partition {
        page.line("ordering", "in the order of each partition");
    }
    page.lines(
        "settings",
        manifest.settings.iter().map(|(name, setting)| {
            let required = if setting.required { ", required" } else { "" };
            format!("{name} ({}{required}): {} · {}", kind(setting), setting.title.zh, setting.title.en)
        }),
    );
    page.lines(
        "attachments",
        manifest.attachments.iter().map(|(name, what)| format!("{name}: {} · {}", what.zh, what.en)),
    );
    page.lines(
        "records",
        manifest.records.iter().map(|(name, one)| format!("{name}: {}", one.indexes.join(" "))),
    );
    if manifest.capabilities.keys().any(|one| one.keeps()) {
        page.line("keeps", format!("in state_version {}", manifest.state_version));
    }
    let limits = Limits::default();
    page.line("limits", format!(
        "as usual, unless the operator sets others: {} MiB of memory, {} ms of CPU and {} s on the wall a call",
        limits.memory_mib, limits.cpu_ms, limits.wall_ms / 1_000
    ));
    match found.signatures.as_deref() {
        None => {}
        Some([]) => page.line("signatures", "none: nobody may run it"),
        Some(all) => page.lines("signatures", all.iter().cloned()),
    }
    match differences {
        None => {}
        Some([]) => page.line("differences", "none: it asks for what the other asks for"),
        Some(all) => page.lines("differences", all.iter().map(ToString::to_string)),
    }
    page.text()
}

fn kind(setting: &Setting) -> String {
    format!("{:?}", setting.r#type).to_lowercase()
}

fn ordering(manifest: &Manifest) -> &'static str {
    match manifest.ordering {
        Ordering::None => "none",
        Ordering::Partition => "partition",
    }
}
