//! `dongting plugin inspect`: what a component is and asks for, and in what that differs from another release of it.

use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Args;
use dongting_manifest::asked::{Difference, Side, differences};
use dongting_manifest::installation::Limits;
use dongting_manifest::plugin::{Ordering, Setting};
use dongting_manifest::{Manifest, Text};
use dongting_sandbox::Release;
use serde_json::{Value, json};

use super::build::load;

#[derive(Args)]
pub struct Inspect {
    /// A component's file.
    component: PathBuf,
    /// Another release of it: what is asked for now and was not there, and the other way round.
    #[arg(long)]
    against: Option<PathBuf>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

pub fn run(options: &Inspect) -> Result<()> {
    let (release, size) = read(&options.component)?;
    let before = options.against.as_ref().map(read).transpose()?;
    let differences = before.as_ref().map(|(before, _)| compared(before, &release));
    let shown = value(&release, size, differences.as_deref());
    let text =
        if options.json { format!("{shown:#}\n") } else { page(&release, size, differences.as_deref()) };
    crate::print(&text)
}

/// The release and its size in bytes.
fn read(path: &PathBuf) -> Result<(Release, usize)> {
    let bytes = std::fs::read(path).with_context(|| format!("{} cannot be read", path.display()))?;
    let release = load(&bytes).with_context(|| path.display().to_string())?;
    Ok((release, bytes.len()))
}

/// In what `after` asks for something else than `before`.
fn compared(before: &Release, after: &Release) -> Vec<Difference> {
    let (old, new) = (before.imports(), after.imports());
    differences(
        Side { manifest: &before.manifest, imports: &old },
        Side { manifest: &after.manifest, imports: &new },
    )
}

fn value(release: &Release, size: usize, differences: Option<&[Difference]>) -> Value {
    let manifest = &release.manifest;
    let text = |text: &Text| json!({ "zh": text.zh, "en": text.en });
    let names = |all: Vec<String>| Value::from(all);
    let map = |entries: Vec<(String, Value)>| Value::Object(entries.into_iter().collect());
    json!({
        "name": manifest.name,
        "version": manifest.version,
        "vendor": manifest.vendor,
        "digest": format!("sha256:{}", release.digest),
        "bytes": size,
        "title": text(&manifest.title),
        "description": text(&manifest.description),
        "roles": names(manifest.roles.iter().map(ToString::to_string).collect()),
        "imports": release.imports(),
        "capabilities": map(manifest.capabilities.iter().map(|(name, why)| (name.to_string(), text(why))).collect()),
        "publish": names(manifest.publish.iter().map(ToString::to_string).collect()),
        "subscribe": names(manifest.subscribe.iter().map(ToString::to_string).collect()),
        "ordering": ordering(manifest),
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
fn page(release: &Release, size: usize, differences: Option<&[Difference]>) -> String {
    let manifest = &release.manifest;
    let mut page = Page::default();
    page.line("plugin", &format!("{} {} of {}", manifest.name, manifest.version, manifest.vendor));
    page.line("", &format!("{} · {}", manifest.title.zh, manifest.title.en));
    page.line("", &manifest.description.en);
    page.line("digest", &format!("sha256:{}", release.digest));
    page.line("size", &format!("{} KiB", size.div_ceil(1024)));
    page.lines("roles", manifest.roles.iter().map(ToString::to_string));
    page.lines("imports", release.imports().into_iter());
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
    let limits = Limits::default();
    page.line("limits", &format!(
        "as usual, unless the operator sets others: {} MiB of memory, {} ms of CPU and {} s on the wall a call",
        limits.memory_mib, limits.cpu_ms, limits.wall_ms / 1_000
    ));
    match differences {
        None => {}
        Some([]) => page.line("differences", "none: it asks for what the other asks for"),
        Some(all) => page.lines("differences", all.iter().map(ToString::to_string)),
    }
    page.0
}

/// Names to the left, what they stand for to the right.
#[derive(Default)]
struct Page(String);

impl Page {
    fn line(&mut self, name: &str, text: &str) {
        self.0.push_str(format!("{name:<12} {text}").trim_end());
        self.0.push('\n');
    }

    /// Nothing where there are none.
    fn lines(&mut self, name: &str, texts: impl Iterator<Item = String>) {
        for (at, text) in texts.enumerate() {
            self.line(if at == 0 { name } else { "" }, &text);
        }
    }
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
