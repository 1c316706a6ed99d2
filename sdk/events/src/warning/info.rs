//! CAP 1.2, 3.2.2 `info`, 3.2.3 `resource`, 3.2.4 `area`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::check::{Checked, INSTANT, count, each, finite, instant, instant_if, range, text};
use crate::geometry::{Position, Ring, polygon, position};

/// CAP 1.2, 3.2.2. What is warned of, in one language.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Info {
    /// RFC 3066: `zh-CN`, `en`.
    #[schemars(length(min = 2, max = 35))]
    pub language: String,
    #[schemars(length(min = 1, max = 12))]
    pub category: Vec<Category>,
    /// What it is, in words: `暴雨`.
    #[schemars(length(min = 1, max = 256))]
    pub event: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 9))]
    pub response_type: Vec<ResponseType>,
    pub urgency: Urgency,
    pub severity: Severity,
    pub certainty: Certainty,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1024))]
    pub audience: Option<String>,
    /// `GB/T 35561` with its code.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 32))]
    pub event_code: Vec<Value>,
    /// From when the information holds, RFC 3339.
    #[schemars(regex(pattern = INSTANT))]
    pub effective: String,
    /// When what is warned of is expected to begin, RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = INSTANT))]
    pub onset: Option<String>,
    /// Until when the information holds, RFC 3339.
    #[schemars(regex(pattern = INSTANT))]
    pub expires: String,
    #[schemars(length(min = 1, max = 256))]
    pub sender_name: String,
    #[schemars(length(min = 1, max = 512))]
    pub headline: String,
    #[schemars(length(min = 1, max = 16384))]
    pub description: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 16384))]
    pub instruction: Option<String>,
    /// An absolute address with more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 2048))]
    pub web: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1024))]
    pub contact: Option<String>,
    /// `cn.severityColor` and what the warning rests on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 256))]
    pub parameter: Vec<Value>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 32))]
    pub resource: Vec<Resource>,
    #[serde(default)]
    #[schemars(length(max = 256))]
    pub area: Vec<Area>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Category {
    /// Earthquakes and landslides too.
    Geo,
    Met,
    Safety,
    Security,
    Rescue,
    Fire,
    Health,
    Env,
    Transport,
    Infra,
    #[serde(rename = "CBRNE")]
    Cbrne,
    Other,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum ResponseType {
    Shelter,
    Evacuate,
    Prepare,
    Execute,
    Avoid,
    Monitor,
    Assess,
    AllClear,
    None,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Urgency {
    Immediate,
    Expected,
    Future,
    Past,
    Unknown,
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

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Certainty {
    Observed,
    /// CAP 1.0's `Very Likely` is read as this, as CAP 1.2 asks.
    #[serde(alias = "Very Likely")]
    Likely,
    Possible,
    Unlikely,
    Unknown,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Value {
    #[schemars(length(min = 1, max = 256))]
    pub value_name: String,
    #[schemars(length(max = 8192))]
    pub value: String,
}

/// CAP 1.2, 3.2.3. A file that belongs to it: where it is, never the file itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Resource {
    #[schemars(length(min = 1, max = 1024))]
    pub resource_desc: String,
    /// A media type.
    #[schemars(length(min = 1, max = 128))]
    pub mime_type: String,
    /// Bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 2048))]
    pub uri: Option<String>,
    /// SHA-1 of the file, as CAP has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 128))]
    pub digest: Option<String>,
}

/// CAP 1.2, 3.2.4. What the warning is for: everything named here together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Area {
    #[schemars(length(min = 1, max = 1024))]
    pub area_desc: String,
    /// Outer rings after GeoJSON: `[longitude, latitude]` in degrees, first and last the same. CAP itself writes them latitude first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 64))]
    pub polygon: Vec<Ring>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 64))]
    pub circle: Vec<Circle>,
    /// `GB/T 2260` with the six-digit code.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 256))]
    pub geocode: Vec<Value>,
    /// Feet above mean sea level, as CAP has it: from here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub altitude: Option<f64>,
    /// Feet above mean sea level: up to here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ceiling: Option<f64>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Circle {
    /// `[longitude, latitude]` in degrees.
    pub centre: Position,
    #[schemars(range(min = 0, max = 20_000))]
    pub radius_km: f64,
}

impl Info {
    pub(super) fn check(&self) -> Checked {
        text("language", &self.language, 2..=35)?;
        count("category", self.category.len(), 1..=12)?;
        count("responseType", self.response_type.len(), 0..=9)?;
        text("event", &self.event, 1..=256)?;
        instant("effective", &self.effective)?;
        instant_if("onset", self.onset.as_ref())?;
        instant("expires", &self.expires)?;
        text("senderName", &self.sender_name, 1..=256)?;
        text("headline", &self.headline, 1..=512)?;
        text("description", &self.description, 1..=16384)?;
        for (name, value, most) in [
            ("audience", &self.audience, 1024),
            ("instruction", &self.instruction, 16384),
            ("web", &self.web, 2048),
            ("contact", &self.contact, 1024),
        ] {
            text(name, value.as_deref().unwrap_or_default(), 0..=most)?;
        }
        count("eventCode", self.event_code.len(), 0..=32)?;
        count("parameter", self.parameter.len(), 0..=256)?;
        count("resource", self.resource.len(), 0..=32)?;
        count("area", self.area.len(), 0..=256)?;
        each("eventCode", &self.event_code, Value::check)?;
        each("parameter", &self.parameter, Value::check)?;
        each("resource", &self.resource, |resource| {
            text("resourceDesc", &resource.resource_desc, 1..=1024)?;
            text("mimeType", &resource.mime_type, 1..=128)?;
            text("uri", resource.uri.as_deref().unwrap_or_default(), 0..=2048)?;
            text("digest", resource.digest.as_deref().unwrap_or_default(), 0..=128)
        })?;
        each("area", &self.area, Area::check)
    }
}

impl Value {
    fn check(&self) -> Checked {
        text("valueName", &self.value_name, 1..=256)?;
        text("value", &self.value, 0..=8192)
    }
}

impl Area {
    fn check(&self) -> Checked {
        text("areaDesc", &self.area_desc, 1..=1024)?;
        count("polygon", self.polygon.len(), 0..=64)?;
        count("circle", self.circle.len(), 0..=64)?;
        count("geocode", self.geocode.len(), 0..=256)?;
        each("polygon", &self.polygon, |ring| polygon("ring", std::slice::from_ref(ring)))?;
        each("circle", &self.circle, |circle| {
            position("centre", &circle.centre)?;
            range("radiusKm", circle.radius_km, 0.0..=20_000.0)
        })?;
        each("geocode", &self.geocode, Value::check)?;
        for (name, feet) in [("altitude", self.altitude), ("ceiling", self.ceiling)] {
            feet.map_or(Ok(()), |feet| finite(name, feet))?;
        }
        // CAP 1.2, 3.2.4: a ceiling needs an altitude.
        if self.ceiling.is_some() && self.altitude.is_none() {
            return Err("`ceiling` needs an `altitude`".to_owned());
        }
        Ok(())
    }
}
