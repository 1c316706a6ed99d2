//! One plugin in the real sandbox, with no bus: behind `dongting try`, the test kit's harness and the compliance checks. Everything is granted
//! that its manifest asks for, what it keeps is kept in memory, and other systems answer from a script.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use dongting_manifest::installation::{Grants, Limits, PublishGrant};
use dongting_manifest::message::Reject;
use dongting_manifest::plugin::{Capability, Manifest, Role};
use dongting_manifest::{Draft, Installation, Message, Region, Timestamp};
use dongting_sandbox::capability::config::Config;
use dongting_sandbox::scripted::{Asked, Rule};
use dongting_sandbox::{
    Call, Egress, LoadError, LogLine, Outcome, Plugin, Readers, Refusal, Release, Sandbox, SandboxError,
    SandboxOptions, Scripted, Writes,
};

use crate::installed::seed;
use crate::publish::{Inputs, messages};
use memory::{Kept, Memory, Past};

mod conversation;
pub mod memory;
mod role;

pub use conversation::Conversed;
pub use role::{Acted, Applied, Decoded, Handled, Polled};

/// A plugin with what surrounds its calls.
pub struct Trial {
    release: Release,
    plugin: Plugin,
    installation: Installation,
    config: Config,
    memory: Arc<Memory>,
    scripted: Scripted,
    /// Stirred into what chance follows from: two trials with the same are the same to the bit.
    stir: String,
}

/// The installation that a plugin is tried as.
#[derive(Debug, Clone)]
pub struct TrialOptions {
    pub settings: toml::Table,
    pub attachments: BTreeMap<String, Vec<u8>>,
    pub region: Region,
    pub system: Option<String>,
    pub limits: Limits,
}

/// One call.
#[derive(Debug)]
pub struct Tried<T> {
    pub result: Result<T, Refusal>,
    pub log: Vec<LogLine>,
    pub log_dropped: u32,
    /// What it asked of other systems.
    pub asked: Vec<Asked>,
    pub cpu: Duration,
}

