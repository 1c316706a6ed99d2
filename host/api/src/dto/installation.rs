//! One installation with all that was granted to it. No setting is told: an address in one may hold a key.

use dongting_engine::host::Enabled;
use dongting_manifest::Timestamp;
use dongting_manifest::installation::{Grants, HttpGrant, Limits, OnUnknown, PublishGrant};
use dongting_manifest::plugin::{Manifest, Ordering, Role, Topic};
use serde::Serialize;
use utoipa::ToSchema;

use super::Text;
use super::listening::Listening;
use super::plugin::Installation;
use super::replay::Shadow;

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct InstallationWhole {
    #[serde(flatten)]
    pub installation: Installation,
    /// What the plugin says of itself; none where it could not be loaded.
    #[schema(required)]
    pub about: Option<PluginAbout>,
    /// What is observed, for the source of its messages.
    pub system: String,
    pub granted: Granted,
    pub limits: CallLimits,
    /// Where it can be asked; none for a plugin that is no service.
    #[schema(required)]
    pub service: Option<ServiceAddress>,
    /// Where documents are delivered; none without a token, and for a plugin that decodes none.
    #[schema(required)]
    pub push: Option<String>,
    /// Where devices connect; none for a plugin that is no session, and for one that could not be loaded.
    #[schema(required)]
    pub listening: Option<Listening>,
    /// Seconds from one poll to the next; none for a plugin that is not polled.
    #[schema(required)]
    pub poll_seconds: Option<f64>,
    /// Nothing older than this comes any more, as far as the system that is polled can promise; none where it has promised nothing yet.
    #[schema(required, format = DateTime)]
    pub complete_until: Option<String>,
    /// Whether a message that may have arrived is held for a person; none for a plugin that is no sink.
    #[schema(required)]
    pub holds_unknown: Option<bool>,
    /// The candidate that is tried beside it.
    #[schema(required)]
    pub shadow: Option<Shadow>,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PluginAbout {
    pub vendor: String,
    pub description: Text,
    /// Whether messages of one partition are handled in their order.
    pub ordered: bool,
    /// Each capability, and why the plugin asks for it.
    pub capabilities: Vec<CapabilityNeed>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct CapabilityNeed {
    pub name: String,
    pub why: Text,
}

/// What the operator allows it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Granted {
    pub capabilities: Vec<String>,
    pub publish: Vec<GrantedPublish>,
    pub subscribe: Vec<GrantedTopic>,
    pub http: Vec<GrantedHttp>,
    /// Address and port on which devices may connect.
    #[schema(required)]
    pub listen: Option<String>,
    /// Networks that they may connect from, as CIDR; empty is any.
    pub listen_from: Vec<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct GrantedTopic {
    pub domain: String,
    pub kind: String,
    /// None covers every detail.
    #[schema(required)]
    pub detail: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct GrantedPublish {
    #[serde(flatten)]
    pub topic: GrantedTopic,
    /// Also for what lies outside the province.
    pub outside: bool,
    /// Messages a second, on average over a minute.
    pub per_second: u32,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct GrantedHttp {
    pub host: String,
    pub port: u16,
    /// As CIDR; empty is any public address.
    pub networks: Vec<String>,
}

/// What one call may use, and what the installation may keep.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CallLimits {
    pub memory_mib: u32,
    pub cpu_ms: u32,
    pub wall_ms: u32,
    pub outputs: u32,
    pub output_kib: u32,
    pub log_lines: u32,
    pub log_per_second: u32,
    pub http_requests: u32,
    pub http_concurrency: u32,
    pub http_response_kib: u32,
    pub http_total_kib: u32,
    pub http_record_kib: u32,
    pub document_record_kib: u32,
    pub state_kib: u32,
    pub records_kib: u32,
    pub timers: u32,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct ServiceAddress {
    /// Below the host's own address; none without a token, which whoever asks must show.
    #[schema(required)]
    pub path: Option<String>,
    /// For requests by NATS.
    pub subject: String,
}

impl InstallationWhole {
    pub fn new(enabled: &Enabled, complete_until: Option<Timestamp>) -> Self {
        let given = &enabled.installation;
        let manifest = enabled.installed.as_deref().map(|installed| installed.manifest.as_ref());
        let has = |role: Role| manifest.is_some_and(|manifest| manifest.roles.contains(&role));
        let (id, opens) = (&given.id, given.push_token.is_some());
        Self {
            about: manifest.map(PluginAbout::from),
            system: given.system.clone().or_else(|| manifest.map(|m| m.name.clone())).unwrap_or_default(),
            granted: Granted::from(&given.grants),
            limits: CallLimits::from(given.limits),
            service: has(Role::Service).then(|| ServiceAddress {
                path: opens.then(|| format!("/api/v1/services/{id}/")),
                subject: dongting_engine::service_subject(id),
            }),
            push: (has(Role::Decoder) && opens).then(|| format!("/api/v1/push/{id}")),
            listening: Listening::of(enabled),
            poll_seconds: (has(Role::Source) && given.poll).then_some(given.every_seconds),
            complete_until: complete_until.map(|until| until.to_string()),
            holds_unknown: has(Role::Sink).then_some(given.on_unknown == OnUnknown::Hold),
            shadow: enabled
                .installed
                .as_ref()
                .and_then(|installed| installed.shadow.as_ref())
                .map(|shadow| Shadow::from(shadow.as_ref())),
            installation: Installation::from(enabled),
        }
    }
}

impl From<&Manifest> for PluginAbout {
    fn from(manifest: &Manifest) -> Self {
        Self {
            vendor: manifest.vendor.clone(),
            description: Text::from(&manifest.description),
            ordered: manifest.ordering == Ordering::Partition,
            capabilities: manifest
                .capabilities
                .iter()
                .map(|(name, why)| CapabilityNeed { name: name.to_string(), why: Text::from(why) })
                .collect(),
        }
    }
}

impl From<&Grants> for Granted {
    fn from(grants: &Grants) -> Self {
        Self {
            capabilities: grants.capabilities.iter().map(ToString::to_string).collect(),
            publish: grants.publish.iter().map(GrantedPublish::from).collect(),
            subscribe: grants.subscribe.iter().map(GrantedTopic::from).collect(),
            http: grants.http.iter().map(GrantedHttp::from).collect(),
            listen: grants.listen.map(|address| address.to_string()),
            listen_from: grants.listen_from.iter().map(ToString::to_string).collect(),
        }
    }
}

impl From<&Topic> for GrantedTopic {
    fn from(topic: &Topic) -> Self {
        let Topic { domain, kind, detail } = topic;
        Self { domain: domain.clone(), kind: kind.as_str().to_owned(), detail: detail.clone() }
    }
}

impl From<&PublishGrant> for GrantedPublish {
    fn from(grant: &PublishGrant) -> Self {
        let topic = GrantedTopic::from(&grant.topic());
        Self { topic, outside: grant.outside, per_second: grant.per_second }
    }
}

impl From<&HttpGrant> for GrantedHttp {
    fn from(grant: &HttpGrant) -> Self {
        Self { host: grant.host.clone(), port: grant.port, networks: grant.networks.clone() }
    }
}

impl From<Limits> for CallLimits {
    fn from(limits: Limits) -> Self {
        Self {
            memory_mib: limits.memory_mib,
            cpu_ms: limits.cpu_ms,
            wall_ms: limits.wall_ms,
            outputs: limits.outputs,
            output_kib: limits.output_kib,
            log_lines: limits.log_lines,
            log_per_second: limits.log_per_second,
            http_requests: limits.http_requests,
            http_concurrency: limits.http_concurrency,
            http_response_kib: limits.http_response_kib,
            http_total_kib: limits.http_total_kib,
            http_record_kib: limits.http_record_kib,
            document_record_kib: limits.document_record_kib,
            state_kib: limits.state_kib,
            records_kib: limits.records_kib,
            timers: limits.timers,
        }
    }
}
