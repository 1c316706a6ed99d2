//! One installation, loaded and linked: its plugin, what its calls are given, and its status.

use std::collections::BTreeSet;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use dongting_manifest::installation::{Code, InstallationError};
use dongting_manifest::plugin::{Capability, Manifest, Role};
use dongting_manifest::{Installation, Lane, Timestamp, Version};
use dongting_sandbox::capability::config::Config;
use dongting_sandbox::{
    Call, Egress, LoadError, LogLevel, LogLine, Network, NetworkError, Outcome, Plugin, Readers, Refusal,
    StateReader,
};
use dongting_store::{Store, StoreError};
use sha2::{Digest, Sha256};
use tokio::runtime::Handle;
use tracing::Level;

use crate::above::Above;
use crate::breaker::Breaker;
use crate::gate::{GateError, Signed};
use crate::outbox::Outbox;
use crate::pin::Pin;
use crate::rate::{Bucket, Dropped, LogRate, buckets};
use crate::records::Recorded;
use crate::releases::{Loaded, ReleaseError};
use crate::remembered::Remembering;
use crate::round::{Attached, AttachmentError, CodeError, Found, MAX_ATTACHMENT_BYTES, Round};
use crate::session::Connections;
use crate::shadow::{Candidate, Shadow};
use crate::sink::InVain;
use crate::state::Committed;
use crate::status::{State, Status};
use crate::threads::Brief;
use crate::timers::Changes;
use crate::turn::{Turn, TurnError};
use crate::views::ViewInfo;

pub struct Installed {
    pub installation: Arc<Installation>,
    pub manifest: Arc<Manifest>,
    pub digest: String,
    /// `name@version#digest`.
    pub reference: String,
    /// Shared with all installations of this release that are granted the same.
    pub plugin: Arc<Plugin>,
    /// By whose signatures it runs; none for a file that nobody signed.
    pub signed: Option<Signed>,
    pub views: Vec<ViewInfo>,
    pub status: Arc<Status>,
    /// For each grant to publish, in their order.
    pub buckets: Vec<Arc<Bucket>>,
    pub log_rate: LogRate,
    /// The way out of its calls.
    pub egress: Egress,
    /// The capabilities that the component imports.
    pub imported: BTreeSet<Capability>,
    /// Keeps something between calls.
    pub stateful: bool,
    /// Held over each call of a stateful installation and its commit: one after the other, whoever makes them.
    pub turn: Turn,
    pub brief: Brief,
    pub timer_changes: Arc<Changes>,
    /// Whether this host may do what one host at a time may do.
    pub pin: Arc<Pin>,
    pub outbox: Arc<Outbox>,
    /// Of a session, whatever release each is on.
    pub connections: Arc<Connections>,
    /// A candidate that is tried on the same traffic.
    pub shadow: Option<Arc<Shadow>>,
    /// Of what is asked of it. Another release begins with a new one.
    pub breaker: Mutex<Breaker>,
    /// Calls of a sink that ended nothing.
    pub in_vain: InVain,
    /// Hash of the attachments' contents.
    pub attachments: Arc<str>,
    /// Keeps it in memory.
    _release: Arc<Loaded>,
    config: Config,
    store: Store,
    /// Not those that compute below all else.
    threads: Handle,
    /// Of timers and records. The state may be remembered, and the history is read as of an instant.
    readers: Readers,
    committed: Arc<Above<Committed>>,
}

