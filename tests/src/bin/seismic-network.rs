//! `seismic-network`: the stand-in as a process. Its first line is its address; it runs until it is ended.

use std::io::Write;

use anyhow::Result;
use clap::Parser;
use dongting_tests::seismic_network::{Options, SeismicNetwork};
use jiff::Timestamp;

/// A stand-in for a seismological network's web services, replaying real earthquakes as if they happened now.
#[derive(Parser)]
struct Arguments {
    /// 0: the system chooses.
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// How many seconds of the replay pass in a second.
    #[arg(long, default_value_t = 1.0)]
    speed: f64,
    /// When the replay begins, RFC 3339; now where absent.
    #[arg(long)]
    start: Option<Timestamp>,
    /// Start with an empty catalogue, to be filled through /control/publish.
    #[arg(long)]
    empty: bool,
}

#[tokio::main]
async fn main() -> Result<()> {
    let Arguments { port, speed, start, empty } = Arguments::parse();
    let network = SeismicNetwork::start(Options { port, speed, start, replay: !empty }).await?;
    {
        let mut out = std::io::stdout().lock();
        writeln!(out, "{}", network.url())?;
        out.flush()?;
    }
    tokio::signal::ctrl_c().await?;
    Ok(())
}
