//! `dongting`: the host and the tools around it.

mod bundle;
mod certificate;
mod dead_letters;
mod keys;
mod lineage;
mod oci;
mod page;
mod plugin;
mod registry;
mod reload;
mod remote;
mod replay;
mod review;
mod serve;
mod tokens;
mod trial;
mod yank;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "dongting", version, about = "A WebAssembly plugin host for an emergency-management bus")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the host: bus, plugins, API and portal in one process.
    Serve(serve::Serve),
    /// Run one plugin in the real sandbox, with no bus. Prints each message it makes as one JSON line.
    Try(trial::Try),
    /// Make, build, check and publish a plugin.
    Plugin(plugin::Plugin),
    /// See, re-drive or discard what a running host could not process.
    DeadLetters(dead_letters::DeadLetters),
    /// Make a running host read its configuration again: releases change between two batches.
    Reload(reload::Reload),
    /// Run a stretch of an installation's past again, and compare.
    Replay(replay::Replay),
    /// Where a message comes from, and what was made of it.
    Lineage(lineage::Lineage),
    /// Run the registry of releases alone, or look after a running one.
    Registry(registry::RegistryCommand),
    /// Make, list or revoke the tokens that vendors' tools show to the registry.
    Tokens(tokens::Tokens),
    /// Make keys, and say whose they are and how they stand.
    Keys(keys::Keys),
    /// Look at a release, and sign whether it may run in the province.
    Review(review::Reviews),
    /// Carry releases on a disk to where no network reaches.
    Bundle(bundle::Bundles),
    /// Mark a release as one that should no longer be used, and say why.
    Yank(yank::Yank),
    /// Print the API's OpenAPI document.
    Openapi {
        /// Write it to this file instead.
        #[arg(long)]
        output: Option<PathBuf>,
    },
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let done = match arguments.command {
        Command::Serve(options) => serve::run(options).await,
        Command::Try(options) => trial::run(options).await,
        Command::Plugin(options) => plugin::run(options).await,
        Command::DeadLetters(options) => tokio::task::block_in_place(|| dead_letters::run(options)),
        Command::Reload(options) => tokio::task::block_in_place(|| reload::run(&options)),
        Command::Replay(options) => tokio::task::block_in_place(|| replay::run(&options)),
        Command::Lineage(options) => tokio::task::block_in_place(|| lineage::run(&options)),
        Command::Registry(options) => registry::run(options).await,
        Command::Tokens(options) => tokio::task::block_in_place(|| tokens::run(&options)),
        Command::Keys(options) => tokio::task::block_in_place(|| keys::run(&options)),
        Command::Review(options) => tokio::task::block_in_place(|| review::run(&options)),
        Command::Bundle(options) => tokio::task::block_in_place(|| bundle::run(&options)),
        Command::Yank(options) => tokio::task::block_in_place(|| yank::run(&options)),
        Command::Openapi { output } => print_openapi(output),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&format!("dongting: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn print_openapi(output: Option<PathBuf>) -> anyhow::Result<()> {
    let document = dongting_api::openapi()?;
    match output {
        Some(path) => std::fs::write(path, document)?,
        None => print(&document)?,
    }
    Ok(())
}

/// Writes to standard output; a reader that has gone away is no failure of ours.
fn print(text: &str) -> anyhow::Result<()> {
    use std::io::Write;
    match std::io::stdout().write_all(tame(text).as_bytes()) {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        other => Ok(other?),
    }
}

/// Writes a line to standard error.
fn say(line: &str) {
    use std::io::Write;
    // Nobody is left to be told that standard error is closed.
    let _ = writeln!(std::io::stderr(), "{}", tame(line));
}

/// A reason or a note that somebody else wrote gives this terminal no orders.
fn tame(text: &str) -> String {
    text.chars().map(|c| if c.is_control() && !matches!(c, '\n' | '\t') { ' ' } else { c }).collect()
}
