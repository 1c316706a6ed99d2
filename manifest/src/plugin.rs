//! `plugin.toml`: what a plugin says of itself and asks for. Embedded in the component, read before compiling.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::name::is_token;
use crate::record::{self, Collections};
use crate::{Kind, Text, Version};

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// `[a-z0-9-]{1,32}`; with the version it names a release to people, the digest names it to the host.
    pub name: String,
    /// Semantic version: `1.2.3`.
    pub version: String,
    pub vendor: String,
    pub title: Text,
    pub description: Text,
    /// The interfaces it exports, by role; checked against the component's exports.
    pub roles: Vec<Role>,
    /// What it imports, and why it must.
    #[serde(default)]
    pub capabilities: BTreeMap<Capability, Text>,
    /// What it publishes.
    #[serde(default)]
    pub publish: Vec<Topic>,
    /// What it listens to.
    #[serde(default)]
    pub subscribe: Vec<Topic>,
    /// Whether what it listens to must come in order.
    #[serde(default)]
    pub ordering: Ordering,
    #[serde(default)]
    pub settings: BTreeMap<String, Setting>,
    /// Files that the operator may attach, by name, with what they are.
    #[serde(default)]
    pub attachments: BTreeMap<String, Text>,
    /// Its collections of JSON documents.
    #[serde(default)]
    pub records: Collections,
    /// Numbers the form of what it keeps. A release that changes the form raises it, and brings along what an earlier one kept.
    #[serde(default = "default_state_version")]
    pub state_version: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    Source,
    Decoder,
    Session,
    Transform,
    Sink,
    Service,
    Views,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Capability {
    Log,
    Config,
    State,
    /// What was said before on the bus.
    History,
    /// Deadlines.
    Timers,
    /// JSON documents.
    Records,
    /// `wasi:http/outgoing-handler`.
    Http,
}

/// What order a transform or sink asks for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Ordering {
    /// A message that is tried again lets later ones pass.
    #[default]
    None,
    /// Messages of one partition are handled in the order of their lane; one that is tried again holds back those of its own
    /// partition and no others.
    Partition,
}

/// A part of the bus: a domain, a kind and, where it matters, a detail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Topic {
    pub domain: String,
    pub kind: Kind,
    /// None covers every detail.
    #[serde(default)]
    pub detail: Option<String>,
}

/// One setting that the operator may give.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Setting {
    pub r#type: SettingType,
    #[serde(default)]
    pub required: bool,
    pub title: Text,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SettingType {
    String,
    Number,
    Integer,
    Boolean,
    Array,
    Object,
}

#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    #[error("plugin.toml cannot be read: {0}")]
    Toml(String),
    #[error("plugin.toml: `{0}` is no plugin name: 1 to 32 of a-z, 0-9 and -")]
    Name(String),
    #[error("plugin.toml: `{0}` is no version: three numbers, for example 1.2.0")]
    Version(String),
    #[error(
        "plugin.toml: name at least one role: source, decoder, session, transform, sink, service or views"
    )]
    NoRole,
    #[error(
        "plugin.toml asks for timers, which are given to a transform that is no sink and that a subscription wakes first: name the role and a topic, or drop the capability"
    )]
    Timers,
    #[error(
        "plugin.toml names the role session and asks for the capability `{0}`: a session keeps an instance for as long as a connection lasts, and is given log and config alone. Keep what must outlast a connection in a plugin that subscribes to what the session publishes"
    )]
    Session(Capability),
    #[error("plugin.toml: records: {0}")]
    Records(String),
    #[error("plugin.toml: state_version counts from 1")]
    StateVersion,
    #[error("plugin.toml: `{0}` is no subject token: 1 to 32 of a-z, 0-9 and -")]
    Token(String),
}

impl Manifest {
    pub fn parse(text: &str) -> Result<Self, ManifestError> {
        let manifest: Self = toml::from_str(text).map_err(|error| ManifestError::Toml(error.to_string()))?;
        if !is_token(&manifest.name) {
            return Err(ManifestError::Name(manifest.name));
        }
        if manifest.version.parse::<Version>().is_err() {
            return Err(ManifestError::Version(manifest.version));
        }
        if manifest.roles.is_empty() {
            return Err(ManifestError::NoRole);
        }
        if manifest.state_version == 0 {
            return Err(ManifestError::StateVersion);
        }
        if let Some(fault) = record::fault(&manifest.records) {
            return Err(ManifestError::Records(fault));
        }
        let wakes = manifest.roles.contains(&Role::Transform)
            && !manifest.roles.contains(&Role::Sink)
            && !manifest.subscribe.is_empty();
        if manifest.capabilities.contains_key(&Capability::Timers) && !wakes {
            return Err(ManifestError::Timers);
        }
        let session = manifest.roles.contains(&Role::Session);
        let beyond = manifest.capabilities.keys().find(|asked| session && !asked.suits_a_session());
        if let Some(asked) = beyond {
            return Err(ManifestError::Session(*asked));
        }
        for topic in manifest.publish.iter().chain(&manifest.subscribe) {
            for token in std::iter::once(&topic.domain).chain(&topic.detail) {
                if !is_token(token) {
                    return Err(ManifestError::Token(token.clone()));
                }
            }
        }
        Ok(manifest)
    }
}

