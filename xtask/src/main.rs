//! `cargo xtask`: everything that is done to this repository by machine. One file per subcommand.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "xtask is a terminal program: its output is its product"
)]

mod bench;
mod chaos;
mod command;
mod compiler;
mod debian;
mod demo;
mod guests;
mod lint;
mod product;
mod progress;
mod schemas;
mod setup;
mod test;
mod workspace;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

use crate::workspace::Workspace;

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Builds, checks, tests and demonstrates Dongting")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Find or fetch every tool that the demo and the tests need
    Setup,
    /// Build every plugin and test guest into target/plugins
    Guests,
    /// Run every check of form: fmt, clippy, deny, the crates' arrows, tidiness, the portal's lint
    Lint,
    /// Write the data standard's JSON Schemas
    Schemas,
    /// Set up, build and run every test
    Test,
    /// Measure what calls, messages, releases and installations cost
    Bench {
        /// `[calls] [bus] [releases] [installations]`; `--help` says more
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        options: Vec<String>,
    },
    /// Kill the host again and again under load, and count what was lost, doubled or out of order
    Chaos {
        /// `--kills N --seconds S --seed K --rate R --outage SECONDS --postgres`; `--help` says more
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        options: Vec<String>,
    },
    /// Set up, build and run the whole product beside a stand-in for the seismological network
    Demo {
        /// Drive it in a headless browser, assert what is on the page, and exit
        #[arg(long)]
        check: bool,
    },
}

fn main() -> ExitCode {
    match run(Arguments::parse().task) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(task: Task) -> Result<()> {
    let workspace = Workspace::read()?;
    match task {
        Task::Setup => setup::report(&workspace),
        Task::Guests => guests::build(&workspace),
        Task::Lint => lint::run(&workspace),
        Task::Schemas => schemas::write(&workspace),
        Task::Test => test::run(&workspace),
        Task::Bench { options } => bench::run(&workspace, &options),
        Task::Chaos { options } => chaos::run(&workspace, &options),
        Task::Demo { check } => demo::run(&workspace, check),
    }
}
