//! FDSN event service, `format=text`: one line an event, fields between `|`, named by a header line.

use dongting_events::earthquake::{Magnitude, Status};

use crate::document::{Document, Unreadable};
use crate::instant;
use crate::reading::{Reading, metres, number};

/// A line longer than this is no event.
const MAX_LINE_BYTES: usize = 8 * 1024;

/// Where the columns are. Services add columns of their own and leave others out, so that only the header tells.
struct Columns {
    count: usize,
    event_id: usize,
    time: usize,
    latitude: usize,
    longitude: usize,
    depth: Option<usize>,
    magnitude: Option<usize>,
    magnitude_type: Option<usize>,
    /// Who speaks: the contributor where one is named, else the author.
    contributor: Option<usize>,
    author: Option<usize>,
    place: Option<usize>,
    event_type: Option<usize>,
}

pub fn read(text: &str) -> Result<Document, Unreadable> {
    let mut document = Document::default();
    let mut columns: Option<Columns> = None;
    for (at, line) in text.split_inclusive('\n').enumerate() {
        let whole = line.ends_with('\n');
        let line = line.trim_end_matches(['\n', '\r']);
        if line.trim().is_empty() {
            continue;
        }
        if let Some(header) = line.strip_prefix('#') {
            columns = Some(Columns::read(header)?);
            continue;
        }
        let columns = columns.as_ref().ok_or_else(|| Unreadable::Header {
            reason: "the first line must begin with `#EventID`".to_owned(),
        })?;
        // Only its line end tells that the last line is whole: `Huna` for `Hunan`, `6` for `6.4` would look as good.
        let read = if whole {
            columns.reading(line)
        } else {
            Err("it has no line end, so the document may have been cut off in it".to_owned())
        };
        document.accept(read.map_err(|reason| format!("line {}: {reason}", at + 1)), line.as_bytes())?;
    }
    match columns {
        Some(_) => Ok(document),
        None => Err(Unreadable::Header { reason: "the document has none".to_owned() }),
    }
}

impl Columns {
    fn read(header: &str) -> Result<Self, Unreadable> {
        let simple = |name: &str| -> String {
            name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
        };
        let names: Vec<String> = header.split('|').map(simple).collect();
        let find = |wanted: &str| names.iter().position(|name| name == wanted);
        let need = |wanted: &str| {
            find(wanted).ok_or_else(|| Unreadable::Header { reason: format!("no column `{wanted}`") })
        };
        if let Some(twice) = names.iter().enumerate().find(|(at, name)| find(name) != Some(*at)) {
            return Err(Unreadable::Header { reason: format!("column `{}` is there twice", twice.1) });
        }
        Ok(Self {
            count: names.len(),
            event_id: need("eventid")?,
            time: need("time")?,
            latitude: need("latitude")?,
            longitude: need("longitude")?,
            depth: find("depthkm"),
            magnitude: find("magnitude"),
            magnitude_type: find("magtype"),
            contributor: find("contributor"),
            author: find("author"),
            place: find("eventlocationname"),
            event_type: find("eventtype"),
        })
    }

    fn reading(&self, line: &str) -> Result<Reading, String> {
        if line.len() > MAX_LINE_BYTES {
            return Err(format!("it has more than {MAX_LINE_BYTES} bytes"));
        }
        let fields: Vec<&str> = line.split('|').map(str::trim).collect();
        if fields.len() != self.count {
            return Err(format!("it has {} fields, the header {}", fields.len(), self.count));
        }
        let field = |at: usize| fields.get(at).copied().unwrap_or_default();
        let text = |at: Option<usize>| at.map(field).filter(|field| !field.is_empty()).map(str::to_owned);
        let value = |at: usize, name: &str| {
            let field = field(at);
            number(field).ok_or_else(|| {
                format!("{name} `{}` is no number", field.chars().take(40).collect::<String>())
            })
        };
        let optional = |at: Option<usize>, name: &str| {
            at.filter(|at| !field(*at).is_empty()).map(|at| value(at, name)).transpose()
        };
        let deleted = text(self.event_type).is_some_and(|kind| kind.eq_ignore_ascii_case("not existing"));
        Reading {
            event_id: field(self.event_id).to_owned(),
            agency: text(self.contributor).or_else(|| text(self.author)),
            // The format has no column for either.
            updated: None,
            status: if deleted { Status::Deleted } else { Status::Automatic },
            origin_time: instant::utc(field(self.time))?,
            latitude: value(self.latitude, "latitude")?,
            longitude: value(self.longitude, "longitude")?,
            depth: optional(self.depth, "depth")?.map(metres),
            magnitude: optional(self.magnitude, "magnitude")?
                .map(|mag| Magnitude { mag, r#type: text(self.magnitude_type) }),
            place: text(self.place),
        }
        .checked()
    }
}

#[cfg(test)]
mod tests;
