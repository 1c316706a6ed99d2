//! The host: the data directory, the server, the bus, the store, and the tasks of every installation.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};
use std::time::{Duration, Instant};

use dongting_bus::lane::LaneLimits;
use dongting_bus::server::ServerOptions;
use dongting_bus::{Bus, BusError, Connection, Credentials, Server, ServerError};
use dongting_manifest::{Installation, Lane, Timestamp};
use dongting_priority::Priority;
use dongting_registry::{OpenError, Registry};
use dongting_sandbox::{Sandbox, SandboxError, SandboxOptions};
use dongting_store::{Database, Store, StoreError};
use futures::StreamExt;
use tokio::runtime::Handle;
use tokio::sync::{Semaphore, broadcast, watch};
use tokio::task::JoinSet;

use crate::buses::Buses;
use crate::courtesy::Courtesy;
use crate::forgetting::Retention;
use crate::gate::Gate;
use crate::history::Arrival;
use crate::installed::{Installed, chain};
use crate::leases::{self, Leases};
use crate::life::Life;
use crate::permits::Permits;
use crate::publisher::Publisher;
use crate::recorder::Recorder;
use crate::releases::Releases;
use crate::round::Round;
use crate::slot::Slot;
use crate::status::{State, Status};
use crate::threads::Threads;
use crate::worker::Shared;
use crate::{HostConfig, exhausted, forgetting, history, recheck};

/// Calls of transforms at once; the sandbox has instances for many more, which views and decoders use.
const CALLS: usize = 16;
/// Of them, kept for the alert and command lanes.
const RESERVE: usize = 4;
/// Calls of shadows at once, of all installations together: each takes an instance and its memory.
const SHADOWS: usize = 4;
/// The registry's folder in the data directory.
pub const REGISTRY: &str = "registry";
/// Arrivals that a slow watcher may lag behind before it is told to read anew.
const ARRIVALS: usize = 1024;
/// Likewise for word of consumers that JetStream has given up on.
const EXHAUSTED: usize = 64;
/// Installations that are loaded at once. Most wait: for a file, or for another that compiles the same component.
const LOADING: usize = 32;
/// Consumers that are made at once. Asked for more, nats-server would not answer the last of ten thousand in time.
const CONSUMERS: usize = 32;

pub struct HostOptions {
    /// Everything that outlives the process.
    pub data: PathBuf,
    /// A `postgres://` URL; none for SQLite in the data directory.
    pub database: Option<String>,
    pub config: HostConfig,
    pub nats: Nats,
}

