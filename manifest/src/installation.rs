//! What the operator enables: a release for one region, with settings, grants and limits.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use crate::name::is_token;
use crate::plugin::{Capability, Manifest, Role, SettingType, Topic};
use crate::{Kind, Region, Version};

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Installation {
    /// `[a-z0-9-]{1,32}`, unique on the host; names the durable consumer.
    pub id: String,
    /// The release in the registry: `vendor/plugin:1.2.0` or `vendor/plugin@sha256:…`.
    #[serde(default)]
    pub release: Option<String>,
    /// Instead of a release the component's file, relative to the file that says this. Nobody has signed it.
    #[serde(default)]
    pub component: Option<PathBuf>,
    /// The release of a candidate that is tried on the same traffic and publishes nothing.
    #[serde(default)]
    pub shadow_release: Option<String>,
    /// Instead of a release the candidate's file.
    #[serde(default)]
    pub shadow: Option<PathBuf>,
    /// The version older than one that ran here before which may run all the same.
    #[serde(default)]
    pub allow_downgrade: Option<Version>,
    pub region: Region,
    /// The station or system observed, for `ce-source`; the same for two paths to the same system. Default: the
    /// plugin's name.
    #[serde(default)]
    pub system: Option<String>,
    #[serde(default)]
    pub grants: Grants,
    #[serde(default)]
    pub settings: toml::Table,
    /// Files given to the plugin by name, relative to the file that says this.
    #[serde(default)]
    pub attachments: BTreeMap<String, PathBuf>,
    #[serde(default)]
    pub limits: Limits,
    /// Whether a source is polled. Off for a plugin that is both source and decoder and is only pushed to.
    #[serde(default = "default_poll")]
    pub poll: bool,
    /// Seconds from one poll of a source to the next.
    #[serde(default = "default_every_seconds")]
    pub every_seconds: f64,
    /// Its weight where calls wait for each other: of two cities or plugins that both have more to do than the machine can, the one whose calls
    /// have twice the weight has twice the time.
    #[serde(default = "default_weight")]
    pub weight: u32,
    /// What a sink does with a message that may have arrived.
    #[serde(default)]
    pub on_unknown: OnUnknown,
    /// Bearer token that a deliverer must show to a decoder's HTTP address, and a client to a service's.
    #[serde(default)]
    pub push_token: Option<String>,
}

/// Where a component comes from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Code {
    /// A reference into the registry.
    Release(String),
    File(PathBuf),
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Release(reference) => f.write_str(reference),
            Self::File(path) => path.display().fmt(f),
        }
    }
}

/// A sink's attempt whose outcome is unknown: the host was killed or the connection broke after the message had gone out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OnUnknown {
    /// It is tried again with the same key. Right where the receiver knows keys, and where twice is better than not at all.
    #[default]
    Retry,
    /// It becomes a dead letter, for a person to ask the receiver and then to re-drive or discard.
    Hold,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Grants {
    #[serde(default)]
    pub capabilities: BTreeSet<Capability>,
    #[serde(default)]
    pub publish: Vec<PublishGrant>,
    #[serde(default)]
    pub subscribe: Vec<Topic>,
    /// Where `wasi:http` may go.
    #[serde(default)]
    pub http: Vec<HttpGrant>,
    /// Address and port on which a session's devices connect by TCP. Port 0 is any that is free.
    #[serde(default)]
    pub listen: Option<SocketAddr>,
    /// Networks that they may connect from. Empty: any.
    #[serde(default)]
    pub listen_from: Vec<IpNet>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PublishGrant {
    pub domain: String,
    pub kind: Kind,
    #[serde(default)]
    pub detail: Option<String>,
    /// May also publish for `000000`, outside the province.
    #[serde(default)]
    pub outside: bool,
    /// Messages a second, on average over a minute.
    #[serde(default = "default_per_second")]
    pub per_second: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HttpGrant {
    /// Host name or address, as it stands in the URL.
    pub host: String,
    pub port: u16,
    /// Networks that the name may resolve to, as CIDR. Empty: any public address; addresses of private networks and
    /// of this machine must be named.
    #[serde(default)]
    pub networks: Vec<String>,
}

/// What one call may use, unless said otherwise. Each has a default that suits a parser or a small model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// All memories and tables of the instance together.
    pub memory_mib: u32,
    /// Thread CPU time of the call; waiting for the host is not counted.
    pub cpu_ms: u32,
    /// Time on the wall, waiting included.
    pub wall_ms: u32,
    /// Drafts and rejects of one call.
    pub outputs: u32,
    /// Bytes of all drafts and rejects of one call.
    pub output_kib: u32,
    /// Lines that a call may log; the rest is counted.
    pub log_lines: u32,
    /// Lines a second that all calls of the installation together may log, on average over a minute; the rest is counted.
    pub log_per_second: u32,
    /// Bytes of one answer.
    pub http_response_kib: u32,
    /// Bytes of all answers of one call.
    pub http_total_kib: u32,
    /// Bytes of answers that are held until the call ends, to be kept for a replay. A call that is answered more goes on, and cannot be made
    /// again.
    pub http_record_kib: u32,
    /// Bytes of a document or request that are kept for a replay. One that is larger is handled, and that cannot be made again.
    pub document_record_kib: u32,
    pub http_requests: u32,
    /// Requests of all calls of the installation together whose answers are not read to their end; further ones wait. At least one.
    pub http_concurrency: u32,
    /// Keys and values that the installation may keep.
    pub state_kib: u32,
    /// Timers that the installation may have set.
    pub timers: u32,
    /// Documents and their keys that the installation may keep.
    pub records_kib: u32,
    /// Connections that a session may have open.
    pub connections: u32,
    /// A device that sends nothing for so long loses its connection.
    pub idle_seconds: u32,
    /// So does one that does not take what is sent to it.
    pub stalled_seconds: u32,
    /// How long connections may finish on a release that another has replaced.
    pub drain_seconds: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            memory_mib: 64,
            cpu_ms: 2_000,
            wall_ms: 15_000,
            outputs: 10_000,
            output_kib: 16 * 1024,
            log_lines: 200,
            log_per_second: 100,
            http_response_kib: 8 * 1024,
            http_total_kib: 32 * 1024,
            http_record_kib: 16 * 1024,
            document_record_kib: 1024,
            http_requests: 16,
            http_concurrency: 16,
            state_kib: 4 * 1024,
            timers: 10_000,
            records_kib: 16 * 1024,
            connections: 64,
            idle_seconds: 600,
            stalled_seconds: 30,
            drain_seconds: 900,
        }
    }
}

