//! `nats-server` as a child of the host: its own port, credentials and data directory, restarted when it
//! dies, gone when the host is gone, even by `kill -9`.

use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};

use crate::bus::Credentials;
use child::{Child, Ended, Spawner};

mod backoff;
mod child;
mod config;
mod version;

/// A child that was up this long has recovered: the pauses between restarts start small again.
const RECOVERED: Duration = Duration::from_secs(30);
/// From SIGTERM to SIGKILL.
const PATIENCE: Duration = Duration::from_secs(10);
/// Ports that the system does not hand out to outgoing connections, so that nobody has taken ours while the
/// child is restarted.
const PORTS: std::ops::Range<u16> = 20_000..32_000;
const PORT_ATTEMPTS: usize = 16;

#[derive(Debug, Clone)]
pub struct ServerOptions {
    /// `nats-server`, found on `PATH` where it is a bare name.
    pub binary: PathBuf,
    /// For the configuration and JetStream's files. One host at a time.
    pub directory: PathBuf,
    /// On 127.0.0.1. None chooses a free one, kept until this host ends.
    pub port: Option<u16>,
    /// Sync every message to the disk before it is acknowledged. Without it a power cut may take the last two
    /// minutes.
    pub sync_always: bool,
    /// Reading a large store back takes a while. Also bounds the wait for the child of a host that was just
    /// killed.
    pub start_timeout: Duration,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    Starting,
    Up,
    Down,
}

/// What befell the child since the host started.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outages {
    /// How often it was down.
    pub restarts: u32,
    /// Why it is not up. Kept while it starts: one that ends again at once is down all the while.
    pub reason: Option<String>,
}

#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    #[error(
        "there is no nats-server at `{}`: run `cargo xtask setup`, which fetches one, or install nats-server 2.12 or newer and name it in NATS_SERVER",
        path.display()
    )]
    NoBinary { path: PathBuf },
    #[error(
        "`{}` is nats-server {version}, too old: Dongting needs 2.12 or newer. Run `cargo xtask setup`, or name a newer one in NATS_SERVER",
        path.display()
    )]
    TooOld { path: PathBuf, version: String },
    #[error("`{}` is not a nats-server: asked for its version it says `{said}`", path.display())]
    NotNats { path: PathBuf, said: String },
    #[error("port {port} on 127.0.0.1 is in use: stop what uses it, or choose another port for nats-server")]
    PortInUse { port: u16 },
    #[error("another nats-server works in `{}`: is another host running there?", directory.display())]
    DirectoryInUse { directory: PathBuf },
    #[error("the directory `{}` of nats-server cannot be used", path.display())]
    Directory {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error("nats-server does not start: {reason}")]
    Start { reason: String },
    #[error("nats-server cannot be run")]
    Spawn {
        #[source]
        source: std::io::Error,
    },
}

/// The supervised child. Dropping it kills the child; [`Server::stop`] lets it finish.
#[derive(Debug)]
pub struct Server {
    port: u16,
    credentials: Credentials,
    state: watch::Receiver<State>,
    outages: watch::Receiver<Outages>,
    pid: watch::Receiver<Option<u32>>,
    stop: Option<oneshot::Sender<()>>,
    supervisor: JoinHandle<()>,
}

/// Whom the supervisor tells what it knows.
struct Told {
    state: watch::Sender<State>,
    outages: watch::Sender<Outages>,
}

impl ServerOptions {
    #[must_use]
    pub fn new(binary: impl Into<PathBuf>, directory: impl Into<PathBuf>) -> Self {
        Self {
            binary: binary.into(),
            directory: directory.into(),
            port: None,
            sync_always: true,
            start_timeout: Duration::from_secs(60),
        }
    }
}

impl Server {
    /// Starts the child and returns when it is ready for clients.
    pub async fn start(options: &ServerOptions) -> Result<Self, ServerError> {
        version::check(&options.binary).await?;
        let directory = &options.directory;
        config::prepare(directory)?;
        let lock = config::lock(directory, options.start_timeout).await?;
        let credentials = Credentials { user: "host".to_owned(), password: random_hex()? };
        let spawner = Spawner::start(options.binary.clone(), config::path(directory), lock)
            .map_err(|source| ServerError::Spawn { source })?;
        let mut attempts = 0;
        loop {
            attempts += 1;
            let port = match options.port {
                Some(port) => port,
                None => free_port()?,
            };
            config::write(directory, port, options.sync_always, &credentials)?;
            let mut child = spawner.spawn().await.map_err(|source| ServerError::Spawn { source })?;
            match timeout(options.start_timeout, child.ready()).await {
                Ok(Ok(())) => return Ok(supervise(spawner, child, port, credentials)),
                // Somebody was faster.
                Ok(Err(ended)) if ended.port_in_use && options.port.is_none() && attempts < PORT_ATTEMPTS => {
                }
                Ok(Err(ended)) if ended.port_in_use => return Err(ServerError::PortInUse { port }),
                Ok(Err(ended)) => return Err(ServerError::Start { reason: ended.reason }),
                Err(_) => {
                    let reason = format!("it was not ready after {} s", options.start_timeout.as_secs());
                    return Err(ServerError::Start { reason });
                }
            }
        }
    }

