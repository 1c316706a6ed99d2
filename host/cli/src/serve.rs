//! `dongting serve`

use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::Context;
use clap::Args;
use dongting_engine::{Host, HostConfig, HostOptions};
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

#[derive(Args)]
pub struct Serve {
    /// Everything that outlives the process: messages, state, compiled plugins.
    #[arg(long, env = "DONGTING_DATA", default_value = "dongting-data")]
    data: PathBuf,
    /// What is enabled. Without it the host runs with no plugins.
    #[arg(long, env = "DONGTING_CONFIG")]
    config: Option<PathBuf>,
    /// Address of the API and the portal; port 0 lets the system choose one.
    #[arg(long, env = "DONGTING_LISTEN", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// Folder with the built portal.
    #[arg(long, env = "DONGTING_PORTAL")]
    portal: Option<PathBuf>,
    /// The nats-server to supervise, 2.12 or newer.
    #[arg(long, env = "NATS_SERVER", default_value = "nats-server")]
    nats_server: PathBuf,
    /// Write the log as JSON lines.
    #[arg(long)]
    log_json: bool,
}

pub async fn run(options: Serve) -> anyhow::Result<()> {
    log(options.log_json);
    let config = options.config.as_deref().map(HostConfig::read).transpose()?.unwrap_or_default();
    let host =
        Host::start(HostOptions { data: options.data, config, nats_server: options.nats_server }).await?;
    let served = match dongting_api::serve(host.clone(), options.listen, options.portal).await {
        Ok(served) => served,
        Err(error) => {
            host.stop().await;
            return Err(error.into());
        }
    };
    // The one line that scripts read: where it listens.
    crate::print(&format!("http://{}/\n", served.address))?;
    tracing::info!(address = %served.address, "Ready at http://{}/", served.address);
    let mut terminate = signal(SignalKind::terminate()).context("cannot listen for SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("cannot listen for SIGINT")?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    tracing::info!("Stopping");
    served.stop().await;
    host.stop().await;
    Ok(())
}

fn log(json: bool) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info,async_nats=warn"));
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    if json { log.json().init() } else { log.init() }
}