#[derive(Debug, thiserror::Error)]
pub enum InstallError {
    #[error("installation `{id}` may not run")]
    Gate {
        id: String,
        #[source]
        why: Arc<GateError>,
    },
    #[error(
        "installation `{id}`: version {version} of {repository} is older than {highest}, which ran here before, and may have faults that were mended since: enable {highest} or a later one, or say allow_downgrade = \"{version}\" if the old one must run"
    )]
    Downgrade { id: String, repository: String, version: Version, highest: Version },
    #[error("installation `{id}`: the store cannot be asked")]
    Store {
        id: String,
        #[source]
        source: StoreError,
    },
    #[error("installation `{id}`: {source}")]
    Load { id: String, source: Arc<LoadError> },
    #[error("installation `{id}`: {source}")]
    Turn { id: String, source: Box<TurnError> },
    #[error(transparent)]
    Grant(#[from] InstallationError),
    #[error("installation `{id}`: the attachment {path} cannot be read", path = path.display())]
    Attachment {
        id: String,
        path: PathBuf,
        #[source]
        source: Arc<io::Error>,
    },
    #[error("installation `{id}`: the attachment {path} has over {MAX_ATTACHMENT_BYTES} bytes", path = path.display())]
    AttachmentSize { id: String, path: PathBuf },
    #[error("installation `{id}`: {source}")]
    Network { id: String, source: NetworkError },
    #[error("installation `{id}`: its views cannot be listed: {source}")]
    Views { id: String, source: Refusal },
    #[error("{0}")]
    Shadow(String),
    #[error("installation `{id}`: loading was interrupted")]
    Interrupted { id: String },
}

/// Loads, checks against the grants, links, and lists the views.
pub async fn install(
    round: &Round<'_>,
    store: &Store,
    installation: Arc<Installation>,
    status: Arc<Status>,
) -> Result<Installed, InstallError> {
    let id = installation.id.clone();
    let Found { release, signed } = load(round, &installation, &installation.code()?).await?;
    if let Some(signed) = &signed {
        no_downgrade(store, &installation, signed).await?;
    }
    let plugin = link(&release, &installation)?;
    let shadow = match installation.candidate()? {
        Some(code) => Some(Arc::new(shadow(round, &installation, &code, release.manifest()).await)),
        None => None,
    };
    let Attached { files, hash: attachments } = attachments(round, &installation).await?;
    let config = Config {
        settings: serde_json::to_string(&installation.settings).unwrap_or_else(|_| "{}".to_owned()).into(),
        attachments: files,
    };
    let imported = release.imported.clone();
    let egress = if imported.contains(&Capability::Http) {
        let (grants, at_once) = (&installation.grants.http, installation.limits.http_concurrency);
        let network = Network::new(grants, at_once, round.authorities)
            .map_err(|source| InstallError::Network { id: id.clone(), source })?;
        Egress::Network(Arc::new(network))
    } else {
        Egress::Closed
    };
    let buckets = buckets(&installation.grants.publish, []);
    let log_rate = LogRate::new(installation.limits.log_per_second);
    // Whoever installs is not below.
    let threads = Handle::current();
    let committed = Arc::new(Committed { store: store.clone(), installation: id.clone() });
    let committed = Arc::new(Above { reader: committed, threads: threads.clone() });
    let mut installed = Installed {
        stateful: imported.iter().any(|capability| capability.keeps()),
        imported,
        turn: Turn::default(),
        brief: Brief::default(),
        timer_changes: Arc::default(),
        pin: Arc::new(Pin::new(false)),
        outbox: Arc::default(),
        connections: Arc::default(),
        reference: release.reference.to_string(),
        readers: readers(&committed, release.manifest()),
        committed,
        digest: release.digest().to_owned(),
        manifest: Arc::clone(release.manifest()),
        installation,
        plugin,
        signed,
        views: Vec::new(),
        status,
        buckets,
        log_rate,
        egress,
        shadow,
        breaker: Mutex::default(),
        in_vain: InVain::default(),
        attachments,
        _release: release,
        config,
        store: store.clone(),
        threads,
    };
    if installed.manifest.roles.contains(&Role::Views) {
        let outcome = installed.plugin.list_views(installed.call(Timestamp::now(), &["list"])).await;
        let listed =
            installed.log(outcome).result.map_err(|source| InstallError::Views { id: id.clone(), source })?;
        installed.views = listed
            .into_iter()
            .map(|view| ViewInfo { installation: id.clone(), region: installed.installation.region, view })
            .collect();
    }
    Ok(installed)
}

/// A release is signed for ever, and so are its faults: who could bring an old one back would have them again.
async fn no_downgrade(
    store: &Store,
    installation: &Installation,
    signed: &Signed,
) -> Result<(), InstallError> {
    let (id, repository, version) = (installation.id.clone(), &signed.repository, signed.version);
    let highest = match store.highest(&id, repository.as_str()).await {
        Ok(highest) => highest,
        Err(source) => return Err(InstallError::Store { id, source }),
    };
    match highest {
        Some(highest) if version < highest && installation.allow_downgrade != Some(version) => {
            Err(InstallError::Downgrade { id, repository: repository.to_string(), version, highest })
        }
        _ => Ok(()),
    }
}

