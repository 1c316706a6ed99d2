//! Messages and their lineage.

use dongting_engine::lineage::{self, raw};
use dongting_manifest::installation;
use serde::Serialize;
use utoipa::ToSchema;

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Message {
    pub id: String,
    pub source: String,
    pub r#type: String,
    pub subject: String,
    pub domain: String,
    pub kind: String,
    #[schema(required)]
    pub detail: Option<String>,
    pub region: String,
    #[schema(format = DateTime)]
    pub time: String,
    #[schema(format = DateTime)]
    pub received: String,
    pub key: String,
    pub revision: String,
    pub causation: Vec<String>,
    /// `name@version#digest` of the plugin that made it.
    pub plugin: String,
    pub content_type: String,
    #[schema(required)]
    pub traceparent: Option<String>,
    /// The body, where it is JSON. Lists, and what stands beside a message in its lineage, leave out those of over 16 KiB.
    #[schema(required)]
    pub data: Option<serde_json::Value>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct MessageList {
    pub messages: Vec<Message>,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Lineage {
    pub message: LineageStep,
    /// What it was made of, nearest first.
    pub causes: Vec<LineageStep>,
    /// Whether there may be more than these, beyond the limits of a lineage.
    pub causes_truncated: bool,
    /// What was made of it, nearest first.
    pub effects: Vec<LineageStep>,
    /// The same of these.
    pub effects_truncated: bool,
}

/// A message with what its plugin was granted when it made it, with what was sent outward, and with what a first one was made of.
#[derive(Debug, Serialize, ToSchema)]
pub struct LineageStep {
    #[serde(flatten)]
    pub message: Message,
    /// The installation whose call made it.
    #[schema(required)]
    pub installation: Option<String>,
    /// None where it is not known any more.
    #[schema(required)]
    pub grants: Option<Grants>,
    pub dispatched: Vec<Dispatched>,
    /// Whether it was made of no other message.
    pub first: bool,
    /// What a first message was made of. None of another, of one that no installation made, and where that is not kept, or not yet written down.
    #[schema(required)]
    pub raw: Option<Raw>,
}

/// What came from outside, as the record of the call has it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Raw {
    pub what: RawKind,
    /// `http` or `nats`, of a document or a request.
    #[schema(required)]
    pub transport: Option<String>,
    /// A document's name, a request's method and path, a form's view and action.
    #[schema(required)]
    pub name: Option<String>,
    #[schema(required)]
    pub content_type: Option<String>,
    /// The device's address.
    #[schema(required)]
    pub peer: Option<String>,
    #[schema(format = DateTime)]
    pub received: String,
    /// `name@version#digest` of the release that was called.
    pub plugin: String,
    /// What somebody filled in.
    pub fields: Vec<RawField>,
    /// Why something of it was never kept.
    #[schema(required)]
    pub unkept: Option<String>,
    pub pieces: Vec<RawPiece>,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RawKind {
    Document,
    Request,
    Form,
    Poll,
    Connection,
    /// Timers, or messages that it named none of as a cause.
    Batch,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct RawField {
    pub name: String,
    pub value: String,
}

/// Bytes that came from outside.
#[derive(Debug, Serialize, ToSchema)]
pub struct RawPiece {
    /// `document`, `request`, `connection`, `connection, before`, `GET https://catalogue.example/query → 200`.
    pub what: String,
    /// Under which `/raw` has the bytes; none where there was no answer.
    #[schema(required)]
    pub digest: Option<String>,
    /// None where that is not known any more.
    #[schema(required)]
    pub bytes: Option<u64>,
    /// From where the bytes came in the step that made the message, of those of a connection.
    #[schema(required)]
    pub from: Option<u64>,
    /// Until before where.
    #[schema(required)]
    pub to: Option<u64>,
    pub kept: bool,
}

/// What the operator allowed, a line each.
#[derive(Debug, Serialize, ToSchema)]
pub struct Grants {
    pub capabilities: Vec<String>,
    /// `domain kind`, with the detail where there is one.
    pub publish: Vec<String>,
    pub subscribe: Vec<String>,
    /// `host:port`
    pub http: Vec<String>,
}

/// What a sink has done with a message.
#[derive(Debug, Serialize, ToSchema)]
pub struct Dispatched {
    pub installation: String,
    #[schema(format = DateTime)]
    pub at: String,
    /// `name@version#digest` of the sink.
    pub plugin: String,
    /// What the sink was granted then. None where it is not known any more.
    #[schema(required)]
    pub grants: Option<Grants>,
    /// What the receiver was given to tell it apart.
    pub key: String,
    /// Why it was given up; none where it was delivered.
    #[schema(required)]
    pub reason: Option<String>,
}

/// What the live stream says of a message that has arrived.
#[derive(Debug, Serialize)]
pub struct Arrived<'m> {
    pub id: &'m str,
    pub subject: String,
    pub domain: &'m str,
    pub kind: &'static str,
    pub detail: Option<&'m str>,
    pub region: String,
    pub time: String,
    pub received: String,
}

impl From<dongting_manifest::Message> for Message {
    fn from(message: dongting_manifest::Message) -> Self {
        Self {
            id: message.id,
            source: message.source,
            r#type: message.r#type,
            subject: message.subject.to_string(),
            domain: message.subject.domain,
            kind: message.subject.kind.to_string(),
            detail: message.subject.detail,
            region: message.subject.region.to_string(),
            time: message.time.to_string(),
            received: message.received.to_string(),
            key: message.key,
            revision: message.revision,
            causation: message.causation,
            plugin: message.plugin,
            content_type: message.content_type,
            traceparent: Some(message.traceparent).filter(|trace| !trace.is_empty()),
            data: serde_json::from_slice(&message.body).ok(),
        }
    }
}

impl From<Vec<dongting_manifest::Message>> for MessageList {
    fn from(messages: Vec<dongting_manifest::Message>) -> Self {
        Self { messages: messages.into_iter().map(Message::from).collect() }
    }
}

impl From<lineage::Lineage> for Lineage {
    fn from(found: lineage::Lineage) -> Self {
        let all = |steps: Vec<_>| steps.into_iter().map(LineageStep::from).collect();
        Self {
            message: found.message.into(),
            causes: all(found.causes),
            causes_truncated: found.causes_truncated,
            effects: all(found.effects),
            effects_truncated: found.effects_truncated,
        }
    }
}

impl From<lineage::Step> for LineageStep {
    fn from(step: lineage::Step) -> Self {
        Self {
            first: step.is_first(),
            message: step.message.into(),
            installation: step.installation,
            grants: step.grants.map(Into::into),
            dispatched: step.dispatched.into_iter().map(Into::into).collect(),
            raw: step.raw.map(Into::into),
        }
    }
}

impl From<raw::Raw> for Raw {
    fn from(raw: raw::Raw) -> Self {
        Self {
            what: match raw.what {
                raw::What::Document => RawKind::Document,
                raw::What::Request => RawKind::Request,
                raw::What::Form => RawKind::Form,
                raw::What::Poll => RawKind::Poll,
                raw::What::Connection => RawKind::Connection,
                raw::What::Batch => RawKind::Batch,
            },
            transport: raw.transport,
            name: raw.name,
            content_type: raw.content_type,
            peer: raw.peer,
            received: raw.received.to_string(),
            plugin: raw.plugin,
            fields: raw.fields.into_iter().map(|(name, value)| RawField { name, value }).collect(),
            unkept: raw.unkept,
            pieces: raw.pieces.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<raw::Piece> for RawPiece {
    fn from(piece: raw::Piece) -> Self {
        Self {
            what: piece.what,
            digest: piece.digest,
            bytes: piece.bytes,
            from: piece.part.as_ref().map(|part| part.start),
            to: piece.part.map(|part| part.end),
            kept: piece.kept,
        }
    }
}

impl From<installation::Grants> for Grants {
    fn from(grants: installation::Grants) -> Self {
        let http = grants.http.iter().map(|grant| format!("{}:{}", grant.host, grant.port));
        Self {
            capabilities: grants.capabilities.iter().map(|one| one.as_str().to_owned()).collect(),
            publish: grants.publish.iter().map(|grant| grant.topic().to_string()).collect(),
            subscribe: grants.subscribe.iter().map(ToString::to_string).collect(),
            http: http.collect(),
        }
    }
}

impl From<lineage::Outward> for Dispatched {
    fn from(lineage::Outward { dispatched: one, grants }: lineage::Outward) -> Self {
        Self {
            installation: one.installation,
            at: one.at.to_string(),
            plugin: one.plugin,
            grants: grants.map(Into::into),
            key: one.key,
            reason: one.reason,
        }
    }
}

impl<'m> From<&'m dongting_manifest::Message> for Arrived<'m> {
    fn from(message: &'m dongting_manifest::Message) -> Self {
        let subject = &message.subject;
        Self {
            id: &message.id,
            subject: subject.to_string(),
            domain: &subject.domain,
            kind: subject.kind.as_str(),
            detail: subject.detail.as_deref(),
            region: subject.region.to_string(),
            time: message.time.to_string(),
            received: message.received.to_string(),
        }
    }
}