#[derive(Debug, thiserror::Error)]
pub enum TrialError {
    #[error(transparent)]
    Sandbox(#[from] SandboxError),
    #[error(transparent)]
    Load(#[from] LoadError),
    #[error(transparent)]
    Settings(#[from] dongting_manifest::installation::InstallationError),
    #[error("the plugin has no role `{role}`; it has {has}")]
    NoRole { role: Role, has: String },
    #[error("the plugin has no view `{0}`")]
    NoView(String),
    /// The plugin's answer or the host's verdict.
    #[error(transparent)]
    Refused(#[from] Refusal),
}

impl Default for TrialOptions {
    fn default() -> Self {
        Self {
            settings: toml::Table::new(),
            attachments: BTreeMap::new(),
            region: Region::HUNAN,
            system: None,
            limits: Limits::default(),
        }
    }
}

/// Reads, checks and compiles a component as the host does. Takes seconds for a large one.
pub fn load(component: &[u8]) -> Result<Release, TrialError> {
    Ok(Sandbox::new(SandboxOptions::default())?.load(component)?)
}

impl Trial {
    /// Loads and links.
    pub fn new(component: &[u8], options: &TrialOptions) -> Result<Self, TrialError> {
        Self::of(&load(component)?, options)
    }

    /// Links a release that is loaded: a new installation, with nothing kept.
    pub fn of(release: &Release, options: &TrialOptions) -> Result<Self, TrialError> {
        let manifest = &release.manifest;
        let installation = Installation {
            id: "try".to_owned(),
            release: None,
            component: None,
            shadow_release: None,
            shadow: None,
            allow_downgrade: None,
            region: options.region,
            system: options.system.clone(),
            grants: Grants {
                capabilities: manifest.capabilities.keys().copied().collect(),
                publish: manifest.publish.iter().map(everywhere).collect(),
                subscribe: manifest.subscribe.clone(),
                http: Vec::new(),
                listen: Some((Ipv4Addr::LOCALHOST, 0).into()),
                listen_from: Vec::new(),
            },
            settings: options.settings.clone(),
            // Files by name for the check of names alone; what they hold is given to the calls.
            attachments: options.attachments.keys().map(|name| (name.clone(), name.into())).collect(),
            limits: options.limits,
            poll: true,
            every_seconds: 60.0,
            weight: 1,
            on_unknown: dongting_manifest::installation::OnUnknown::default(),
            push_token: None,
        };
        installation.check(manifest)?;
        let plugin = release.link(&installation.grants.capabilities)?;
        let config = Config {
            settings: serde_json::to_string(&installation.settings).unwrap_or_default().into(),
            attachments: Arc::new(options.attachments.clone()),
        };
        Ok(Self {
            release: release.clone(),
            plugin,
            installation,
            config,
            memory: Arc::default(),
            scripted: Scripted::default(),
            stir: String::new(),
        })
    }

    /// The same installation with another release, as an upgrade leaves it: what is kept stays, and so does what other systems answer.
    pub fn taking_over(self, before: &Self) -> Self {
        before.memory.index(&self.release.manifest.records);
        Self { memory: Arc::clone(&before.memory), scripted: before.scripted.clone(), ..self }
    }

    pub fn manifest(&self) -> &Manifest {
        &self.release.manifest
    }

    pub fn release(&self) -> &Release {
        &self.release
    }

    pub fn has(&self, role: Role) -> bool {
        self.release.manifest.roles.contains(&role)
    }

    /// An error where the plugin lacks a role.
    pub fn needs(&self, role: Role) -> Result<(), TrialError> {
        if self.has(role) {
            return Ok(());
        }
        let has = self.release.manifest.roles.iter().map(|r| r.as_str()).collect::<Vec<_>>().join(", ");
        Err(TrialError::NoRole { role, has })
    }

    /// What other systems answer from now on.
    pub fn script(&mut self, rules: Vec<Rule>) {
        self.scripted = Scripted::new(rules);
    }

    /// Makes chance another one.
    pub fn stir(&mut self, stir: &str) {
        stir.clone_into(&mut self.stir);
    }

    /// What the calls so far have left.
    pub fn kept(&self) -> Kept {
        self.memory.kept()
    }

    /// When the next timer rings.
    pub fn next_due(&self) -> Option<Timestamp> {
        self.memory.next_due()
    }

    /// Puts messages into the history that `history` and views read.
    pub fn tell(&self, messages: &[Message]) {
        self.memory.tell(messages);
    }

    fn call(&self, now: Timestamp, inputs: &[&str]) -> Call {
        let granted = &self.installation.grants;
        let history = granted.capabilities.contains(&Capability::History).then(|| {
            Arc::new(Past {
                memory: Arc::clone(&self.memory),
                granted: granted.subscribe.clone(),
                region: self.installation.region,
                now,
            }) as _
        });
        let stirred: Vec<&str> =
            inputs.iter().copied().chain((!self.stir.is_empty()).then_some(&*self.stir)).collect();
        Call {
            config: self.config.clone(),
            limits: self.installation.limits,
            now,
            seed: seed(&self.installation.id, &stirred),
            readers: Readers {
                state: Some(Arc::clone(&self.memory) as _),
                history,
                timers: Some(Arc::clone(&self.memory) as _),
                records: Some(Arc::clone(&self.memory) as _),
            },
            egress: Egress::Scripted(self.scripted.clone()),
        }
    }

    /// What came of a call: its drafts made messages, or the host's verdict on them.
    fn tried<G, T>(
        &self,
        outcome: Outcome<G>,
        made: impl FnOnce(G, Writes) -> Result<T, Refusal>,
    ) -> Tried<T> {
        let Outcome { result, log, log_dropped, writes, cpu, .. } = outcome;
        let result = result.and_then(|answer| made(answer, writes));
        Tried { result, log, log_dropped, asked: self.scripted.asked(), cpu }
    }

    fn messages(
        &self,
        batch: &[Message],
        received: Timestamp,
        drafts: Vec<Draft>,
    ) -> Result<Vec<Message>, Refusal> {
        let inputs = Inputs { messages: batch, received };
        let (name, reference) = (self.release.manifest.name.as_str(), self.release.reference());
        messages(&self.installation, (name, &reference), &inputs, drafts).map_err(Refusal::Fault)
    }
}

impl<T> Tried<T> {
    pub fn map<U>(self, map: impl FnOnce(T) -> U) -> Tried<U> {
        let Self { result, log, log_dropped, asked, cpu } = self;
        Tried { result: result.map(map), log, log_dropped, asked, cpu }
    }
}

fn everywhere(topic: &dongting_manifest::plugin::Topic) -> PublishGrant {
    PublishGrant {
        domain: topic.domain.clone(),
        kind: topic.kind,
        detail: topic.detail.clone(),
        outside: true,
        per_second: 1_000_000,
    }
}
