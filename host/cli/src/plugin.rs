//! `dongting plugin`: what a vendor does with a plugin.

mod build;
mod inspect;
mod new;
pub mod sign;

use clap::{Args, Subcommand};

#[derive(Args)]
pub struct Plugin {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Make a project that builds and passes its tests.
    New(new::New),
    /// Compile a project to a component with its manifest and bill of materials.
    Build(build::Build),
    /// Sign a component as your release: an envelope beside it, which `push` takes along.
    Sign(sign::Sign),
    /// Say what a component is and asks for.
    Inspect(inspect::Inspect),
}

pub async fn run(options: Plugin) -> anyhow::Result<()> {
    match options.command {
        Command::New(options) => new::run(&options),
        Command::Build(options) => tokio::task::block_in_place(|| build::run(&options)),
        Command::Sign(options) => tokio::task::block_in_place(|| sign::run(&options)),
        Command::Inspect(options) => tokio::task::block_in_place(|| inspect::run(&options)),
    }
}
