//! `dongting try`: one plugin in the real sandbox, with no bus. Everything is granted that its manifest asks for.

use std::collections::{BTreeMap, VecDeque};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use dongting_manifest::installation::{Grants, PublishGrant};
use dongting_manifest::message::Reject;
use dongting_manifest::plugin::Role;
use dongting_manifest::{Installation, Message, Region, Timestamp};
use dongting_sandbox::capability::config::Config;
use dongting_sandbox::{
    Call, Canned, Document, Egress, LoadError, LogLine, Outcome, Plugin, Read, Readers, Refusal, Release,
    Sandbox, SandboxError, SandboxOptions, StateReader,
};

use crate::publish::{Inputs, messages};

/// A plugin with what surrounds its calls.
pub struct Trial {
    release: Release,
    plugin: Plugin,
    installation: Installation,
    config: Config,
    now: Timestamp,
    state: Arc<Memory>,
}

/// What one call gave.
pub struct Tried {
    pub messages: Vec<Message>,
    pub rejects: Vec<Reject>,
    pub log: Vec<LogLine>,
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
    #[error("the attachment {path} cannot be read: {source}")]
    Attachment { path: String, source: std::io::Error },
    /// The plugin's answer or the host's verdict.
    #[error(transparent)]
    Refused(#[from] Refusal),
}

/// State between the calls of one trial.
#[derive(Default)]
struct Memory(Mutex<BTreeMap<String, Vec<u8>>>);

impl StateReader for Memory {
    fn get(&self, key: &str) -> Read<'_, Option<Vec<u8>>> {
        let value = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(key).cloned();
        Box::pin(async move { Ok(value) })
    }
}

impl Trial {
    /// Loads and links. `settings` are the installation's, `attachments` files by name.
    pub fn new(
        component: &[u8],
        role: Role,
        settings: toml::Table,
        attachments: &BTreeMap<String, std::path::PathBuf>,
        now: Timestamp,
    ) -> Result<Self, TrialError> {
        let sandbox = Sandbox::new(SandboxOptions::default())?;
        let release = sandbox.load(component)?;
        let manifest = &release.manifest;
        if !manifest.roles.contains(&role) {
            let has = manifest.roles.iter().map(|r| r.as_str()).collect::<Vec<_>>().join(", ");
            return Err(TrialError::NoRole { role, has });
        }
        let installation = Installation {
            id: "try".to_owned(),
            release: None,
            component: None,
            shadow_release: None,
            shadow: None,
            allow_downgrade: None,
            region: Region::HUNAN,
            system: None,
            grants: Grants {
                capabilities: manifest.capabilities.keys().copied().collect(),
                publish: manifest.publish.iter().map(everywhere).collect(),
                subscribe: manifest.subscribe.clone(),
                http: Vec::new(),
            },
            settings,
            attachments: attachments.clone(),
            limits: dongting_manifest::installation::Limits::default(),
            poll: true,
            every_seconds: 60.0,
            on_unknown: dongting_manifest::installation::OnUnknown::default(),
            push_token: None,
        };
        installation.check(manifest)?;
        let plugin = release.link(&installation.grants.capabilities)?;
        let config = Config {
            settings: serde_json::to_string(&installation.settings).unwrap_or_default().into(),
            attachments: Arc::new(read(attachments)?),
        };
        Ok(Self { release, plugin, installation, config, now, state: Arc::default() })
    }

    pub async fn decode(&self, name: Option<String>, body: Vec<u8>) -> Result<Tried, TrialError> {
        let document =
            Document { transport: "file".to_owned(), name, content_type: None, received: self.now, body };
        let outcome = self.plugin.decode(self.call(Egress::Closed), document).await;
        let (decoded, log) = self.kept(outcome)?;
        self.tried(&[], decoded.drafts, decoded.rejects, log)
    }

    /// Polls once; every request of the plugin is answered with the next of `answers`, and after the last with 204.
    pub async fn poll(
        &self,
        cursor: Option<&str>,
        answers: VecDeque<(String, Vec<u8>)>,
    ) -> Result<(Tried, Option<String>), TrialError> {
        let canned = Canned::default();
        for (content_type, body) in answers {
            let status = if body.is_empty() { 204 } else { 200 };
            canned.push(status, &content_type, body);
        }
        for _ in 0..self.installation.limits.http_requests {
            canned.push(204, "text/plain", Vec::new());
        }
        let outcome = self.plugin.poll(self.call(Egress::Canned(canned)), cursor).await;
        let (polled, log) = self.kept(outcome)?;
        let tried = self.tried(&[], polled.drafts, polled.rejects, log)?;
        Ok((tried, polled.cursor))
    }

    pub async fn apply(&self, batch: &[Message]) -> Result<Tried, TrialError> {
        let outcome = self.plugin.apply(self.call(Egress::Closed), batch).await;
        let (applied, log) = self.kept(outcome)?;
        let rejects = applied
            .rejected
            .into_iter()
            .map(|rejected| Reject {
                raw: batch.get(rejected.input).map(|m| m.body.clone()).unwrap_or_default(),
                reason: rejected.reason,
            })
            .collect();
        self.tried(batch, applied.drafts, rejects, log)
    }

    fn call(&self, egress: Egress) -> Call {
        Call {
            config: self.config.clone(),
            limits: self.installation.limits,
            now: self.now,
            seed: [0; 32],
            // With no bus nothing was said before.
            readers: Readers {
                state: Some(Arc::clone(&self.state) as Arc<dyn StateReader>),
                ..Readers::default()
            },
            egress,
        }
    }

    /// The answer, with its state remembered for the next call.
    fn kept<T>(&self, outcome: Outcome<T>) -> Result<(T, Vec<LogLine>), TrialError> {
        let answer = outcome.result?;
        let mut memory = self.state.0.lock().unwrap_or_else(PoisonError::into_inner);
        for (key, value) in outcome.writes.state {
            match value {
                Some(value) => memory.insert(key, value),
                None => memory.remove(&key),
            };
        }
        Ok((answer, outcome.log))
    }

    fn tried(
        &self,
        inputs: &[Message],
        drafts: Vec<dongting_manifest::Draft>,
        rejects: Vec<Reject>,
        log: Vec<LogLine>,
    ) -> Result<Tried, TrialError> {
        let inputs = Inputs { messages: inputs, received: self.now };
        let plugin = (self.release.manifest.name.as_str(), self.release.reference());
        let messages =
            messages(&self.installation, (plugin.0, &plugin.1), &inputs, drafts).map_err(Refusal::Fault)?;
        Ok(Tried { messages, rejects, log })
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

fn read(files: &BTreeMap<String, std::path::PathBuf>) -> Result<BTreeMap<String, Vec<u8>>, TrialError> {
    let one = |path: &Path| {
        std::fs::read(path)
            .map_err(|source| TrialError::Attachment { path: path.display().to_string(), source })
    };
    files.iter().map(|(name, path)| Ok((name.clone(), one(path)?))).collect()
}
