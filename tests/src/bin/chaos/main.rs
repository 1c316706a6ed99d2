//! `chaos`: load through a source, a decoder, an ordered stateful transform and a sink, while the host, its nats-server and its database are
//! killed at random instants. The ledger, a process of its own, says whether anything was lost, doubled or out of order.

#![allow(clippy::print_stdout, reason = "its output is its product")]

mod overload;
mod random;
mod run;
mod upgrades;

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
    /// Of a hundred readings that are pushed, so many make the transform trap.
    #[arg(long, default_value_t = 0)]
    poison: u32,
    /// Seconds for which the receiver of the effects is down, from a third of the load on.
    #[arg(long, default_value_t = 0)]
    receiver_down: u64,
    /// No kills, but so many live upgrades of the transform, under load on the bus alone.
    #[arg(long, default_value_t = 0)]
    upgrades: u32,
    /// No kills, but so many seconds of ten times as much bulk as the host can do, and how long alerts take meanwhile.
    #[arg(long, default_value_t = 0)]
    overload: u64,
}

fn main() -> Result<ExitCode> {
    let arguments = Arguments::parse();
    if arguments.upgrades > 0 {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        let clean = runtime.block_on(upgrades::run(arguments.upgrades, arguments.rate))?;
        return Ok(if clean { ExitCode::SUCCESS } else { ExitCode::FAILURE });
    }
    if arguments.overload > 0 {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        let prompt = runtime.block_on(overload::run(Duration::from_secs(arguments.overload)))?;
        return Ok(if prompt { ExitCode::SUCCESS } else { ExitCode::FAILURE });
    }
    let figures = run::run(&Options {
        kills: arguments.kills,
        load: Duration::from_secs(arguments.seconds),
        seed: arguments.seed,
        rate: arguments.rate,
        outage: Duration::from_secs(arguments.outage),
        postgres: arguments.postgres,
        poison: arguments.poison,
        receiver_down: Duration::from_secs(arguments.receiver_down),
    })?;
    Ok(if figures { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