#[derive(Debug, thiserror::Error)]
pub enum InstallationError {
    #[error("`{0}` is no installation id: 1 to 32 of a-z, 0-9 and -")]
    Id(String),
    #[error(
        "installation `{id}`: the plugin asks for the capability `{asked}`, which is not granted: add it to grants.capabilities, or do not enable the plugin"
    )]
    Capability { id: String, asked: Capability },
    #[error(
        "installation `{id}`: the plugin asks to {verb} `{topic}`, which is not granted: add it to grants.{verb}, or do not enable the plugin"
    )]
    Topic { id: String, verb: &'static str, topic: Topic },
    #[error("installation `{id}`: the plugin needs the setting `{name}` ({kind:?}): add it to settings")]
    SettingMissing { id: String, name: String, kind: SettingType },
    #[error("installation `{id}`: the setting `{name}` must be of type {kind:?}")]
    SettingType { id: String, name: String, kind: SettingType },
    #[error("installation `{id}`: the plugin knows no setting `{name}`; it knows {known}")]
    SettingUnknown { id: String, name: String, known: String },
    #[error("installation `{id}`: the plugin knows no attachment `{name}`")]
    AttachmentUnknown { id: String, name: String },
    #[error("installation `{0}`: a decoder or service needs a push_token of at least 16 characters")]
    PushToken(String),
    #[error(
        "installation `{0}`: name what it runs, either as release = \"vendor/plugin:1.2.0\" or, for development, as component = \"file.wasm\""
    )]
    Code(String),
    #[error(
        "installation `{0}`: name its candidate once, as shadow_release = \"vendor/plugin:1.2.0\" or as shadow = \"file.wasm\""
    )]
    Shadow(String),
    #[error(
        "installation `{0}`: the plugin is a session, for which the host listens: add grants.listen, for example \"0.0.0.0:7611\", or do not enable the plugin"
    )]
    Listen(String),
    #[error("installation `{0}`: limits.{1} must lie between 1 and {2}")]
    SessionLimit(String, &'static str, u32),
    #[error("installation `{0}`: every_seconds must lie between 0.1 and 86400")]
    Every(String),
    #[error("installation `{0}`: weight must lie between 1 and 100")]
    Weight(String),
    #[error(
        "installation `{id}`: per_second of the grant to publish `{topic}` must be at least 1: to let it publish nothing there, leave the grant out"
    )]
    Rate { id: String, topic: Topic },
}

impl Installation {
    /// What it runs. Exactly one of the two ways to name it.
    pub fn code(&self) -> Result<Code, InstallationError> {
        match (&self.release, &self.component) {
            (Some(release), None) => Ok(Code::Release(release.clone())),
            (None, Some(file)) => Ok(Code::File(file.clone())),
            _ => Err(InstallationError::Code(self.id.clone())),
        }
    }

