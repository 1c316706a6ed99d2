//! One `event` element: what is collected of it, and the reading made of its preferred solution.

use dongting_events::earthquake::{self, Status};
use jiff::Timestamp;

use super::public_id;
use super::tag::Tag;
use crate::instant;
use crate::reading::{Reading, number};

/// Solutions of one event; relocation studies have some dozens.
const MAX_SOLUTIONS: usize = 1000;

#[derive(Default)]
pub struct EventElement {
    public_id: Option<String>,
    preferred_origin: Option<String>,
    preferred_magnitude: Option<String>,
    kind: Option<String>,
    info: CreationInfo,
    descriptions: Vec<Description>,
    origins: Vec<Origin>,
    magnitudes: Vec<Magnitude>,
    /// The first thing that makes the event unreadable.
    failure: Option<String>,
}

#[derive(Default)]
struct CreationInfo {
    agency: Option<String>,
    time: Option<String>,
}

#[derive(Default)]
struct Description {
    text: Option<String>,
    kind: Option<String>,
}

#[derive(Default)]
struct Origin {
    public_id: Option<String>,
    time: Option<String>,
    latitude: Option<String>,
    longitude: Option<String>,
    depth: Option<String>,
    mode: Option<String>,
    status: Option<String>,
    info: CreationInfo,
}

#[derive(Default)]
struct Magnitude {
    public_id: Option<String>,
    mag: Option<String>,
    kind: Option<String>,
    info: CreationInfo,
}

impl EventElement {
    pub fn new(public_id: Option<String>) -> Self {
        Self { public_id, ..Self::default() }
    }

    pub fn fail(&mut self, reason: String) {
        self.failure.get_or_insert(reason);
    }

    /// A child of the event opens.
    pub fn open(&mut self, part: Tag, public_id: Option<String>) {
        if self.origins.len().max(self.magnitudes.len()).max(self.descriptions.len()) >= MAX_SOLUTIONS {
            return self.fail(format!("more than {MAX_SOLUTIONS} origins, magnitudes or descriptions"));
        }
        match part {
            Tag::Origin => self.origins.push(Origin { public_id, ..Origin::default() }),
            Tag::Magnitude => self.magnitudes.push(Magnitude { public_id, ..Magnitude::default() }),
            Tag::Description => self.descriptions.push(Description::default()),
            _ => {}
        }
    }

    /// The element at `path` below the event closes, with `text` in it.
    pub fn value(&mut self, path: &[Tag], text: &str) {
        let slot = match path {
            [Tag::PreferredOriginId] => Some(&mut self.preferred_origin),
            [Tag::PreferredMagnitudeId] => Some(&mut self.preferred_magnitude),
            [Tag::Type] => Some(&mut self.kind),
            [Tag::CreationInfo, field] => self.info.slot(*field),
            [Tag::Description, field] => self.descriptions.last_mut().and_then(|last| last.slot(*field)),
            [Tag::Origin, rest @ ..] => self.origins.last_mut().and_then(|last| last.slot(rest)),
            [Tag::Magnitude, rest @ ..] => self.magnitudes.last_mut().and_then(|last| last.slot(rest)),
            _ => None,
        };
        let Some(slot) = slot else { return };
        if slot.is_some() {
            let name = path.iter().rev().find(|tag| **tag != Tag::Value).and_then(|tag| tag.name());
            self.fail(format!("`{}` is there twice", name.unwrap_or("value")));
        } else {
            *slot = Some(text.to_owned());
        }
    }

