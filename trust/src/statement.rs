//! What is signed: an in-toto Statement v1 that says of one component, by digest, which release it is (the vendor) or what a
//! review came to (the province).

use dongting_manifest::Version;
use dongting_manifest::version::VersionError;
use serde::{Deserialize, Serialize};

use crate::envelope::Envelope;
use crate::key::{KeyError, SecretKey, is_sha256};

/// DSSE's payloadType.
pub const PAYLOAD_TYPE: &str = "application/vnd.in-toto+json";
const STATEMENT_TYPE: &str = "https://in-toto.io/Statement/v1";
const RELEASE: &str = "urn:dongting:release:v1";
const REVIEW: &str = "urn:dongting:review:v1";
/// What a reviewer writes is shown whole.
pub const MAX_NOTE_BYTES: usize = 2048;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// `vendor/plugin`.
    pub repository: String,
    pub version: Version,
    /// SHA-256 of the component, 64 hexadecimal digits.
    pub component_digest: String,
    pub predicate: Predicate,
}

/// What is said of the component.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Predicate {
    /// The vendor: this is my release.
    Release,
    /// A reviewer of the province: it may run here, or it may not.
    Review { approved: bool, note: String },
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StatementError {
    #[error("what is signed has the type `{0}`, not `{PAYLOAD_TYPE}`")]
    PayloadType(String),
    #[error("what is signed is no in-toto statement: {0}")]
    Json(String),
    #[error("what is signed is a `{0}`, not an in-toto Statement v1")]
    Type(String),
    #[error("the statement is a `{0}`: this host knows {RELEASE} and {REVIEW}")]
    Predicate(String),
    #[error("the statement speaks of {0} components; it must be one")]
    Subjects(usize),
    #[error("the statement's subject `{subject}` and its predicate's name `{predicate}` differ")]
    Names { subject: String, predicate: String },
    #[error("the statement names no release: {0}")]
    Name(String),
    #[error("the statement's digest `{0}` is no SHA-256")]
    Digest(String),
    #[error("the review says neither approved nor rejected")]
    Decision,
    #[error("the review's note has over {MAX_NOTE_BYTES} bytes")]
    Note,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Written {
    #[serde(rename = "_type")]
    r#type: String,
    subject: Vec<WrittenSubject>,
    predicate_type: String,
    predicate: WrittenPredicate,
}

#[derive(Serialize, Deserialize)]
struct WrittenSubject {
    name: String,
    digest: WrittenDigest,
}

#[derive(Serialize, Deserialize)]
struct WrittenDigest {
    sha256: String,
}

#[derive(Serialize, Deserialize)]
struct WrittenPredicate {
    name: String,
    version: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    decision: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    note: Option<String>,
}

impl Statement {
    pub fn sign(&self, key: &SecretKey) -> Result<Envelope, KeyError> {
        Envelope::sign(PAYLOAD_TYPE, self.to_json().into_bytes(), key)
    }

    /// Of an envelope whose signature was verified.
    pub fn of(envelope: &Envelope) -> Result<Self, StatementError> {
        if envelope.payload_type != PAYLOAD_TYPE {
            return Err(StatementError::PayloadType(envelope.payload_type.clone()));
        }
        Self::parse(&envelope.payload)
    }

    pub fn parse(json: &[u8]) -> Result<Self, StatementError> {
        let written: Written =
            serde_json::from_slice(json).map_err(|error| StatementError::Json(error.to_string()))?;
        if written.r#type != STATEMENT_TYPE {
            return Err(StatementError::Type(shown(&written.r#type)));
        }
        let [subject] = written.subject.as_slice() else {
            return Err(StatementError::Subjects(written.subject.len()));
        };
        let said = &written.predicate;
        if subject.name != said.name {
            return Err(StatementError::Names {
                subject: shown(&subject.name),
                predicate: shown(&said.name),
            });
        }
        if !is_sha256(&subject.digest.sha256) {
            return Err(StatementError::Digest(shown(&subject.digest.sha256)));
        }
        if !is_repository(&said.name) {
            return Err(StatementError::Name(format!("`{}` is no vendor/plugin", shown(&said.name))));
        }
        let predicate = match written.predicate_type.as_str() {
            RELEASE => Predicate::Release,
            REVIEW => {
                let note = said.note.clone().unwrap_or_default();
                if note.len() > MAX_NOTE_BYTES {
                    return Err(StatementError::Note);
                }
                match said.decision.as_deref() {
                    Some("approved") => Predicate::Review { approved: true, note },
                    Some("rejected") => Predicate::Review { approved: false, note },
                    _ => return Err(StatementError::Decision),
                }
            }
            other => return Err(StatementError::Predicate(shown(other))),
        };
        Ok(Self {
            repository: said.name.clone(),
            version: said
                .version
                .parse()
                .map_err(|error: VersionError| StatementError::Name(error.to_string()))?,
            component_digest: subject.digest.sha256.clone(),
            predicate,
        })
    }

    #[must_use]
    pub fn to_json(&self) -> String {
        let name = self.repository.clone();
        let (predicate_type, decision, note) = match &self.predicate {
            Predicate::Release => (RELEASE, None, None),
            Predicate::Review { approved, note } => {
                let decision = if *approved { "approved" } else { "rejected" };
                (REVIEW, Some(decision.to_owned()), (!note.is_empty()).then(|| note.clone()))
            }
        };
        let written = Written {
            r#type: STATEMENT_TYPE.to_owned(),
            subject: vec![WrittenSubject {
                name: name.clone(),
                digest: WrittenDigest { sha256: self.component_digest.clone() },
            }],
            predicate_type: predicate_type.to_owned(),
            predicate: WrittenPredicate { name, version: self.version.to_string(), decision, note },
        };
        // Strings and lists of strings always serialize.
        serde_json::to_string(&written).unwrap_or_default()
    }
}

/// The characters that a registry's repositories have. Which of them exist is the registry's to say; it is compared whole.
fn is_repository(text: &str) -> bool {
    (3..=255).contains(&text.len())
        && text.contains('/')
        && text
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'.' | b'_' | b'-' | b'/'))
}

/// What somebody else wrote, as much of it as fits a sentence.
fn shown(text: &str) -> String {
    text.chars().take(128).collect()
}

#[cfg(test)]
mod tests;