    /// Holds through restarts of the child.
    #[must_use]
    pub fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }

    /// The host's: the only user there is. There is no anonymous access.
    #[must_use]
    pub fn credentials(&self) -> &Credentials {
        &self.credentials
    }

    #[must_use]
    pub fn state(&self) -> watch::Receiver<State> {
        self.state.clone()
    }

    #[must_use]
    pub fn outages(&self) -> Outages {
        self.outages.borrow().clone()
    }

    /// Of the child; none between two lives.
    #[must_use]
    pub fn pid(&self) -> Option<u32> {
        *self.pid.borrow()
    }

    /// SIGTERM, and after ten seconds SIGKILL. Returns when the child is gone.
    pub async fn stop(mut self) {
        if let Some(stop) = self.stop.take() {
            // An error means that the supervisor has ended by itself.
            let _ = stop.send(());
        }
        let _ = (&mut self.supervisor).await;
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Drops the child with the task, which kills it.
        self.supervisor.abort();
    }
}

fn supervise(spawner: Spawner, child: Child, port: u16, credentials: Credentials) -> Server {
    let (state_tx, state) = watch::channel(State::Up);
    let (outages_tx, outages) = watch::channel(Outages::default());
    let (pid_tx, pid) = watch::channel(child.pid());
    let (stop_tx, stop) = oneshot::channel();
    tracing::info!(port, "nats-server is up");
    let told = Told { state: state_tx, outages: outages_tx };
    let supervisor = tokio::spawn(keep_up(spawner, child, told, pid_tx, stop));
    Server { port, credentials, state, outages, pid, stop: Some(stop_tx), supervisor }
}

async fn keep_up(
    spawner: Spawner,
    mut child: Child,
    told: Told,
    pid: watch::Sender<Option<u32>>,
    mut stop: oneshot::Receiver<()>,
) {
    let mut failures = 0;
    let mut up_since = Some(Instant::now());
    loop {
        // Either way this child is done for: it has ended, or it is told to.
        let ended = tokio::select! {
            ended = live(&mut child, &told, &mut up_since) => ended,
            _ = &mut stop => return end(child).await,
        };
        if up_since.is_some_and(|since| since.elapsed() >= RECOVERED) {
            failures = 0;
        }
        pid.send_replace(None);
        told.down(ended.reason, true);
        drop(child);
        child = loop {
            let pause = backoff::pause(failures, random_share());
            failures = failures.saturating_add(1);
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                _ = &mut stop => return,
            }
            match spawner.spawn().await {
                Ok(child) => break child,
                Err(error) => {
                    told.down(format!("`{}` cannot be run: {error}", spawner.binary.display()), false);
                }
            }
        };
        up_since = None;
        pid.send_replace(child.pid());
        told.state.send_replace(State::Starting);
    }
}

/// Until the child has ended.
async fn live(child: &mut Child, told: &Told, up_since: &mut Option<Instant>) -> Ended {
    if up_since.is_none() {
        if let Err(ended) = child.ready().await {
            return ended;
        }
        *up_since = Some(Instant::now());
        told.up();
    }
    child.ended().await
}

impl Told {
    fn up(&self) {
        self.outages.send_modify(|outages| outages.reason = None);
        self.state.send_replace(State::Up);
        tracing::info!("nats-server is up again");
    }

    /// `ended`: a life of the child has. That is logged each time; that it cannot be run is tried every few seconds and logged when the
    /// reason is a new one.
    fn down(&self, reason: String, ended: bool) {
        let mut told = !ended;
        self.outages.send_modify(|outages| {
            outages.restarts = outages.restarts.saturating_add(u32::from(ended));
            told &= outages.reason.replace(reason.clone()).as_ref() == Some(&reason);
        });
        let restarts = self.outages.borrow().restarts;
        if !told {
            tracing::error!(restarts, "nats-server is down: {reason}");
        }
        self.state.send_replace(State::Down);
    }
}

async fn end(mut child: Child) {
    if let Some(pid) = child.pid().and_then(|pid| i32::try_from(pid).ok()).and_then(Pid::from_raw) {
        // Not reaped yet, so the id is still its own.
        let _ = kill_process(pid, Signal::TERM);
    }
    if timeout(PATIENCE, child.ended()).await.is_err() {
        tracing::warn!("nats-server does not end by itself and is killed");
        child.kill().await;
    }
}

fn free_port() -> Result<u16, ServerError> {
    let listen =
        |port| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).and_then(|listener| listener.local_addr());
    let span = f64::from(PORTS.end - PORTS.start);
    for _ in 0..PORT_ATTEMPTS {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a share of the span fits"
        )]
        let port = PORTS.start + (random_share() * span) as u16;
        if listen(port).is_ok() {
            return Ok(port);
        }
    }
    listen(0).map(|address| address.port()).map_err(|source| ServerError::Spawn { source })
}

/// At least 0 and less than 1.
fn random_share() -> f64 {
    f64::from(getrandom::u32().unwrap_or_default()) / (f64::from(u32::MAX) + 1.0)
}

fn random_hex() -> Result<String, ServerError> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes)
        .map_err(|error| ServerError::Spawn { source: std::io::Error::other(error.to_string()) })?;
    Ok(hex::encode(bytes))
}

fn unusable(path: &Path) -> impl FnOnce(std::io::Error) -> ServerError + '_ {
    move |source| ServerError::Directory { path: path.to_owned(), source }
}
