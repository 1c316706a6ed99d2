//! `em.<domain>.warning.v1`: a warning after the OASIS Common Alerting Protocol 1.2, in JSON with CAP's own names.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Warning {
    pub identifier: String,
    pub sender: String,
    /// RFC 3339.
    pub sent: String,
    pub status: Status,
    pub msg_type: MsgType,
    pub scope: Scope,
    /// `sender,identifier,sent` of the warnings that this one updates or cancels, separated by spaces.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub references: Option<String>,
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
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Scope {
    Public,
    Restricted,
    Private,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Info {
    /// RFC 3066: `zh-CN`, `en`.
    pub language: String,
    /// CAP categories: `Geo` for an earthquake.
    pub category: Vec<String>,
    pub event: String,
    pub urgency: String,
    pub severity: Severity,
    pub certainty: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub event_code: Vec<Value>,
    pub effective: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub onset: Option<String>,
    pub expires: String,
    pub sender_name: String,
    pub headline: String,
    pub description: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instruction: Option<String>,
    /// `cn.severityColor` and what the warning rests on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parameter: Vec<Value>,
    pub area: Vec<Area>,
}

/// CAP's severities; a Chinese red, orange, yellow, blue is Extreme, Severe, Moderate, Minor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Severity {
    Extreme,
    Severe,
    Moderate,
    Minor,
    Unknown,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Value {
    pub value_name: String,
    pub value: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Area {
    pub area_desc: String,
    /// `GB/T 2260` with the six-digit code.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub geocode: Vec<Value>,
}
