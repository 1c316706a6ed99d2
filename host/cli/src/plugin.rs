//! `dongting plugin`: what a vendor does with a plugin.

mod harness;

use clap::{Args, Subcommand};

#[derive(Args)]
pub struct Plugin {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Calls one plugin as it is told on standard input, a JSON object a line. What the test kit drives.
    #[command(hide = true)]
    Harness,
}

pub async fn run(options: Plugin) -> anyhow::Result<()> {
    match options.command {
        Command::Harness => harness::run().await,
    }
}
