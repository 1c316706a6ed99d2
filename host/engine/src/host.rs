//! The host: the data directory, the server, the bus, the store, and the tasks of every installation.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use dongting_bus::lane::LaneLimits;
use dongting_bus::{Bus, BusError, Connection, Server, ServerError};
use dongting_manifest::plugin::Role;
use dongting_manifest::{Installation, Lane, Timestamp};
use dongting_sandbox::{Sandbox, SandboxError, SandboxOptions};
use dongting_store::{Store, StoreError};
use tokio::sync::{Semaphore, broadcast, watch};
use tokio::task::JoinSet;

use crate::installed::{InstallError, Installed, chain, install};
use crate::status::{State, Status};
use crate::transform::Shared;
use crate::{HostConfig, history, source, transform};

/// Calls of transforms at once; the sandbox has instances for many more, which views and decoders use.
const CALLS: usize = 16;
/// Of them, kept for the alert and command lanes.
const RESERVE: usize = 4;
/// Arrivals that a slow watcher may lag behind before it is told to read anew.
const ARRIVALS: usize = 1024;

pub struct HostOptions {
    /// Everything that outlives the process.
    pub data: PathBuf,
    pub config: HostConfig,
    pub nats_server: PathBuf,
}

#[derive(Debug, thiserror::Error)]
pub enum HostError {
    #[error("the data directory {path} cannot be used", path = path.display())]
    Data {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error("another dongting runs on the data directory {path}: stop it, or give this one another with --data", path = path.display())]
    InUse { path: PathBuf },
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Sandbox(#[from] SandboxError),
    #[error(transparent)]
    Server(#[from] ServerError),
    #[error(transparent)]
    Bus(#[from] BusError),
}

/// An installation as the operator sees it, whether it could be loaded or not.
#[derive(Clone)]
pub struct Enabled {
    pub installation: Installation,
    pub status: Arc<Status>,
    /// None while it is loading and where it was refused.
    pub installed: Option<Arc<Installed>>,
}

pub struct Host {
    pub store: Store,
    pub bus: Bus,
    pub config: HostConfig,
    enabled: RwLock<BTreeMap<String, Enabled>>,
    server: Server,
    arrivals: broadcast::Sender<Arrivals>,
    changed: watch::Sender<u64>,
    tasks: tokio::sync::Mutex<JoinSet<()>>,
    _lock: std::fs::File,
}

type Arrivals = history::Arrival;

#[derive(Debug, Clone)]
pub struct Health {
    pub now: Timestamp,
    pub bus_up: bool,
    pub bus_restarts: u32,
    pub newest: Option<Timestamp>,
    /// Id, state.
    pub installations: Vec<(String, State)>,
}

impl Host {
    /// Starts everything. An installation that cannot run is refused with its reason and does not keep the others from running.
    pub async fn start(options: HostOptions) -> Result<Arc<Self>, HostError> {
        let HostOptions { data, config, nats_server } = options;
        let lock = lock(&data)?;
        let store = Store::open(&data.join("dongting.db")).await?;
        let sandbox = Arc::new(Sandbox::new(SandboxOptions { cache: Some(data.join("compiled")) })?);
        let server =
            Server::start(&dongting_bus::server::ServerOptions::new(nats_server, data.join("nats"))).await?;
        let bus = Bus::connect(&server.url(), server.credentials(), &LaneLimits::default()).await?;
        let (arrivals, _) = broadcast::channel(ARRIVALS);
        let (changed, _) = watch::channel(0);
        let enabled = config
            .installations
            .iter()
            .map(|installation| {
                let status = Arc::new(Status::new(changed.clone()));
                let enabled = Enabled { installation: installation.clone(), status, installed: None };
                (installation.id.clone(), enabled)
            })
            .collect();
        let host = Arc::new(Self {
            store,
            bus,
            config,
            enabled: RwLock::new(enabled),
            server,
            arrivals,
            changed,
            tasks: tokio::sync::Mutex::new(JoinSet::new()),
            _lock: lock,
        });
        host.clone().spawn(&sandbox).await;
        Ok(host)
    }

    async fn spawn(self: Arc<Self>, sandbox: &Arc<Sandbox>) {
        let shared = Arc::new(Shared {
            bus: self.bus.clone(),
            store: self.store.clone(),
            any: Semaphore::new(CALLS - RESERVE),
            reserve: Semaphore::new(RESERVE),
        });
        let mut tasks = self.tasks.lock().await;
        for lane in [Lane::Bulk, Lane::Alert, Lane::Command] {
            let arrivals = self.arrivals.clone();
            tasks.spawn(history::follow(lane, self.bus.clone(), self.store.clone(), arrivals));
        }
        tasks.spawn(history::forget(self.store.clone(), self.config.history_days));
        // Loaded one after the other: compiling uses every core by itself.
        for enabled in self.all() {
            match install(sandbox, &self.store, enabled.installation.clone(), Arc::clone(&enabled.status))
                .await
            {
                Ok(installed) => {
                    let installed = Arc::new(installed);
                    self.set(installed.id(), Arc::clone(&installed));
                    self.run(&mut tasks, &installed, &shared);
                }
                Err(error) => refuse(&enabled, &error),
            }
        }
    }

    fn run(&self, tasks: &mut JoinSet<()>, installed: &Arc<Installed>, shared: &Arc<Shared>) {
        let id = installed.id();
        tracing::info!(installation = id, plugin = installed.reference, "Started installation `{id}`");
        if installed.has(Role::Source) && installed.installation.poll {
            tasks.spawn(source::run(Arc::clone(installed), self.bus.clone(), self.store.clone()));
        }
        for task in transform::tasks(installed, shared) {
            if installed.has(Role::Transform) {
                tasks.spawn(task);
            }
        }
        if !installed.has(Role::Transform) && !installed.has(Role::Source) {
            installed.status.set(State::Running);
        }
    }

    fn set(&self, id: &str, installed: Arc<Installed>) {
        let mut enabled = self.enabled.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(entry) = enabled.get_mut(id) {
            entry.installed = Some(installed);
        }
    }

    /// Every installation, by id.
    pub fn all(&self) -> Vec<Enabled> {
        self.enabled.read().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }

    /// An installation that could be loaded.
    pub fn installed(&self, id: &str) -> Option<Arc<Installed>> {
        self.enabled.read().unwrap_or_else(PoisonError::into_inner).get(id)?.installed.clone()
    }

    /// Every message from now on, once it can be read from the store.
    pub fn arrivals(&self) -> broadcast::Receiver<Arrivals> {
        self.arrivals.subscribe()
    }

    /// Moves whenever an installation's state changes.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    pub async fn health(&self) -> Result<Health, StoreError> {
        let restarts = match &*self.server.state().borrow() {
            dongting_bus::State::Down { restarts, .. } => *restarts,
            _ => 0,
        };
        let bus_up = *self.bus.connection().borrow() == Connection::Connected;
        Ok(Health {
            now: Timestamp::now(),
            bus_up,
            bus_restarts: restarts,
            newest: self.store.newest_received().await?,
            installations: self
                .all()
                .into_iter()
                .map(|e| (e.installation.id.clone(), e.status.state()))
                .collect(),
        })
    }

    /// The process id of the nats-server child, for the operator's log and for tests.
    pub fn server_pid(&self) -> Option<u32> {
        self.server.pid()
    }

    /// Ends the tasks, then the server. What was in the middle of a call is delivered again at the next start.
    pub async fn stop(self: Arc<Self>) {
        self.tasks.lock().await.shutdown().await;
        self.store.close().await;
        if let Ok(host) = Arc::try_unwrap(self) {
            host.server.stop().await;
        }
    }
}

fn refuse(enabled: &Enabled, error: &InstallError) {
    let reason = chain(error);
    tracing::error!(
        installation = enabled.installation.id,
        reason,
        "Installation `{}` cannot run",
        enabled.installation.id
    );
    enabled.status.set(State::Refused(reason));
}

/// One process a data directory: two would each believe themselves alone.
fn lock(data: &Path) -> Result<std::fs::File, HostError> {
    use std::os::unix::fs::DirBuilderExt;
    let failed = |source| HostError::Data { path: data.to_owned(), source };
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(data).map_err(failed)?;
    let file = std::fs::OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(data.join("lock"))
        .map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(std::fs::TryLockError::WouldBlock) => Err(HostError::InUse { path: data.to_owned() }),
        Err(std::fs::TryLockError::Error(source)) => Err(failed(source)),
    }
}
