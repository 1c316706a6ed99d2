//! `dongting registry`: the registry without a host, and the operator's work on a running one.

use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::{Args, Subcommand};
use dongting_engine::host::REGISTRY;
use dongting_registry::{AnonymousRead, Listening, Registry, RegistryOptions};
use serde_json::{Value, json};

use crate::certificate::TlsFiles;
use crate::remote::Operator;
use crate::serve::{log, told_to_stop};

#[derive(Args)]
pub struct RegistryCommand {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve the registry of a data directory, with no bus and no plugins.
    Serve(Alone),
    /// Remove what no release names any more: blobs, statements about deleted releases, uploads that were never finished.
    Gc {
        #[command(flatten)]
        operator: Operator,
        /// What came within so many seconds is kept; the registry's own grace period if left out.
        #[arg(long)]
        grace_seconds: Option<u64>,
    },
    /// What a vendor uses and may use; gives it a quota of its own.
    Quota {
        #[command(flatten)]
        operator: Operator,
        vendor: String,
        #[arg(long, conflicts_with = "usual")]
        mib: Option<u64>,
        /// Back to the quota that every vendor has.
        #[arg(long)]
        usual: bool,
    },
}

#[derive(Args)]
struct Alone {
    /// Its folder `registry` is what is served.
    #[arg(long, env = "DONGTING_DATA", default_value = "dongting-data")]
    data: PathBuf,
    /// Port 0 lets the system choose one.
    #[arg(long, env = "DONGTING_LISTEN", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    #[command(flatten)]
    tls: TlsFiles,
    /// A dongting.toml, of which the table `registry` is used.
    #[arg(long, env = "DONGTING_CONFIG")]
    config: Option<PathBuf>,
    /// Ask for a token from those who read on this machine as well.
    #[arg(long)]
    no_anonymous_read: bool,
    /// Write the log as JSON lines.
    #[arg(long)]
    log_json: bool,
}

pub async fn run(options: RegistryCommand) -> Result<()> {
    match options.command {
        Command::Serve(alone) => serve(alone).await,
        Command::Gc { operator, grace_seconds } => {
            tokio::task::block_in_place(|| gc(&operator, grace_seconds))
        }
        Command::Quota { operator, vendor, mib, usual } => {
            tokio::task::block_in_place(|| quota(&operator, &vendor, mib, usual))
        }
    }
}

async fn serve(alone: Alone) -> Result<()> {
    log(alone.log_json);
    let mut options = match &alone.config {
        Some(file) => settings(&std::fs::read_to_string(file)?)
            .with_context(|| format!("the configuration {} is not understood", file.display()))?,
        None => RegistryOptions::default(),
    };
    if alone.no_anonymous_read {
        options.anonymous_read = AnonymousRead::Never;
    }
    let certificate = alone.tls.read()?;
    let registry = Registry::open_with(&alone.data.join(REGISTRY), options).await?;
    let served = Listening::on(alone.listen).await?.serve(registry.router(), certificate);
    // The one line that scripts read: where it listens.
    crate::print(&format!("{}\n", served.url))?;
    tracing::info!(address = %served.address, "The registry is ready at {}", served.url);
    told_to_stop().await?;
    served.stop().await;
    registry.close().await;
    Ok(())
}

/// The table `registry` of a dongting.toml; the rest of the file is the host's.
fn settings(text: &str) -> Result<RegistryOptions> {
    let mut file: toml::Table = toml::from_str(text)?;
    let table = file.remove("registry").unwrap_or_else(|| toml::Value::Table(toml::Table::new()));
    Ok(table.try_into()?)
}

fn gc(operator: &Operator, grace_seconds: Option<u64>) -> Result<()> {
    let swept = operator.post("sweep", &json!({ "grace_seconds": grace_seconds }))?;
    let count = |name: &str| swept.get(name).and_then(Value::as_u64).unwrap_or_default();
    crate::print(&format!(
        "removed {} blobs ({} bytes), {} statements, {} uploads\n",
        count("blobs"),
        count("bytes"),
        count("statements"),
        count("uploads")
    ))
}

fn quota(operator: &Operator, vendor: &str, mib: Option<u64>, usual: bool) -> Result<()> {
    let path = format!("quotas/{vendor}");
    let quota = if mib.is_some() || usual {
        operator.put(&path, &json!({ "bytes": mib.map(|mib| mib.saturating_mul(1 << 20)) }))?
    } else {
        operator.get(&path)?
    };
    let bytes = |name: &str| quota.get(name).and_then(Value::as_u64).unwrap_or_default();
    crate::print(&format!("{vendor}\t{} of {} bytes used\n", bytes("used"), bytes("quota")))
}
