//! A start with a hundred releases, cold and with the compile cache, beside a bare wasmtime that compiles and reads back the same files.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};
use dongting_manifest::Manifest;
use dongting_manifest::section;
use dongting_tests::restamp::stamped;

use crate::{raw, started};

/// The plugins that this repository has, the largest first.
const COMPONENTS: [&str; 5] = [
    "earthquake.wasm",
    "earthquake-impact.wasm",
    "guests/records.wasm",
    "guests/counter.wasm",
    "guests/echo.wasm",
];

pub fn run(plugins: &Path, count: usize) -> Result<String> {
    let folder = tempfile::tempdir()?;
    let files = releases(plugins, folder.path(), count)?;
    let bytes: u64 = files.iter().filter_map(|file| file.metadata().ok()).map(|file| file.len()).sum();
    let (bare, empty) = started::host("")?;
    drop(bare);
    let (mut host, cold) = started::host(&configuration(&files)?)?;
    let warm = started::again(&mut host)?;
    drop(host);
    let raw = raw::start(&files)?;
    let mut text = format!(
        "| start with {count} releases, {} KiB of components | host | raw wasmtime | ratio |\n| --- | ---: | ---: | ---: |\n",
        bytes / 1024
    );
    let mut row = |name: &str, ours: Duration, raw: Duration| {
        let (ours, raw) = (ours.as_secs_f64(), raw.as_secs_f64());
        writeln!(text, "| {name} | {ours:.2} s | {raw:.2} s | {:.2} |", ours / raw)
    };
    row("cold: compiled", cold, raw.compiled)?;
    row("with the compile cache", warm, raw.read_back)?;
    writeln!(
        text,
        "\nThe host's seconds are from the start of its process to the last installation's, nats-server and database included: with no release {:.2} s.",
        empty.as_secs_f64()
    )?;
    Ok(text)
}

fn releases(plugins: &Path, folder: &Path, count: usize) -> Result<Vec<PathBuf>> {
    let mut files = Vec::with_capacity(count);
    for (at, component) in (0..count).zip(COMPONENTS.iter().cycle()) {
        let bytes = std::fs::read(plugins.join(component))
            .with_context(|| format!("{component} is missing: run `cargo xtask bench`"))?;
        let file = folder.join(format!("{at:03}.wasm"));
        std::fs::write(&file, stamped(&bytes, &[("name", &format!("release-{at}"))])?)?;
        files.push(file);
    }
    Ok(files)
}

/// Each once, granted what it asks for. A source is not polled: there is nothing to fetch from.
fn configuration(files: &[PathBuf]) -> Result<String> {
    let mut text = String::new();
    for (at, file) in files.iter().enumerate() {
        let manifest = Manifest::parse(section::read(&std::fs::read(file)?)?)?;
        let topics = |topics: &[dongting_manifest::plugin::Topic]| {
            let all = topics.iter().map(|t| format!("{{ domain = {:?}, kind = \"{}\" }}", t.domain, t.kind));
            all.collect::<Vec<_>>().join(", ")
        };
        let capabilities: Vec<&str> =
            manifest.capabilities.keys().map(|capability| capability.as_str()).collect();
        write!(
            text,
            r#"
            [[installation]]
            id = "r{at:03}"
            component = {file:?}
            region = "430000"
            poll = false
            push_token = "a-token-of-the-benchmark"
            [installation.grants]
            capabilities = {capabilities:?}
            subscribe = [{}]
            publish = [{}]
            "#,
            topics(&manifest.subscribe),
            topics(&manifest.publish)
        )?;
    }
    Ok(text)
}