    /// What is tried beside it.
    pub fn candidate(&self) -> Result<Option<Code>, InstallationError> {
        match (&self.shadow_release, &self.shadow) {
            (None, None) => Ok(None),
            (Some(release), None) => Ok(Some(Code::Release(release.clone()))),
            (None, Some(file)) => Ok(Some(Code::File(file.clone()))),
            (Some(_), Some(_)) => Err(InstallationError::Shadow(self.id.clone())),
        }
    }

    /// Whether everything the manifest asks for is granted and set. The first thing that is not is the error.
    pub fn check(&self, manifest: &Manifest) -> Result<(), InstallationError> {
        if !is_token(&self.id) {
            return Err(InstallationError::Id(self.id.clone()));
        }
        let id = || self.id.clone();
        if let Some(asked) =
            manifest.capabilities.keys().find(|asked| !self.grants.capabilities.contains(asked))
        {
            return Err(InstallationError::Capability { id: id(), asked: *asked });
        }
        let publish: Vec<Topic> = self.grants.publish.iter().map(PublishGrant::topic).collect();
        for (verb, asked, granted) in [
            ("publish", &manifest.publish, &publish),
            ("subscribe", &manifest.subscribe, &self.grants.subscribe),
        ] {
            if let Some(topic) = asked.iter().find(|topic| !granted.iter().any(|grant| grant.covers(topic))) {
                return Err(InstallationError::Topic { id: id(), verb, topic: topic.clone() });
            }
        }
        if let Some(grant) = self.grants.publish.iter().find(|grant| grant.per_second == 0) {
            return Err(InstallationError::Rate { id: id(), topic: grant.topic() });
        }
        self.check_settings(manifest)?;
        if self.push_token.as_ref().is_some_and(|token| token.len() < 16) {
            return Err(InstallationError::PushToken(id()));
        }
        if manifest.roles.contains(&Role::Session) {
            self.check_session()?;
        }
        if !(0.1..=86_400.0).contains(&self.every_seconds) {
            return Err(InstallationError::Every(id()));
        }
        if !(1..=100).contains(&self.weight) {
            return Err(InstallationError::Weight(id()));
        }
        Ok(())
    }

    fn check_session(&self) -> Result<(), InstallationError> {
        if self.grants.listen.is_none() {
            return Err(InstallationError::Listen(self.id.clone()));
        }
        let limits = self.limits;
        for (name, value, most) in [
            ("connections", limits.connections, 1024),
            ("idle_seconds", limits.idle_seconds, 86_400),
            ("stalled_seconds", limits.stalled_seconds, 3_600),
            ("drain_seconds", limits.drain_seconds, 86_400),
        ] {
            if !(1..=most).contains(&value) {
                return Err(InstallationError::SessionLimit(self.id.clone(), name, most));
            }
        }
        Ok(())
    }

    fn check_settings(&self, manifest: &Manifest) -> Result<(), InstallationError> {
        let id = || self.id.clone();
        for (name, setting) in &manifest.settings {
            let kind = setting.r#type;
            match self.settings.get(name) {
                None if setting.required => {
                    return Err(InstallationError::SettingMissing { id: id(), name: name.clone(), kind });
                }
                Some(value) if !kind.accepts(value) => {
                    return Err(InstallationError::SettingType { id: id(), name: name.clone(), kind });
                }
                _ => {}
            }
        }
        if let Some(name) = self.settings.keys().find(|name| !manifest.settings.contains_key(*name)) {
            let known = manifest.settings.keys().cloned().collect::<Vec<_>>().join(", ");
            return Err(InstallationError::SettingUnknown { id: id(), name: name.clone(), known });
        }
        if let Some(name) = self.attachments.keys().find(|name| !manifest.attachments.contains_key(*name)) {
            return Err(InstallationError::AttachmentUnknown { id: id(), name: name.clone() });
        }
        Ok(())
    }
}

impl PublishGrant {
    #[must_use]
    pub fn topic(&self) -> Topic {
        Topic { domain: self.domain.clone(), kind: self.kind, detail: self.detail.clone() }
    }
}

impl SettingType {
    fn accepts(self, value: &toml::Value) -> bool {
        match self {
            Self::String => value.is_str(),
            Self::Number => value.is_float() || value.is_integer(),
            Self::Integer => value.is_integer(),
            Self::Boolean => value.is_bool(),
            Self::Array => value.is_array(),
            Self::Object => value.is_table(),
        }
    }
}

const fn default_poll() -> bool {
    true
}

const fn default_every_seconds() -> f64 {
    60.0
}

const fn default_weight() -> u32 {
    1
}

const fn default_per_second() -> u32 {
    100
}

#[cfg(test)]
mod tests;
