//! One statement in, drafts and the event's new state out: all of the model but reading and writing.

use std::collections::BTreeMap;

use dongting_events::earthquake::{Earthquake, Status};
use dongting_events::impact::{self as assessment, County, Impact};
use dongting_events::warning::Warning;
use dongting_sdk::geo::Boundaries;
use jiff::Timestamp;
use serde::Serialize;

use crate::decide::{self, EventState, Level};
use crate::names::Names;
use crate::settings::Settings;
use crate::{digest, impact, warning};

pub const WARNING: &str = "em.earthquake.warning.v1";

/// The host takes keys of up to 256 bytes: room for a prefix and a county.
const MAX_KEY: usize = 200;

#[derive(Debug, Clone, PartialEq)]
pub struct Applied {
    /// To be kept under `state_key`; none where there is nothing new to keep.
    pub state: Option<EventState>,
    pub drafts: Vec<PureDraft>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct PureDraft {
    pub kind: Kind,
    pub r#type: &'static str,
    pub region: String,
    /// Microseconds since 1970.
    pub time: i64,
    pub key: String,
    pub body: Body,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Assessment,
    Warning,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Body {
    Assessment(Box<Impact>),
    Warning(Box<Warning>),
}

/// Where an event's state is kept.
#[must_use]
pub fn state_key(event_id: &str) -> String {
    format!("event/{}", short(event_id))
}

/// `state` is what was kept under `state_key`. An error is the statement's fault, in one sentence: it can never be applied.
pub fn apply(
    settings: &Settings,
    boundaries: &Boundaries,
    names: &Names,
    state: Option<EventState>,
    statement: &Earthquake,
) -> Result<Applied, String> {
    impact::check(statement)?;
    let updated = instant("updated", &statement.updated)?.as_microsecond();
    let origin_time = instant("origin.time", &statement.origin.time)?;
    let place = decide::place(statement, updated);
    if !decide::is_newer(state.as_ref(), &place) {
        return Ok(Applied { state: None, drafts: Vec::new() });
    }
    let sent = decide::sent(state.as_ref(), &place);
    let impact = impact::assess(settings, boundaries, statement);
    let wanted = wanted(settings, &impact);
    let standing = state.as_ref().map(|state| state.warned.clone()).unwrap_or_default();
    let (warned, changes) = decide::decide(&standing, &wanted, sent);
    let region = region(settings, state.as_ref(), &impact);

    let occasion = warning::Occasion { settings, names, statement, impact: &impact, origin_time, sent };
    let key = short(&statement.event_id);
    let warnings = changes.iter().map(|change| {
        Ok(PureDraft {
            kind: Kind::Warning,
            r#type: WARNING,
            region: change.county.clone(),
            time: sent,
            key: format!("{key}/{}", change.county),
            body: Body::Warning(Box::new(occasion.warning(change)?)),
        })
    });
    let warnings = warnings.collect::<Result<Vec<PureDraft>, String>>()?;
    let assessment = PureDraft {
        kind: Kind::Assessment,
        r#type: assessment::TYPE,
        region: region.clone(),
        time: sent,
        key,
        body: Body::Assessment(Box::new(impact)),
    };
    Ok(Applied {
        state: Some(EventState { place, sent, region, warned }),
        drafts: std::iter::once(assessment).chain(warnings).collect(),
    })
}

/// The level each county is to be warned at: by the highest degree that enough of it lies in or above.
#[must_use]
pub fn wanted(settings: &Settings, impact: &Impact) -> BTreeMap<String, Level> {
    if impact.status == Status::Deleted {
        return BTreeMap::new();
    }
    let level = |county: &County| {
        let mut within = 0.0;
        let intensity = county.shares.iter().find_map(|share| {
            within += share.area;
            (within >= settings.min_share).then_some(share.intensity)
        })?;
        let (colour, _) = settings.thresholds.iter().find(|(_, from)| intensity >= *from)?;
        Some((county.region.clone(), Level { colour: *colour, intensity }))
    };
    impact.counties.iter().filter_map(level).collect()
}

/// The lowest common ancestor of the affected counties and of wherever earlier assessments of the event went: who had one of
/// those must have this one. Where no county is affected, the installation's region.
fn region(settings: &Settings, state: Option<&EventState>, impact: &Impact) -> String {
    let affected = impact.counties.iter().map(|county| county.region.clone()).reduce(|a, b| ancestor(&a, &b));
    let here = affected.unwrap_or_else(|| settings.region.clone());
    state.map_or_else(|| here.clone(), |state| ancestor(&here, &state.region))
}

/// GB/T 2260: two digits each for province, city, county.
fn ancestor(a: &str, b: &str) -> String {
    let common = [6, 4, 2].into_iter().find_map(|length| {
        let common = a.get(..length)?;
        (b.get(..length) == Some(common)).then_some(common)
    });
    format!("{:0<6}", common.unwrap_or_default())
}

fn short(event_id: &str) -> String {
    if event_id.len() <= MAX_KEY {
        event_id.to_owned()
    } else {
        format!("sha256:{}", digest::of(event_id.as_bytes()))
    }
}

fn instant(name: &str, text: &str) -> Result<Timestamp, String> {
    text.parse().map_err(|_| {
        format!("`{name}` is no RFC 3339 instant: `{}`", text.chars().take(40).collect::<String>())
    })
}

#[cfg(test)]
pub(crate) mod tests;