async fn load(round: &Round<'_>, installation: &Installation, code: &Code) -> Result<Found, InstallError> {
    let id = || installation.id.clone();
    let found = round.code(code).await.map_err(|error| match error {
        CodeError::Gate(why) => InstallError::Gate { id: id(), why },
        CodeError::Release(ReleaseError::Load(source)) => InstallError::Load { id: id(), source },
        CodeError::Release(ReleaseError::Interrupted) => InstallError::Interrupted { id: id() },
    })?;
    installation.check(found.release.manifest())?;
    Ok(found)
}

fn link(release: &Loaded, installation: &Installation) -> Result<Arc<Plugin>, InstallError> {
    let linked = release.link(&installation.grants.capabilities);
    linked.map_err(|source| InstallError::Load { id: installation.id.clone(), source: Arc::new(source) })
}

/// A candidate that cannot be called says why, and keeps nothing from running.
async fn shadow(round: &Round<'_>, installation: &Installation, code: &Code, beside: &Manifest) -> Shadow {
    let candidate = async {
        let Found { release, signed } = load(round, installation, code).await?;
        let plugin = link(&release, installation)?;
        Ok(Candidate { release, plugin, signed })
    };
    let not_called =
        |why: String| format!("the shadow of installation `{}` is not called: {why}", installation.id);
    let candidate = match candidate.await {
        Ok(candidate) => candidate,
        Err(InstallError::Gate { why, .. }) => {
            return Shadow::absent(&code.to_string(), not_called(chain(why.as_ref())));
        }
        Err(other) => return Shadow::absent(&code.to_string(), not_called(chain(&other))),
    };
    let keeps = candidate.release.imported.iter().any(|capability| capability.keeps());
    let (reads, kept) = (candidate.release.manifest().state_version, beside.state_version);
    let shadow = Shadow::new(candidate);
    if keeps && reads < kept {
        // A later form is reached by the candidate's own migration, of a copy.
        shadow.refuse(not_called(format!(
            "it reads what is kept in state_version {reads}, the release at work keeps it in {kept}, and nothing leads back: try a candidate of state_version {kept} or later"
        )));
    }
    shadow
}

async fn attachments(round: &Round<'_>, installation: &Installation) -> Result<Attached, InstallError> {
    let id = || installation.id.clone();
    round.attachments(&installation.attachments).await.map_err(|error| match error {
        AttachmentError::Read(path, source) => InstallError::Attachment { id: id(), path, source },
        AttachmentError::Size(path) => InstallError::AttachmentSize { id: id(), path },
    })
}

fn readers(committed: &Arc<Above<Committed>>, manifest: &Arc<Manifest>) -> Readers {
    let records = Recorded { committed: Arc::clone(&committed.reader), manifest: Arc::clone(manifest) };
    let threads = committed.threads.clone();
    Readers {
        state: None,
        history: None,
        timers: Some(Arc::clone(committed) as _),
        records: Some(Arc::new(Above { reader: Arc::new(records), threads })),
    }
}

impl Installed {
    /// Remembers the version before it is put to work: from then on no older one comes back unnoticed.
    pub async fn note_version(&self) -> Result<(), InstallError> {
        let Some(Signed { repository, version, .. }) = &self.signed else { return Ok(()) };
        let noted = self.store.ran(self.id(), repository.as_str(), *version).await;
        noted.map_err(|source| InstallError::Store { id: self.id().to_owned(), source })
    }

    /// The settings as JSON text.
    pub fn settings(&self) -> &str {
        &self.config.settings
    }

    /// As for which lane it works on what comes from outside: as for bulk, unless it may publish something more urgent.
    pub fn lane(&self) -> Lane {
        let lanes = self.manifest.publish.iter().map(|topic| topic.kind.lane());
        lanes.fold(Lane::Bulk, |most, lane| if most == Lane::Bulk { lane } else { most })
    }

    pub fn id(&self) -> &str {
        &self.installation.id
    }

