//! Messages and their lineage.

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
    /// The body, where it is JSON.
    #[schema(required)]
    pub data: Option<serde_json::Value>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct MessageList {
    pub messages: Vec<Message>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct Lineage {
    pub message: Message,
    /// What it was made of, nearest first.
    pub causes: Vec<Message>,
    /// What was made of it, nearest first.
    pub effects: Vec<Message>,
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

impl From<dongting_engine::Lineage> for Lineage {
    fn from(lineage: dongting_engine::Lineage) -> Self {
        let all = |messages: Vec<_>| messages.into_iter().map(Message::from).collect();
        Self { message: lineage.message.into(), causes: all(lineage.causes), effects: all(lineage.effects) }
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
