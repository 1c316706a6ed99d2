//! `dongting.toml`: what the operator enables on this host.

use std::path::{Path, PathBuf};
use std::time::Duration;

use dongting_bus::lane::LaneLimits;
use dongting_manifest::{Installation, Lane};
use dongting_registry::RegistryOptions;
use dongting_sandbox::{Authorities, AuthoritiesError};
use dongting_trust::{KeyError, PublicKey};
use serde::Deserialize;

use crate::gate::Policy;

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HostConfig {
    /// TopoJSON with the objects `cities` and `counties`, for the portal's maps.
    #[serde(default)]
    pub boundaries: Option<PathBuf>,
    /// Days that messages are kept for views and lineage.
    #[serde(default = "default_history_days")]
    pub history_days: u32,
    /// What the messages kept may take together, attributes and bodies; the oldest go first.
    #[serde(default = "default_history_gib")]
    pub history_gib: u32,
    /// Days that calls, and the state as of each, are kept for replay.
    #[serde(default = "default_replay_days")]
    pub replay_days: u32,
    /// What the bodies kept for replay may take together; the oldest go first. And what was there before each call.
    #[serde(default = "default_replay_gib")]
    pub replay_gib: u32,
    #[serde(default)]
    pub nats: NatsConfig,
    #[serde(default)]
    pub lanes: Lanes,
    #[serde(default)]
    pub registry: RegistryOptions,
    #[serde(default)]
    pub trust: TrustConfig,
    #[serde(default)]
    pub http: HttpConfig,
    #[serde(default, rename = "installation")]
    pub installations: Vec<Installation>,
    /// The file that this was read from.
    #[serde(skip)]
    pub file: Option<PathBuf>,
}

/// What may run here.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrustConfig {
    /// The files of the public keys whose reviews count. Each must be a reviewer's in the registry too.
    #[serde(default)]
    pub province: Vec<PathBuf>,
    /// Whether components that nobody signed may run. For machines where plugins are made.
    #[serde(default)]
    pub allow_unsigned: bool,
    /// The keys of those files.
    #[serde(skip)]
    pub reviewers: Vec<PublicKey>,
}

/// The way out of all plugins.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HttpConfig {
    /// Certificates (PEM) of authorities that are believed besides the system's, for example the province's.
    #[serde(default)]
    pub ca_certificates: Option<PathBuf>,
    /// Those of that file, and the system's.
    #[serde(skip)]
    pub authorities: Authorities,
}

/// The nats-server that the host supervises.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NatsConfig {
    /// Whether each message is on the disk before it is acknowledged. Without it a power cut may take the last two minutes; a
    /// killed process takes nothing.
    pub sync_always: bool,
}

impl TrustConfig {
    pub fn policy(&self) -> Policy {
        Policy { reviewers: self.reviewers.clone(), allow_unsigned: self.allow_unsigned }
    }
}

impl Default for NatsConfig {
    fn default() -> Self {
        Self { sync_always: true }
    }
}

/// Where the lanes differ from their usual limits.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lanes {
    #[serde(default)]
    pub bulk: LaneConfig,
    #[serde(default)]
    pub alert: LaneConfig,
    #[serde(default)]
    pub command: LaneConfig,
    #[serde(default)]
    pub dead: LaneConfig,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LaneConfig {
    pub max_gib: Option<u64>,
    /// Zero is for ever.
    pub max_days: Option<u32>,
    /// How long an id is known again. Costs memory in nats-server: a million ids 228 MB.
    pub duplicate_window_seconds: Option<u64>,
}

impl Lanes {
    pub fn limits(&self) -> LaneLimits {
        let mut limits = LaneLimits::default();
        for (limits, config) in [
            (&mut limits.bulk, self.bulk),
            (&mut limits.alert, self.alert),
            (&mut limits.command, self.command),
            (&mut limits.dead, self.dead),
        ] {
            if let Some(gib) = config.max_gib {
                limits.max_bytes = gib.saturating_mul(1 << 30);
            }
            if let Some(days) = config.max_days {
                limits.max_age = Duration::from_secs(u64::from(days) * 86_400);
            }
            if let Some(seconds) = config.duplicate_window_seconds {
                limits.duplicate_window = Duration::from_secs(seconds);
            }
        }
        limits
    }
}