/// Where the bus is.
pub enum Nats {
    /// The binary of a nats-server that this host starts, keeps running and takes with it.
    Child(PathBuf),
    /// One that runs by itself, for several hosts.
    Running { url: String, credentials: Credentials },
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
    #[error("the threads for bulk work cannot be started")]
    Threads(#[source] std::io::Error),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Sandbox(#[from] SandboxError),
    #[error(transparent)]
    Server(#[from] ServerError),
    #[error(transparent)]
    Bus(#[from] BusError),
    #[error(transparent)]
    Registry(#[from] OpenError),
}

/// An installation as the operator sees it, whether it could be loaded or not.
#[derive(Clone)]
pub struct Enabled {
    pub installation: Arc<Installation>,
    pub status: Arc<Status>,
    /// None while it is loading and where it was refused.
    pub installed: Option<Arc<Installed>>,
}

pub struct Host {
    pub shared: Arc<Shared>,
    pub config: HostConfig,
    /// Where releases are.
    pub registry: Registry,
    pub(crate) sandbox: Arc<Sandbox>,
    /// What may run.
    pub gate: Gate,
    pub(crate) releases: Releases,
    /// This host's name among those that share its database; none where it has it for itself.
    pub(crate) holder: Option<String>,
    /// Held while installations come, go and change.
    pub(crate) slots: tokio::sync::Mutex<BTreeMap<String, Slot>>,
    /// The slots as they are shown: nobody who only looks waits for a plugin that is being compiled.
    enabled: RwLock<BTreeMap<String, Enabled>>,
    /// Held while a dead letter is driven again.
    pub(crate) redriving: tokio::sync::Mutex<()>,
    /// None where the bus runs by itself.
    server: Option<Server>,
    durability: Durability,
    arrivals: broadcast::Sender<Arrival>,
    pub(crate) changed: watch::Sender<u64>,
    tasks: tokio::sync::Mutex<JoinSet<()>>,
    _life: Life,
}

/// When a message counts as stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// When it is on the disk.
    Synced,
    /// Before, as the operator has relaxed it.
    Relaxed,
    /// As a nats-server that is not this host's is configured.
    External,
}

#[derive(Debug, Clone)]
pub struct Health {
    pub now: Timestamp,
    pub bus_up: bool,
    pub bus_restarts: u32,
    /// Why the nats-server child is not up, as long as it is not.
    pub bus_reason: Option<String>,
    pub durability: Durability,
    pub newest: Option<Timestamp>,
    /// Id, state.
    pub installations: Vec<(String, State)>,
    /// Whether components that nobody signed may run.
    pub allow_unsigned: bool,
}

impl Host {
    /// Starts everything. An installation that cannot run is refused with its reason and does not keep the others from running.
    pub async fn start(options: HostOptions) -> Result<Arc<Self>, HostError> {
        let began = Instant::now();
        let HostOptions { data, database, mut config, nats } = options;
        let mut life = Life::begin(&data)?;
        let database = match database {
            Some(url) => url.parse()?,
            None => Database::Sqlite(data.join("dongting.db")),
        };
        let store = Store::open(&database).await?;
        // SQLite is this host's alone; a server may serve others.
        let holder = match database {
            Database::Postgres(_) => {
                life.follow(&store).await;
                Some(life.name.clone())
            }
            Database::Sqlite(_) => None,
        };
        let registry = Registry::open_with(&data.join(REGISTRY), config.registry.clone()).await?;
        let sandbox = Arc::new(Sandbox::new(SandboxOptions { cache: Some(data.join("compiled")) })?);
        let limits = config.lanes.limits();
        let (server, url, credentials) = match nats {
            Nats::Child(binary) => {
                let server = serve(&config, binary, data.join("nats")).await?;
                let (url, credentials) = (server.url(), server.credentials().clone());
                (Some(server), url, credentials)
            }
            Nats::Running { url, credentials } => (None, url, credentials),
        };
        let durability = match (&server, config.nats.sync_always) {
            (None, _) => Durability::External,
            (Some(_), true) => Durability::Synced,
            (Some(_), false) => Durability::Relaxed,
        };
        let urgent = Threads::start("urgent", Priority::Urgent).map_err(HostError::Threads)?;
        let bulk = Threads::start("bulk", Priority::Bulk).map_err(HostError::Threads)?;
        let usual = Handle::current();
        let connect = async |threads: &Handle| {
            let bus = connect(threads, &url, &credentials, &limits).await?;
            Ok::<_, HostError>(if durability == Durability::Relaxed { bus.one_by_one() } else { bus })
        };
        let buses = Buses {
            urgent: connect(&urgent.handle).await?,
            usual: connect(&usual).await?,
            bulk: connect(&bulk.handle).await?,
        };
        let publisher = Publisher::new(buses, &limits, &store).await?;
        let permits = Permits::new(CALLS, RESERVE);
        let beside = Threads::start("beside", Priority::Beside).map_err(HostError::Threads)?;
        let (arrivals, _) = broadcast::channel(ARRIVALS);
        let (changed, _) = watch::channel(0);
        // From here on the slots have them.
        let slots: BTreeMap<String, Slot> = std::mem::take(&mut config.installations)
            .into_iter()
            .map(|installation| {
                let status = Arc::new(Status::new(changed.clone()));
                (installation.id.clone(), Slot::new(Arc::new(installation), status, holder.clone()))
            })
            .collect();
        let gate = Gate::new(registry.clone(), config.trust.policy());
        let releases = Releases::new(Arc::clone(&sandbox), bulk.handle.clone());
        let leases = Leases::new(holder.clone());
        leases.begin(&store).await;
        let host = Arc::new(Self {
            shared: Arc::new(Shared {
                publisher,
                store,
                permits,
                recorder: Recorder::default(),
                tidying: Arc::default(),
                leases,
                usual,
                urgent,
                bulk,
                beside,
                shadows: Semaphore::new(SHADOWS),
                courtesy: Courtesy::default(),
                exhausted: broadcast::channel(EXHAUSTED).0,
                making: Semaphore::new(CONSUMERS),
                host: OnceLock::new(),
            }),
            config,
            registry,
            sandbox,
            gate,
            releases,
            holder,
            slots: tokio::sync::Mutex::new(slots),
            enabled: RwLock::default(),
            redriving: tokio::sync::Mutex::default(),
            server,
            durability,
            arrivals,
            changed,
            tasks: tokio::sync::Mutex::new(JoinSet::new()),
            _life: life,
        });
        // It is empty until now.
        let _ = host.shared.host.set(Arc::downgrade(&host));
        host.spawn(began).await;
        Ok(host)
    }

    async fn spawn(self: &Arc<Self>, began: Instant) {
        let mut tasks = self.tasks.lock().await;
        let shared = Arc::clone(&self.shared);
        tasks.spawn(async move { shared.publisher.keep(&shared.store).await });
        let shared = Arc::clone(&self.shared);
        tasks.spawn(async move { shared.recorder.write(&shared.store, &shared.courtesy).await });
        let shared = Arc::clone(&self.shared);
        tasks.spawn(async move { shared.tidying.keep(&shared).await });
        tasks.spawn(leases::keep(Arc::clone(&self.shared)));
        for lane in [Lane::Bulk, Lane::Alert, Lane::Command] {
            let following = history::follow(lane, Arc::clone(&self.shared), self.arrivals.clone());
            if lane == Lane::Bulk {
                tasks.spawn_on(following, &self.shared.bulk.handle);
            } else {
                tasks.spawn(following);
            }
        }
        // Listens from before anything is loaded: what changes meanwhile is looked at afterwards.
        tasks.spawn(recheck::follow(Arc::downgrade(self), self.registry.changes()));
        let retention = Retention {
            history_days: self.config.history_days,
            history_gib: self.config.history_gib,
            replay_days: self.config.replay_days,
            replay_gib: self.config.replay_gib,
        };
        tasks.spawn(forgetting::forget(Arc::clone(&self.shared), retention));
        tasks.spawn(settle(self.shared.store.clone()));
        let mut slots = self.slots.lock().await;
        for slot in slots.values() {
            self.show(slot);
        }
        // What was given up meanwhile is told at once, so those whom it may concern are known by now.
        tasks.spawn(exhausted::listen(Arc::downgrade(self)));
        let round = self.round();
        let load = async |slot: &mut Slot| {
            let installation = Arc::clone(&slot.installation);
            self.change(&round, slot, installation).await;
        };
        futures::stream::iter(slots.values_mut()).for_each_concurrent(LOADING, load).await;
        let all = slots.values().map(|slot| Arc::clone(&slot.status)).collect();
        tasks.spawn(tell_ready(all, self.changes(), began));
    }

    /// For one reading of the configuration.
    pub(crate) fn round(&self) -> Round<'_> {
        Round::new(&self.releases, &self.gate, &self.config.http.authorities)
    }

    /// Shows a slot as it is by now.
    pub(crate) fn show(&self, slot: &Slot) {
        let (installation, status) = (Arc::clone(&slot.installation), Arc::clone(&slot.status));
        let id = installation.id.clone();
        let enabled = Enabled { installation, status, installed: slot.installed() };
        self.enabled.write().unwrap_or_else(PoisonError::into_inner).insert(id, enabled);
    }

    pub(crate) fn hide(&self, id: &str) {
        self.enabled.write().unwrap_or_else(PoisonError::into_inner).remove(id);
    }

    /// Every installation, by id.
    pub fn all(&self) -> Vec<Enabled> {
        self.enabled.read().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }

    /// An installation, whether it could be loaded or not.
    pub fn enabled(&self, id: &str) -> Option<Enabled> {
        self.enabled.read().unwrap_or_else(PoisonError::into_inner).get(id).cloned()
    }

    /// An installation that could be loaded.
    pub fn installed(&self, id: &str) -> Option<Arc<Installed>> {
        self.enabled.read().unwrap_or_else(PoisonError::into_inner).get(id)?.installed.clone()
    }

    pub fn store(&self) -> &Store {
        &self.shared.store
    }

    pub fn bus(&self) -> &Bus {
        self.shared.publisher.bus()
    }

    /// Every message from now on, once it can be read from the store.
    pub fn arrivals(&self) -> broadcast::Receiver<Arrival> {
        self.arrivals.subscribe()
    }

    /// Moves whenever an installation's state changes.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    pub async fn health(&self) -> Result<Health, StoreError> {
        let outages = self.server.as_ref().map(Server::outages).unwrap_or_default();
        let bus_up = *self.bus().connection().borrow() == Connection::Connected;
        Ok(Health {
            allow_unsigned: self.gate.policy().allow_unsigned,
            now: Timestamp::now(),
            bus_up,
            bus_restarts: outages.restarts,
            bus_reason: outages.reason,
            durability: self.durability,
            newest: self.store().newest_received().await?,
            installations: self
                .all()
                .into_iter()
                .map(|e| (e.installation.id.clone(), e.status.state()))
                .collect(),
        })
    }

    /// The process id of the nats-server child, for the operator's log and for tests.
    pub fn server_pid(&self) -> Option<u32> {
        self.server.as_ref().and_then(Server::pid)
    }

    /// Ends the tasks, then the server. What was in the middle of a call is delivered again at the next start.
    pub async fn stop(self: Arc<Self>) {
        for slot in self.slots.lock().await.values_mut() {
            slot.end(&self.shared).await;
        }
        self.tasks.lock().await.shutdown().await;
        self.shared.recorder.finish(self.store()).await;
        self.store().close().await;
        self.registry.close().await;
        if let Ok(Self { server: Some(server), .. }) = Arc::try_unwrap(self) {
            server.stop().await;
        }
    }
}

/// Says once when no installation is starting any more: each is at work, waits for another host, or says why it cannot.
async fn tell_ready(mut starting: Vec<Arc<Status>>, mut changes: watch::Receiver<u64>, began: Instant) {
    let installations = starting.len();
    loop {
        changes.borrow_and_update();
        while starting.pop_if(|status| status.state() != State::Starting).is_some() {}
        if starting.is_empty() {
            break;
        }
        // The sender lives in the host, which ends this.
        if changes.changed().await.is_err() {
            return;
        }
    }
    let took = began.elapsed();
    tracing::info!(installations, ?took, "All {installations} installations have started after {took:.1?}");
}

/// Keeps the database's logs short, for ever.
async fn settle(store: Store) {
    let mut every = tokio::time::interval(Duration::from_secs(1));
    every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        every.tick().await;
        if let Err(error) = store.settle().await {
            tracing::debug!("The database's logs stay as they are for now: {}", chain(&error));
        }
    }
}

async fn serve(config: &HostConfig, binary: PathBuf, directory: PathBuf) -> Result<Server, ServerError> {
    let sync_always = config.nats.sync_always;
    if !sync_always {
        tracing::warn!("nats-server does not sync each message: a power cut may take the last two minutes");
    }
    Server::start(&ServerOptions { sync_always, ..ServerOptions::new(binary, directory) }).await
}

/// Over a connection that these threads serve.
async fn connect(
    threads: &Handle,
    url: &str,
    credentials: &Credentials,
    limits: &LaneLimits,
) -> Result<Bus, HostError> {
    let (url, credentials, limits) = (url.to_owned(), credentials.clone(), *limits);
    let connecting = threads.spawn(async move { Bus::connect(&url, &credentials, &limits).await });
    Ok(connecting.await.map_err(|error| HostError::Threads(error.into()))??)
}
