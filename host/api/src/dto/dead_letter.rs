//! Dead letters as the operator sees them.

use dongting_engine::StoredDeadLetter;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What is shown of a payload; the rest is counted.
const MAX_SHOWN_BYTES: usize = 64 * 1024;

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DeadLetterList {
    pub dead_letters: Vec<DeadLetter>,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DeadLetter {
    /// Its number, for as long as the data directory lives.
    pub sequence: u64,
    #[schema(format = DateTime)]
    pub stored_at: String,
    pub installation: String,
    /// Why it could not be processed.
    pub reason: String,
    /// `name@version#digest` of the plugin that could not.
    pub plugin: String,
    #[schema(required)]
    pub region: Option<String>,
    /// Of the message; none for a document.
    #[schema(required)]
    pub subject: Option<String>,
    /// Id of the message; none for a document.
    #[schema(required)]
    pub message: Option<String>,
    /// Of the message or document, as its sender said; empty where nothing was said.
    pub content_type: String,
    /// W3C trace context of the message; none for a document.
    #[schema(required)]
    pub traceparent: Option<String>,
    pub bytes: usize,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DeadLetterWhole {
    #[serde(flatten)]
    pub letter: DeadLetter,
    /// The payload's beginning, where it is text. All of it is under `/payload`.
    #[schema(required)]
    pub text: Option<String>,
    /// Whether `text` is not all of it.
    pub cut: bool,
}

/// How a dead letter is to be driven again.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Redrive {
    /// The release that takes it in place of the one that is enabled, as `vendor/plugin:1.2.0`.
    pub release: Option<String>,
    /// Instead of a release the path of a component on the host, which nobody has signed.
    pub component: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct Redriven {
    /// Ids of the messages made of it.
    pub messages: Vec<String>,
}

impl From<StoredDeadLetter> for DeadLetter {
    fn from(stored: StoredDeadLetter) -> Self {
        let letter = stored.letter;
        let id = letter.attributes.iter().find(|(name, _)| name.eq_ignore_ascii_case("ce-id"));
        Self {
            sequence: stored.sequence,
            stored_at: stored.stored_at.to_string(),
            installation: letter.installation,
            reason: letter.reason,
            plugin: letter.plugin,
            region: letter.region.map(|region| region.to_string()),
            subject: letter.origin.map(|origin| origin.subject),
            message: id.map(|(_, value)| value.clone()),
            content_type: letter.content_type,
            traceparent: Some(letter.traceparent).filter(|said| !said.is_empty()),
            bytes: stored.bytes,
        }
    }
}

impl From<StoredDeadLetter> for DeadLetterWhole {
    fn from(mut stored: StoredDeadLetter) -> Self {
        let mut text = String::from_utf8(std::mem::take(&mut stored.letter.payload)).ok();
        let cut = text.as_ref().is_some_and(|text| text.len() > MAX_SHOWN_BYTES);
        if let Some(text) = &mut text {
            text.truncate(text.floor_char_boundary(MAX_SHOWN_BYTES));
        }
        Self { letter: stored.into(), text, cut }
    }
}
