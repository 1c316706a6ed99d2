//! A county's warning after CAP 1.2, in Chinese and English. Everything in it follows from the statement, so that the same
//! statement always makes the same warning.

use dongting_events::earthquake::Earthquake;
use dongting_events::impact::{County, Impact};
use dongting_events::warning::{
    Area, Category, Certainty, Info, MsgType, Scope, Severity, Urgency, Value, Warning,
};
use jiff::tz::Offset;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::decide::{Change, Standing};
use crate::digest;
use crate::names::Names;
use crate::settings::Settings;

mod text;

/// Of a Chinese warning, in the order of their gravity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Colour {
    Blue,
    Yellow,
    Orange,
    Red,
}

/// What all warnings that one statement causes have in common.
pub struct Occasion<'a> {
    pub settings: &'a Settings,
    pub names: &'a Names,
    pub statement: &'a Earthquake,
    pub impact: &'a Impact,
    pub origin_time: Timestamp,
    /// Microseconds since 1970.
    pub sent: i64,
}

impl Colour {
    /// As `cn.severityColor` has it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Blue => "blue",
            Self::Yellow => "yellow",
            Self::Orange => "orange",
            Self::Red => "red",
        }
    }

    /// As the Chinese Meteorological Administration's CAP feed pairs them.
    #[must_use]
    pub const fn severity(self) -> Severity {
        match self {
            Self::Blue => Severity::Minor,
            Self::Yellow => Severity::Moderate,
            Self::Orange => Severity::Severe,
            Self::Red => Severity::Extreme,
        }
    }
}

/// CAP 1.2, 3.2.1: no spaces, commas, `<` or `&`, and never the same twice from one sender. The readable part is for people.
#[must_use]
pub fn identifier(event_id: &str, county: &str, sent: i64) -> String {
    let digest = digest::of(format!("{event_id}\n{county}\n{sent}").as_bytes());
    let day: String =
        beijing(sent).unwrap_or_default().chars().filter(char::is_ascii_digit).take(14).collect();
    format!("{county}-EQ-{day}-{}", digest.get(..12).unwrap_or_default())
}

impl Occasion<'_> {
    /// Fails for instants no calendar has.
    pub fn warning(&self, change: &Change) -> Result<Warning, String> {
        let references =
            change.replaces.map(|standing| self.reference(&change.county, standing)).transpose()?;
        Ok(Warning {
            identifier: identifier(&self.statement.event_id, &change.county, self.sent),
            sender: self.settings.sender.clone(),
            sent: beijing(self.sent)?,
            status: self.settings.status,
            msg_type: change.msg_type,
            source: None,
            scope: Scope::Public,
            restriction: None,
            addresses: None,
            code: Vec::new(),
            note: None,
            references,
            incidents: None,
            info: vec![
                self.info(change, text::Language::Chinese)?,
                self.info(change, text::Language::English)?,
            ],
        })
    }

    /// CAP 1.2, 3.2.1 `references`.
    fn reference(&self, county: &str, standing: Standing) -> Result<String, String> {
        let identifier = identifier(&self.statement.event_id, county, standing.sent);
        Ok(format!("{},{identifier},{}", self.settings.sender, beijing(standing.sent)?))
    }

    fn info(&self, change: &Change, language: text::Language) -> Result<Info, String> {
        let valid = SignedDuration::from_hours(self.settings.valid_hours);
        let expires =
            timestamp(self.sent)?.checked_add(valid).map_err(|error| error.to_string())?.as_microsecond();
        let cancelled = change.msg_type == MsgType::Cancel;
        let text = text::Text { occasion: self, change, county: self.county(change), language };
        let code = Value { value_name: "GB/T 35561".into(), value: self.settings.event_code.clone() };
        Ok(Info {
            language: language.tag().into(),
            category: vec![Category::Geo],
            event: text.event().into(),
            response_type: Vec::new(),
            urgency: if cancelled { Urgency::Past } else { Urgency::Immediate },
            severity: change.level.colour.severity(),
            // The earthquake is certain, the intensity estimated.
            certainty: Certainty::Likely,
            audience: None,
            event_code: if code.value.is_empty() { Vec::new() } else { vec![code] },
            effective: beijing(self.sent)?,
            onset: Some(beijing(self.origin_time.as_microsecond())?),
            expires: beijing(expires)?,
            sender_name: text.sender_name().into(),
            headline: text.headline(),
            description: text.description(),
            instruction: Some(text.instruction().into()),
            web: None,
            contact: None,
            parameter: self.parameters(change),
            resource: Vec::new(),
            area: vec![Area {
                area_desc: text.county_name().into(),
                polygon: Vec::new(),
                circle: Vec::new(),
                altitude: None,
                ceiling: None,
                geocode: vec![Value { value_name: "GB/T 2260".into(), value: change.county.clone() }],
            }],
        })
    }

    fn county(&self, change: &Change) -> Option<&County> {
        self.impact.counties.iter().find(|county| county.region == change.county)
    }

    /// What the warning rests on, for machines.
    fn parameters(&self, change: &Change) -> Vec<Value> {
        let value = |name: &str, value: String| Value { value_name: name.into(), value };
        let mut parameters = vec![
            value("cn.severityColor", change.level.colour.as_str().into()),
            value("eventId", self.statement.event_id.clone()),
            value("agency", self.statement.agency.clone()),
            value("updated", self.statement.updated.clone()),
            value("intensity", change.level.intensity.to_string()),
        ];
        if let Some(magnitude) = &self.statement.magnitude {
            let kind = magnitude.r#type.as_deref().unwrap_or("M");
            parameters.push(value("magnitude", format!("{kind} {:.1}", magnitude.mag)));
        }
        let shares = self.county(change).map(|county| county.shares.as_slice()).unwrap_or_default();
        for share in shares {
            parameters.push(value(&format!("share.{}", share.intensity), format!("{:.4}", share.area)));
        }
        parameters.push(value("model", format!("{} {}", self.impact.model.id, self.impact.model.version)));
        parameters.push(value("confidence", self.impact.model.confidence.clone()));
        parameters
    }
}

/// CAP 1.2, 3.3.2 has no `Z`: a zone is written as an offset, here Beijing's. A fraction of a second is kept where there is one, since
/// RFC 3339 (the data standard's) allows it and two statements may differ by it.
fn beijing(micros: i64) -> Result<String, String> {
    Ok(timestamp(micros)?.display_with_offset(Offset::constant(8)).to_string())
}

fn timestamp(micros: i64) -> Result<Timestamp, String> {
    Timestamp::from_microsecond(micros).map_err(|_| format!("{micros} microseconds since 1970 is no instant"))
}

#[cfg(test)]
mod tests;
