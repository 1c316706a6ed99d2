//! `em.<domain>.warning.v1`: a warning after the OASIS Common Alerting Protocol 1.2 (CAP-v1.2-os), in JSON with CAP's own names. What CAP
//! calls space-delimited stays so; a `polygon`, which CAP writes latitude first, is GeoJSON here, longitude first.
//!
//! The province's profile asks for more than CAP: `info` says its language, `effective`, `expires`, who sends it, a headline and a description.
//!
//! What is written is checked in full. What is read is checked as far as its shape and CAP's closed vocabularies go: a warning that
//! is shown with a mistake in it does less harm than one that is hidden.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::check::{Checked, INSTANT, checked, count, each, instant, text};

mod info;

pub use info::{Area, Category, Certainty, Circle, Info, Resource, ResponseType, Severity, Urgency, Value};

/// The type of a domain's warnings.
#[must_use]
pub fn type_of(domain: &str) -> String {
    format!("em.{domain}.warning.v1")
}

/// CAP 1.2, 3.2.1 `alert`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", remote = "Warning")]
pub struct Warning {
    /// Never the same twice from one sender; no spaces, commas, `<` or `&`.
    #[schemars(regex(pattern = "^[^\\s,<&]{1,256}$"))]
    pub identifier: String,
    /// Unique among senders; no spaces, commas, `<` or `&`.
    #[schemars(regex(pattern = "^[^\\s,<&]{1,256}$"))]
    pub sender: String,
    /// RFC 3339; for CAP in XML without a `Z`.
    #[schemars(regex(pattern = INSTANT))]
    pub sent: String,
    pub status: Status,
    pub msg_type: MsgType,
    /// What made it: an operator, a device.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 256))]
    pub source: Option<String>,
    pub scope: Scope,
    /// To whom a restricted warning is restricted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1024))]
    pub restriction: Option<String>,
    /// Whom a private warning is for, separated by spaces; one with a space in it stands in double quotes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 8192))]
    pub addresses: Option<String>,
    /// Codes for special handling.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 32))]
    pub code: Vec<String>,
    /// Of an exercise what for, of an error why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 8192))]
    pub note: Option<String>,
    /// `sender,identifier,sent` of the warnings that this one updates, cancels or answers, separated by spaces.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 65536))]
    pub references: Option<String>,
    /// Identifiers of the incidents that it belongs to, separated by spaces.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 8192))]
    pub incidents: Option<String>,
    /// One for each language, and for each hazard or area that differs; a cancellation may have none.
    #[serde(default)]
    #[schemars(length(max = 64))]
    pub info: Vec<Info>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Status {
    Actual,
    Exercise,
    System,
    Test,
    Draft,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum MsgType {
    Alert,
    Update,
    Cancel,
    /// Says that the referenced message has arrived.
    Ack,
    /// Says that the referenced message is refused, and in `note` why.
    Error,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Scope {
    Public,
    Restricted,
    Private,
}

checked!(written Warning);

impl Warning {
    pub fn check(&self) -> Checked {
        token("identifier", &self.identifier)?;
        token("sender", &self.sender)?;
        instant("sent", &self.sent)?;
        for (name, value, most) in [
            ("source", &self.source, 256),
            ("restriction", &self.restriction, 1024),
            ("addresses", &self.addresses, 8192),
            ("note", &self.note, 8192),
            ("references", &self.references, 65536),
            ("incidents", &self.incidents, 8192),
        ] {
            text(name, value.as_deref().unwrap_or_default(), 0..=most)?;
        }
        count("code", self.code.len(), 0..=32)?;
        // CAP 1.2, 3.2.1: both are mandatory under their scope, and references under every type but an alert.
        if self.scope == Scope::Restricted && self.restriction.is_none() {
            return Err("a restricted warning says in `restriction` to whom".to_owned());
        }
        if self.scope == Scope::Private && self.addresses.is_none() {
            return Err("a private warning says in `addresses` for whom it is".to_owned());
        }
        match (&self.references, self.msg_type) {
            (None, MsgType::Alert) => {}
            (None, other) => return Err(format!("{other:?} names in `references` what it is about")),
            (Some(references), _) => references.split_ascii_whitespace().try_for_each(reference)?,
        }
        count("info", self.info.len(), 0..=64)?;
        if self.info.is_empty() && matches!(self.msg_type, MsgType::Alert | MsgType::Update) {
            return Err("`info` must say what is warned of".to_owned());
        }
        each("info", &self.info, Info::check)
    }
}

/// CAP 1.2, 3.2.1: no spaces, commas and restricted characters.
fn token(name: &str, token: &str) -> Checked {
    let bad = |c: char| c.is_whitespace() || matches!(c, ',' | '<' | '&');
    if token.contains(bad) {
        return Err(format!("`{name}` must have no space, comma, < or &"));
    }
    text(name, token, 1..=256)
}

fn reference(reference: &str) -> Checked {
    let fields: Vec<&str> = reference.split(',').collect();
    match fields.as_slice() {
        [sender, identifier, sent] if !sender.is_empty() && !identifier.is_empty() => {
            instant("references", sent)
        }
        _ => Err(format!("`references` has `{reference}`, which is no sender,identifier,sent")),
    }
}
