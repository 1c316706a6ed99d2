//! `chaos`: load through a source, a decoder, an ordered stateful transform and a sink, while the host, its nats-server and its database are
//! killed at random instants. The ledger, a process of its own, says whether anything was lost, doubled or out of order.

#![allow(clippy::print_stdout, reason = "its output is its product")]

mod ledger;
mod overload;
mod plan;
mod random;
mod run;
mod upgrades;
mod verdict;

use std::process::ExitCode;
use std::time::Duration;

use anyhow::Result;
use clap::{Parser, value_parser};

use crate::run::Options;

/// Kill it again and again, and count. Ends with an error where a count or a target is missed, and tells its figures last.
#[derive(Parser)]
struct Arguments {
    /// `kill -9`, so many in all, at random instants of the load. In their order every fifth is of PostgreSQL, if it is there, every third of the
    /// others of nats-server alone, the rest of the host with its nats-server. Of fifteen ten are of the host and five of nats-server; with
    /// --postgres eight, four, and three of PostgreSQL. [default: 20, and 0 with --poison or --receiver-down]
    #[arg(long)]
    kills: Option<u32>,
    /// Seconds of load, over which the kills are spread.
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Readings a second, half of them polled and half pushed.
    #[arg(long, default_value_t = 200)]
    rate: u32,
    /// Seconds that the host is down once, besides the kills, from the middle of the load on; to be longer than the duplicate window, which is 8.
    #[arg(long, default_value_t = 0)]
    outage: u64,
    /// PostgreSQL instead of SQLite.
    #[arg(long)]
    postgres: bool,
    /// Of each hundred readings, polled and pushed, so many make the transform trap. In the end the dead letters must be exactly those.
    #[arg(long, default_value_t = 0, value_parser = value_parser!(u32).range(0..=100))]
    poison: u32,
    /// Seconds for which the receiver of the effects is down, from a third of the load on.
    #[arg(long, default_value_t = 0)]
    receiver_down: u64,
    /// With --poison or --receiver-down, but with neither kills nor an outage: of a hundred good readings that come due in the last ten seconds of load (or since
    /// the receiver is back), so many must have an effect made for them in that time. It may be that of an older reading, but is counted
    /// for one only.
    #[arg(long, default_value_t = 90, value_parser = value_parser!(u32).range(0..=100))]
    keep: u32,
    /// No kills, but so many live upgrades of the transform, under load on the bus alone.
    #[arg(long, default_value_t = 0)]
    upgrades: u32,
    /// Milliseconds that two outputs may be apart at most while upgrading, with the load at its rate. Without it the gaps are only told.
    #[arg(long, requires = "upgrades")]
    gap: Option<u32>,
    /// No kills, but so many seconds of ten times as much bulk as the host can do, and how long alerts take meanwhile.
    #[arg(long, default_value_t = 0)]
    overload: u64,
}

fn main() -> Result<ExitCode> {
    let arguments = Arguments::parse();
    if arguments.upgrades > 0 {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        let clean = runtime.block_on(upgrades::run(arguments.upgrades, arguments.rate, arguments.gap))?;
        return Ok(if clean { ExitCode::SUCCESS } else { ExitCode::FAILURE });
    }
    if arguments.overload > 0 {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        let prompt = runtime.block_on(overload::run(Duration::from_secs(arguments.overload)))?;
        return Ok(if prompt { ExitCode::SUCCESS } else { ExitCode::FAILURE });
    }
    let calm = arguments.poison > 0 || arguments.receiver_down > 0;
    let clean = run::run(&Options {
        kills: arguments.kills.unwrap_or(if calm { 0 } else { 20 }),
        load: Duration::from_secs(arguments.seconds),
        seed: arguments.seed,
        rate: arguments.rate,
        outage: Duration::from_secs(arguments.outage),
        postgres: arguments.postgres,
        poison: arguments.poison,
        receiver_down: Duration::from_secs(arguments.receiver_down),
        keep: arguments.keep,
    })?;
    Ok(if clean { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
