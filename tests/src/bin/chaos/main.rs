//! `chaos`: load through a source, a decoder, an ordered stateful transform and a sink, while the host, its nats-server and its database are
//! killed at random instants. The ledger, a process of its own, says whether anything was lost, doubled or out of order.

#![allow(clippy::print_stdout, reason = "its output is its product")]

mod random;
mod run;

use std::process::ExitCode;
use std::time::Duration;

use anyhow::Result;
use clap::Parser;

use crate::run::Options;

/// Kill it again and again, and count.
#[derive(Parser)]
struct Arguments {
    /// `kill -9` of the host, and every third time of the nats-server alone, every fifth of PostgreSQL.
    #[arg(long, default_value_t = 20)]
    kills: u32,
    /// Seconds of load, over which the kills are spread.
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Readings a second.
    #[arg(long, default_value_t = 200)]
    rate: u32,
    /// Seconds that the host is down once, in the middle; longer than the duplicate window, which is 8.
    #[arg(long, default_value_t = 0)]
    outage: u64,
    /// PostgreSQL instead of SQLite.
    #[arg(long)]
    postgres: bool,
}

fn main() -> Result<ExitCode> {
    let arguments = Arguments::parse();
    let figures = run::run(&Options {
        kills: arguments.kills,
        load: Duration::from_secs(arguments.seconds),
        seed: arguments.seed,
        rate: arguments.rate,
        outage: Duration::from_secs(arguments.outage),
        postgres: arguments.postgres,
    })?;
    Ok(if figures { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
