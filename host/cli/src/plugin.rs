//! `dongting plugin`: what a vendor does with a plugin.

mod build;
mod check;
mod dev;
mod harness;
mod inspect;
mod new;
mod push;
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
    /// Try a component in the real sandbox with whatever could be thrown at it, and grade it.
    Check(check::Check),
    /// Run a project while it is being written: each change is built and takes over.
    Dev(dev::Dev),
    /// Sign a component as your release: an envelope beside it, which `push` takes along.
    Sign(sign::Sign),
    /// Publish a component in the registry, with its signature, its quality report and its bill of materials.
    Push(push::Push),
    /// Say what a component is and asks for.
    Inspect(inspect::Inspect),
    /// Calls one plugin as it is told on standard input, a JSON object a line. What the test kit drives.
    #[command(hide = true)]
    Harness,
}

pub async fn run(options: Plugin) -> anyhow::Result<()> {
    match options.command {
        Command::New(options) => new::run(&options),
        Command::Build(options) => tokio::task::block_in_place(|| build::run(&options)),
        Command::Check(options) => check::run(options).await,
        Command::Dev(options) => dev::run(options).await,
        Command::Sign(options) => tokio::task::block_in_place(|| sign::run(&options)),
        Command::Push(options) => tokio::task::block_in_place(|| push::run(&options)),
        Command::Inspect(options) => tokio::task::block_in_place(|| inspect::run(&options)),
        Command::Harness => harness::run().await,
    }
}