#[derive(Debug, thiserror::Error)]
pub enum HostConfigError {
    #[error("the configuration {path} cannot be read", path = path.display())]
    Read {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error("the configuration {path} is not understood: {reason}", path = path.display())]
    Toml { path: PathBuf, reason: String },
    #[error("the configuration {path}: lanes.{lane}.duplicate_window_seconds must lie between 1 and 604800", path = path.display())]
    Window { path: PathBuf, lane: Lane },
    #[error("the configuration {path}: the key {file} of trust.province cannot be read", path = path.display(), file = file.display())]
    KeyFile {
        path: PathBuf,
        file: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error("the configuration {path}: the key {file} of trust.province: {source}", path = path.display(), file = file.display())]
    Key { path: PathBuf, file: PathBuf, source: KeyError },
    #[error("the configuration {path}: http.ca_certificates cannot be used", path = path.display())]
    Authorities {
        path: PathBuf,
        #[source]
        source: AuthoritiesError,
    },
    #[error("the configuration {path} has two installations `{id}`: give each its own id", path = path.display())]
    Twice { path: PathBuf, id: String },
}

impl Default for HostConfig {
    fn default() -> Self {
        Self {
            boundaries: None,
            history_days: default_history_days(),
            history_gib: default_history_gib(),
            replay_days: default_replay_days(),
            replay_gib: default_replay_gib(),
            nats: NatsConfig::default(),
            lanes: Lanes::default(),
            registry: RegistryOptions::default(),
            trust: TrustConfig::default(),
            http: HttpConfig::default(),
            installations: Vec::new(),
            file: None,
        }
    }
}

impl HostConfig {
    /// What `next` says otherwise of the host itself, by its keys: a host that runs does that when it is started again.
    #[must_use]
    pub fn restart_for(&self, next: &Self) -> Vec<&'static str> {
        let differs = [
            ("boundaries", self.boundaries != next.boundaries),
            ("history_days", self.history_days != next.history_days),
            ("history_gib", self.history_gib != next.history_gib),
            ("replay_days", self.replay_days != next.replay_days),
            ("replay_gib", self.replay_gib != next.replay_gib),
            ("nats", self.nats != next.nats),
            ("lanes", self.lanes != next.lanes),
            ("registry", self.registry != next.registry),
            ("http", self.http != next.http),
        ];
        differs.into_iter().filter_map(|(key, differs)| differs.then_some(key)).collect()
    }

    /// Reads the file; the paths in it are taken relative to it.
    pub fn read(path: &Path) -> Result<Self, HostConfigError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| HostConfigError::Read { path: path.to_owned(), source })?;
        let mut config: Self = toml::from_str(&text)
            .map_err(|error| HostConfigError::Toml { path: path.to_owned(), reason: error.to_string() })?;
        let base = path.parent().unwrap_or(Path::new("."));
        let lanes = config.lanes.limits();
        let outside = |lane: &Lane| !(1..=604_800).contains(&lanes.of(*lane).duplicate_window.as_secs());
        if let Some(lane) = Lane::ALL.into_iter().find(outside) {
            return Err(HostConfigError::Window { path: path.to_owned(), lane });
        }
        let mut seen = std::collections::BTreeSet::new();
        for installation in &mut config.installations {
            if !seen.insert(installation.id.clone()) {
                return Err(HostConfigError::Twice { path: path.to_owned(), id: installation.id.clone() });
            }
            installation.component = installation.component.take().map(|file| base.join(file));
            installation.shadow = installation.shadow.take().map(|file| base.join(file));
            for file in installation.attachments.values_mut() {
                *file = base.join(&*file);
            }
        }
        config.trust.reviewers = config
            .trust
            .province
            .iter()
            .map(|file| reviewer(path, &base.join(file)))
            .collect::<Result<_, _>>()?;
        if let Some(file) = &mut config.http.ca_certificates {
            *file = base.join(&*file);
            config.http.authorities = Authorities::read(file)
                .map_err(|source| HostConfigError::Authorities { path: path.to_owned(), source })?;
        }
        config.boundaries = config.boundaries.map(|file| base.join(file));
        config.file = Some(path.to_owned());
        Ok(config)
    }
}

fn reviewer(path: &Path, file: &Path) -> Result<PublicKey, HostConfigError> {
    let (path, named) = (path.to_owned(), file.to_owned());
    let pem = match std::fs::read_to_string(file) {
        Ok(pem) => pem,
        Err(source) => return Err(HostConfigError::KeyFile { path, file: named, source }),
    };
    PublicKey::from_pem(&pem).map_err(|source| HostConfigError::Key { path, file: named, source })
}

const fn default_replay_gib() -> u32 {
    8
}

const fn default_replay_days() -> u32 {
    7
}

const fn default_history_gib() -> u32 {
    64
}

const fn default_history_days() -> u32 {
    365
}
