//! `em.<domain>.assessment.v1`: a model's judgement, in the shape that every model shares. What a domain has more to say about has a schema
//! of its own, as earthquakes have. The members are ours: what computed it and from what, so that it can be computed again, and what it
//! means where.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::check::{
    Checked, INSTANT, REGION, checked, count, each, finite, instant, instant_if, region, text,
};
use crate::geometry::Geometry;

/// The type of a domain's assessments.
#[must_use]
pub fn type_of(domain: &str) -> String {
    format!("em.{domain}.assessment.v1")
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", remote = "Assessment")]
pub struct Assessment {
    /// What is judged: an event, a station, a reach. All assessments of one thing by one model share it.
    #[schemars(length(min = 1, max = 256))]
    pub about: String,
    pub model: Model,
    /// Of when it is, RFC 3339: when what it rests on was so.
    #[schemars(regex(pattern = INSTANT))]
    pub as_of: String,
    /// Until when it says something, RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = INSTANT))]
    pub valid_until: Option<String>,
    pub level: Level,
    pub confidence: Confidence,
    /// What each region has to expect, gravest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 200))]
    pub regions: Vec<Regional>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub area: Option<Geometry>,
    /// What was computed, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("maxProperties" = 64))]
    pub figures: BTreeMap<String, Figure>,
    /// Why the level is what it is, a sentence each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 32))]
    pub reasons: Vec<String>,
}

/// What computed it: enough to compute it again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Model {
    #[schemars(length(min = 1, max = 64))]
    pub id: String,
    #[schemars(length(min = 1, max = 32))]
    pub version: String,
    /// SHA-256 of the coefficients used, hexadecimal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = "^[0-9a-f]{64}$"))]
    pub coefficients: Option<String>,
}

/// Of a Chinese warning; `none` where there is nothing to warn of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    None,
    Blue,
    Yellow,
    Orange,
    Red,
}

/// The share of a person's trust that it deserves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Confidence {
    Low,
    Medium,
    High,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Regional {
    /// GB/T 2260 code of six digits.
    #[schemars(regex(pattern = REGION))]
    pub region: String,
    pub level: Level,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1024))]
    pub reason: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Figure {
    pub value: f64,
    /// UCUM; `1` for what has none.
    #[schemars(length(min = 1, max = 32))]
    pub unit: String,
}

checked!(Assessment);

impl Assessment {
    pub fn check(&self) -> Checked {
        text("about", &self.about, 1..=256)?;
        text("model.id", &self.model.id, 1..=64)?;
        text("model.version", &self.model.version, 1..=32)?;
        if self.model.coefficients.as_ref().is_some_and(|digest| !is_digest(digest)) {
            return Err("`model.coefficients` must be a SHA-256 in hexadecimal".to_owned());
        }
        instant("asOf", &self.as_of)?;
        instant_if("validUntil", self.valid_until.as_ref())?;
        count("regions", self.regions.len(), 0..=200)?;
        each("regions", &self.regions, |one| {
            text("reason", one.reason.as_deref().unwrap_or_default(), 0..=1024)?;
            region("region", &one.region)
        })?;
        count("figures", self.figures.len(), 0..=64)?;
        for (name, figure) in &self.figures {
            finite(name, figure.value)?;
            text(name, &figure.unit, 1..=32)?;
        }
        count("reasons", self.reasons.len(), 0..=32)?;
        self.area.as_ref().map_or(Ok(()), |area| area.check("area"))
    }
}

fn is_digest(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}
