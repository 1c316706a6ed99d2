//! `bench`: what a call costs in the sandbox, in wasmtime as a minimal host would use it, and as native code; what passes through the bus;
//! what it takes to have many releases, many connections and many installations. Started by `cargo xtask bench`, which builds the guests first.

#![allow(clippy::print_stdout, reason = "a measuring program prints what it measured")]

mod installations;
mod measure;
mod native;
mod ours;
mod pipeline;
mod raw;
mod releases;
mod sample;
mod sessions;
mod started;

use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use clap::{Parser, ValueEnum};

use crate::measure::{Row, interleaved, table};

/// A batch that the engine would hand over in one go.
const BATCH: usize = 64;
const FEED_EVENTS: usize = 100;

/// Measure.
#[derive(Parser)]
struct Arguments {
    /// What to measure; everything by default.
    parts: Vec<Part>,
    /// Enabled installations.
    #[arg(long, default_value_t = 10_000)]
    installations: usize,
    #[arg(long, default_value_t = 100)]
    releases: usize,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// A call, beside raw wasmtime and native code.
    Calls,
    /// From the bus through a transform to the bus, beside a native loop.
    Bus,
    /// A start with many releases, beside raw wasmtime.
    Releases,
    /// Devices that stay connected, beside a native loop.
    Sessions,
    /// Many installations, idle.
    Installations,
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let wanted = |part| arguments.parts.is_empty() || arguments.parts.contains(&part);
    // One thread for the calls, so that the sides take turns; the pipeline has what the host has.
    if wanted(Part::Calls) {
        tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(calls_alone())?;
    }
    if wanted(Part::Bus) {
        tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(pipelines())?;
    }
    if wanted(Part::Releases) {
        println!("{}", releases::run(&plugins(), arguments.releases)?);
    }
    if wanted(Part::Sessions) {
        println!("{}", sessions::run(&plugins().join("guests"))?);
    }
    if wanted(Part::Installations) {
        println!("{}", installations::run(&plugins().join("guests"), arguments.installations)?);
    }
    Ok(())
}

/// Through the bus and back.
async fn pipelines() -> Result<()> {
    let guests = plugins().join("guests");
    let mut rows = Vec::new();
    for (stateful, sync_always) in [(false, false), (true, false), (false, true), (true, true)] {
        rows.push(pipeline::run(&guests, stateful, sync_always).await?);
    }
    println!("{}", pipeline::table(&rows));
    Ok(())
}

fn plugins() -> PathBuf {
    std::env::var_os("DONGTING_PLUGINS").map_or_else(|| "target/plugins".into(), PathBuf::from)
}

async fn calls_alone() -> Result<()> {
    let plugins = plugins();
    let read = |name: &str| {
        let path = plugins.join(name);
        std::fs::read(&path)
            .with_context(|| format!("{} is missing: run `cargo xtask bench`", path.display()))
    };
    let (echo, adapter) = (read("guests/echo.wasm")?, read("earthquake.wasm")?);
    let ours = ours::Host::new(&echo, &adapter)?;
    let raw = raw::Host::new(&echo, &adapter)?;

    let mut rows = vec![
        interleaved("instantiate", || ours.instantiate(), || raw.instantiate(), None::<fn() -> Result<_>>)
            .await?,
    ];
    for (name, count) in [("call, 1 event of 1 KiB", 1), ("call, 64 events of 1 KiB", BATCH)] {
        rows.push(calls(name, count, &ours, &raw).await?);
    }
    rows.push(feed(&ours, &raw).await?);
    println!("{}", table(&rows));
    Ok(())
}

async fn calls(name: &'static str, count: usize, ours: &ours::Host, raw: &raw::Host) -> Result<Row> {
    let (for_ours, for_raw, for_native) =
        (sample::messages(count)?, raw::messages(count), native::messages(count));
    ensure!(
        ours.apply(&for_ours).await?.bodies == native::apply(&for_native)?.bodies
            && raw.apply(&for_raw).await?.bodies == native::apply(&for_native)?.bodies,
        "{name}: the three sides do not say the same"
    );
    interleaved(name, || ours.apply(&for_ours), || raw.apply(&for_raw), Some(|| native::apply(&for_native)))
        .await
}

async fn feed(ours: &ours::Host, raw: &raw::Host) -> Result<Row> {
    let feed = sample::feed(FEED_EVENTS);
    let expected = native::decode(&feed)?.bodies;
    ensure!(expected.len() == FEED_EVENTS, "the feed gave {} messages", expected.len());
    ensure!(
        ours.decode(&feed).await?.bodies == expected && raw.decode(&feed).await?.bodies == expected,
        "the three sides do not say the same of the feed"
    );
    interleaved(
        "JSON feed of 100 events to messages",
        || ours.decode(&feed),
        || raw.decode(&feed),
        Some(|| native::decode(&feed)),
    )
    .await
}

/// What a side answered: the bodies, so that the sides can be compared.
pub struct Answer {
    pub bodies: Vec<Vec<u8>>,
}