    pub fn reading(self) -> Result<Reading, String> {
        let id = self.public_id.as_deref().map_or("", str::trim);
        if id.is_empty() {
            return Err("an event has no publicID".to_owned());
        }
        if !public_id::is_valid(id) {
            let id: String = id.chars().take(100).collect();
            return Err(format!("`{id}` is no publicID of QuakeML, which reads `smi:authority/resource`"));
        }
        let named = |reason: String| format!("event {id}: {reason}");
        if let Some(failure) = self.failure {
            return Err(named(failure));
        }
        let origin = preferred("Origin", self.preferred_origin.as_deref(), &self.origins, |o| &o.public_id)
            .map_err(named)?
            .ok_or_else(|| named("it has no origin".to_owned()))?;
        let magnitude =
            preferred("Magnitude", self.preferred_magnitude.as_deref(), &self.magnitudes, |m| &m.public_id)
                .map_err(named)?;
        let infos = [Some(&origin.info), magnitude.map(|m| &m.info), Some(&self.info)];
        let mut updated: Option<Timestamp> = None;
        for time in infos.iter().flatten().filter_map(|info| given(&info.time)) {
            updated = updated.max(Some(instant::utc(time).map_err(|e| named(format!("creationTime: {e}")))?));
        }
        Reading {
            event_id: id.to_owned(),
            agency: infos.iter().flatten().find_map(|info| given(&info.agency)).map(str::to_owned),
            updated,
            status: status(self.kind.as_deref(), origin),
            origin_time: instant::utc(given(&origin.time).unwrap_or_default())
                .map_err(|e| named(format!("time of the origin: {e}")))?,
            latitude: required("latitude", &origin.latitude).map_err(named)?,
            longitude: required("longitude", &origin.longitude).map_err(named)?,
            depth: optional("depth", &origin.depth).map_err(named)?,
            magnitude: magnitude
                .map(|m| {
                    let mag = required("magnitude", &m.mag)?;
                    Ok(earthquake::Magnitude { mag, r#type: given(&m.kind).map(str::to_owned) })
                })
                .transpose()
                .map_err(named)?,
            place: place(&self.descriptions),
        }
        .checked()
    }
}

impl CreationInfo {
    fn slot(&mut self, field: Tag) -> Option<&mut Option<String>> {
        match field {
            Tag::AgencyId => Some(&mut self.agency),
            Tag::CreationTime => Some(&mut self.time),
            _ => None,
        }
    }
}

impl Description {
    fn slot(&mut self, field: Tag) -> Option<&mut Option<String>> {
        match field {
            Tag::Text => Some(&mut self.text),
            Tag::Type => Some(&mut self.kind),
            _ => None,
        }
    }
}

impl Origin {
    fn slot(&mut self, path: &[Tag]) -> Option<&mut Option<String>> {
        match path {
            [Tag::Time, Tag::Value] => Some(&mut self.time),
            [Tag::Latitude, Tag::Value] => Some(&mut self.latitude),
            [Tag::Longitude, Tag::Value] => Some(&mut self.longitude),
            [Tag::Depth, Tag::Value] => Some(&mut self.depth),
            [Tag::EvaluationMode] => Some(&mut self.mode),
            [Tag::EvaluationStatus] => Some(&mut self.status),
            [Tag::CreationInfo, field] => self.info.slot(*field),
            _ => None,
        }
    }
}

impl Magnitude {
    fn slot(&mut self, path: &[Tag]) -> Option<&mut Option<String>> {
        match path {
            [Tag::Mag, Tag::Value] => Some(&mut self.mag),
            [Tag::Type] => Some(&mut self.kind),
            [Tag::CreationInfo, field] => self.info.slot(*field),
            _ => None,
        }
    }
}

/// The solution that the event prefers; the first where it prefers none.
fn preferred<'s, S>(
    what: &str,
    wanted: Option<&str>,
    solutions: &'s [S],
    id: impl Fn(&S) -> &Option<String>,
) -> Result<Option<&'s S>, String> {
    let Some(wanted) = wanted.map(str::trim).filter(|wanted| !wanted.is_empty()) else {
        return Ok(solutions.first());
    };
    let mut found =
        solutions.iter().filter(|solution| id(solution).as_deref().map(str::trim) == Some(wanted));
    let shown = || wanted.chars().take(100).collect::<String>();
    match (found.next(), found.next()) {
        (Some(solution), None) => Ok(Some(solution)),
        (None, _) => Err(format!("preferred{what}ID names `{}`, which is not there", shown())),
        (Some(_), Some(_)) => Err(format!("preferred{what}ID names `{}`, which is there twice", shown())),
    }
}

fn status(kind: Option<&str>, origin: &Origin) -> Status {
    match (kind, given(&origin.status), given(&origin.mode)) {
        (Some("not existing"), _, _) | (_, Some("rejected"), _) => Status::Deleted,
        (_, Some("confirmed" | "reviewed" | "final"), _) | (_, _, Some("manual")) => Status::Reviewed,
        _ => Status::Automatic,
    }
}

/// The words for the region if there are some, whatever else the event is called.
fn place(descriptions: &[Description]) -> Option<String> {
    let of = |kind: &str| descriptions.iter().find(|d| d.kind.as_deref() == Some(kind));
    ["region name", "Flinn-Engdahl region", "nearest cities", "earthquake name"]
        .iter()
        .find_map(|kind| of(kind).and_then(|d| given(&d.text)))
        .or_else(|| descriptions.iter().find_map(|d| given(&d.text)))
        .map(str::to_owned)
}

fn given(text: &Option<String>) -> Option<&str> {
    text.as_deref().filter(|text| !text.is_empty())
}

fn required(name: &str, text: &Option<String>) -> Result<f64, String> {
    optional(name, text)?.ok_or_else(|| format!("it has no {name}"))
}

fn optional(name: &str, text: &Option<String>) -> Result<Option<f64>, String> {
    let Some(text) = given(text) else { return Ok(None) };
    let no_number = || format!("{name} `{}` is no number", text.chars().take(40).collect::<String>());
    number(text).map(Some).ok_or_else(no_number)
}