const fn default_state_version() -> u32 {
    1
}

impl Role {
    pub const ALL: [Self; 7] =
        [Self::Source, Self::Decoder, Self::Session, Self::Transform, Self::Sink, Self::Service, Self::Views];

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Source => "source",
            Self::Decoder => "decoder",
            Self::Session => "session",
            Self::Transform => "transform",
            Self::Sink => "sink",
            Self::Service => "service",
            Self::Views => "views",
        }
    }
}

impl std::fmt::Display for Role {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Capability {
    /// Whether calls write what later calls read.
    #[must_use]
    pub const fn keeps(self) -> bool {
        matches!(self, Self::State | Self::Timers | Self::Records)
    }

    /// Whether an instance that is kept may have it: nothing of it is committed with a call or comes from outside the transcript.
    #[must_use]
    pub const fn suits_a_session(self) -> bool {
        matches!(self, Self::Log | Self::Config)
    }

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Log => "log",
            Self::Config => "config",
            Self::State => "state",
            Self::History => "history",
            Self::Timers => "timers",
            Self::Records => "records",
            Self::Http => "http",
        }
    }
}

impl std::fmt::Display for Capability {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Topic {
    /// Whether all of `other` is part of this.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        self.covers_message(&other.domain, other.kind, other.detail.as_deref())
    }

    #[must_use]
    pub fn covers_message(&self, domain: &str, kind: Kind, detail: Option<&str>) -> bool {
        self.domain == domain
            && self.kind == kind
            && self.detail.as_deref().is_none_or(|mine| Some(mine) == detail)
    }
}

impl std::fmt::Display for Topic {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.domain, self.kind)?;
        self.detail.as_ref().map_or(Ok(()), |detail| write!(f, " {detail}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"
        name = "earthquake"
        version = "0.1.0"
        vendor = "Dongting"
        title = { zh = "地震", en = "Earthquakes" }
        description = { zh = "读取", en = "Reads" }
        roles = ["source", "decoder"]
        publish = [{ domain = "earthquake", kind = "observation" }]
        [capabilities]
        http = { zh = "读取地震目录", en = "fetches the catalogue" }
        [settings.url]
        type = "string"
        required = true
        title = { zh = "地址", en = "Address" }
    "#;

    #[test]
    fn a_manifest_says_what_is_wrong_with_it() {
        let manifest = Manifest::parse(GOOD).unwrap();
        assert_eq!(manifest.roles, [Role::Source, Role::Decoder]);
        let said = |from: &str, to: &str| Manifest::parse(&GOOD.replace(from, to)).unwrap_err().to_string();
        assert!(said("name = \"earthquake\"", "name = \"Earth\"").contains("no plugin name"));
        assert!(said("0.1.0", "0.1").contains("no version"));
        assert!(said("[\"source\", \"decoder\"]", "[]").contains("at least one role"));
        assert!(said("\"decoder\"", "\"encoder\"").contains("encoder"));
        assert!(said("domain = \"earthquake\"", "domain = \"e.q\"").contains("subject token"));
        assert!(said("vendor", "vendors").contains("vendors"));
        assert!(said("http =", "timers =").contains("asks for timers"));
        assert!(said("\"decoder\"]", "\"session\"]").contains("asks for the capability `http`"));
        assert_eq!(manifest.state_version, 1);
        let versioned =
            |version: i64| GOOD.replace("roles =", &format!("state_version = {version}\nroles ="));
        assert_eq!(Manifest::parse(&versioned(2)).unwrap().state_version, 2);
        assert!(Manifest::parse(&versioned(0)).unwrap_err().to_string().contains("counts from 1"));
        assert!(Manifest::parse(&versioned(-1)).is_err());
    }

    #[test]
    fn topics_cover() {
        let any = Topic { domain: "water".into(), kind: Kind::Observation, detail: None };
        let rain = Topic { detail: Some("rain".into()), ..any.clone() };
        assert!(any.covers(&rain) && any.covers(&any) && rain.covers(&rain) && !rain.covers(&any));
        assert!(!rain.covers_message("water", Kind::Observation, None));
    }
}