    pub fn has(&self, role: Role) -> bool {
        self.manifest.roles.contains(&role)
    }

    fn grants(&self, capability: Capability) -> bool {
        self.installation.grants.capabilities.contains(&capability)
    }

    /// The surroundings of one call. The seed follows from the installation and what goes in.
    pub fn call(&self, now: Timestamp, inputs: &[&str]) -> Call {
        let history = self
            .grants(Capability::History)
            .then(|| Above { reader: Arc::new(self.past(&self.store, now)), threads: self.threads.clone() });
        Call {
            config: self.config.clone(),
            limits: self.installation.limits,
            now,
            seed: seed(self.id(), inputs),
            readers: Readers {
                state: Some(self.remembering().unwrap_or_else(|| Arc::clone(&self.committed) as _)),
                history: history.map(|history| Arc::new(history) as _),
                ..self.readers.clone()
            },
            egress: self.egress.clone(),
        }
    }

    /// Reads the state with what this host remembers of it; none where another host may change it.
    fn remembering(&self) -> Option<Arc<dyn StateReader>> {
        let lease = self.pin.lease().ok().filter(|_| self.grants(Capability::State))?;
        Some(Arc::new(Remembering {
            reader: Arc::clone(&self.committed),
            remembered: Arc::clone(&self.turn.remembered),
            epoch: lease.map_or(0, |lease| lease.epoch),
        }))
    }

    /// Passes the call's log on, as far as the installation may log, and counts the call.
    pub fn log<T>(&self, outcome: Outcome<T>) -> Outcome<T> {
        let beyond = outcome.log.iter().filter(|line| !self.log_line(line)).count() as u64;
        let lost = Dropped { beyond_log_lines: outcome.log_dropped.into(), beyond_log_per_second: beyond };
        if let Some(Dropped { beyond_log_lines, beyond_log_per_second }) =
            self.log_rate.lost(lost, Instant::now())
        {
            tracing::warn!(
                installation = self.id(),
                dropped = beyond_log_lines + beyond_log_per_second,
                beyond_log_lines,
                beyond_log_per_second,
                "Plugin `{}` logged more than its limit",
                self.id()
            );
        }
        self.status.count(|counts| &counts.calls, 1);
        if matches!(outcome.result, Err(Refusal::Fault(_))) {
            self.status.count(|counts| &counts.faults, 1);
        }
        outcome
    }

    /// Something failed that is tried again.
    pub fn failing(&self, reason: String) {
        tracing::warn!(
            installation = self.id(),
            reason,
            "Installation `{}` is failing and tries again",
            self.id()
        );
        self.status.at_work(State::Backoff(reason));
    }

    /// False where it is beyond what the installation may log. What the host's filter leaves out takes nothing of that.
    fn log_line(&self, line: &LogLine) -> bool {
        let heard = match line.level {
            LogLevel::Debug => tracing::enabled!(target: "plugin", Level::DEBUG, installation),
            LogLevel::Info => tracing::enabled!(target: "plugin", Level::INFO, installation),
            LogLevel::Warn => tracing::enabled!(target: "plugin", Level::WARN, installation),
            LogLevel::Error => tracing::enabled!(target: "plugin", Level::ERROR, installation),
        };
        if heard && !self.log_rate.take_line() {
            return false;
        }
        let (installation, text) = (self.id(), line.text.as_str());
        match line.level {
            LogLevel::Debug => tracing::debug!(target: "plugin", installation, "{text}"),
            LogLevel::Info => tracing::info!(target: "plugin", installation, "{text}"),
            LogLevel::Warn => tracing::warn!(target: "plugin", installation, "{text}"),
            LogLevel::Error => tracing::error!(target: "plugin", installation, "{text}"),
        }
        true
    }
}

/// What chance in a call follows from.
pub fn seed(installation: &str, inputs: &[&str]) -> [u8; 32] {
    let mut seed = Sha256::new();
    for part in std::iter::once(&installation).chain(inputs) {
        seed.update((part.len() as u64).to_be_bytes());
        seed.update(part.as_bytes());
    }
    seed.finalize().into()
}

/// An error with its causes, in one line.
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut said = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        said.push_str(": ");
        said.push_str(&error.to_string());
        cause = error.source();
    }
    said
}
