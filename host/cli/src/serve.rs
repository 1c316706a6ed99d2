//! `dongting serve`

use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::Context;
use clap::Args;
use dongting_engine::{Credentials, Host, HostConfig, HostOptions, Nats};
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

use crate::certificate::TlsFiles;

#[derive(Args)]
pub struct Serve {
    /// Everything that outlives the process: messages, state, compiled plugins.
    #[arg(long, env = "DONGTING_DATA", default_value = "dongting-data")]
    data: PathBuf,
    /// A PostgreSQL database as postgres://user:password@host/name; without it the host keeps an SQLite database in the
    /// data directory. With a password in it, give it in the environment: everyone on the machine sees command lines.
    #[arg(long, env = "DONGTING_DATABASE", hide_env_values = true)]
    database: Option<String>,
    /// What is enabled. Without it the host runs with no plugins.
    #[arg(long, env = "DONGTING_CONFIG")]
    config: Option<PathBuf>,
    /// Address of the API and the portal; port 0 lets the system choose one.
    #[arg(long, env = "DONGTING_LISTEN", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    #[command(flatten)]
    tls: TlsFiles,
    /// Folder with the built portal.
    #[arg(long, env = "DONGTING_PORTAL")]
    portal: Option<PathBuf>,
    /// The nats-server to supervise, 2.12 or newer.
    #[arg(long, env = "NATS_SERVER", default_value = "nats-server")]
    nats_server: PathBuf,
    /// A nats-server that runs by itself, as nats://user:password@host:port, for several hosts. Give it in the environment: everyone on the
    /// machine sees command lines.
    #[arg(long, env = "DONGTING_NATS", hide_env_values = true)]
    nats: Option<String>,
    /// Write the log as JSON lines.
    #[arg(long)]
    log_json: bool,
    /// Stop when standard input ends: whoever holds it may die in any way.
    #[arg(long, hide = true)]
    while_stdin: bool,
}

pub async fn run(options: Serve) -> anyhow::Result<()> {
    log(options.log_json);
    let config = options.config.as_deref().map(HostConfig::read).transpose()?.unwrap_or_default();
    let certificate = options.tls.read()?;
    let nats = match &options.nats {
        Some(url) => running(url)?,
        None => Nats::Child(options.nats_server),
    };
    let host =
        Host::start(HostOptions { data: options.data, database: options.database, config, nats }).await?;
    let served = match dongting_api::serve(host.clone(), options.listen, options.portal, certificate).await {
        Ok(served) => served,
        Err(error) => {
            host.stop().await;
            return Err(error.into());
        }
    };
    // The one line that scripts read: where it listens.
    crate::print(&format!("{}\n", served.url))?;
    tracing::info!(address = %served.address, "Ready at {}", served.url);
    tokio::select! {
        told = told_to_stop() => told?,
        () = stdin_ended(), if options.while_stdin => tracing::info!("Stopping, since standard input has ended"),
    }
    served.stop().await;
    host.stop().await;
    Ok(())
}

/// Returns when the operator or the system wants an end.
pub async fn told_to_stop() -> anyhow::Result<()> {
    let mut terminate = signal(SignalKind::terminate()).context("cannot listen for SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("cannot listen for SIGINT")?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    tracing::info!("Stopping");
    Ok(())
}

/// On a thread of its own: a read that waits cannot be called off.
async fn stdin_ended() {
    let (ended, wait) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || {
        // However it ends, nobody is left at the other side.
        let _ = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
        let _ = ended.send(());
    });
    let _ = wait.await;
}

pub fn log(json: bool) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info,async_nats=warn"));
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    if json { log.json().init() } else { log.init() }
}

/// The URL is not told in the error: it may hold a password.
fn running(url: &str) -> anyhow::Result<Nats> {
    let said = "DONGTING_NATS is no URL of a nats-server: nats://user:password@host:port";
    let (login, host) = url.strip_prefix("nats://").and_then(|rest| rest.rsplit_once('@')).context(said)?;
    let (user, password) = login.split_once(':').context(said)?;
    let decoded = |text: &str| {
        percent_encoding::percent_decode_str(text).decode_utf8().map(|text| text.into_owned()).context(said)
    };
    let credentials = Credentials { user: decoded(user)?, password: decoded(password)? };
    Ok(Nats::Running { url: format!("nats://{host}"), credentials })
}
