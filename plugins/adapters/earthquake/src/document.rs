//! One document of a catalogue, in whichever of the four formats: what became of its parts, and why a document as a whole
//! cannot be understood.

use jiff::Timestamp;

use crate::reading::Reading;
use crate::settings::Format;
use crate::{cenc, fdsn_text, quakeml, usgs};

/// A catalogue's answer to a poll is some hundred kilobytes; a document beyond this is refused before it is looked at.
pub const MAX_BYTES: usize = 16 * 1024 * 1024;
/// More events than this in one document are refused: a call may not hand over more drafts.
pub const MAX_EVENTS: usize = 20_000;
/// A rejected part is kept as received, up to this.
const MAX_RAW_BYTES: usize = 64 * 1024;

#[derive(Debug, Clone, Default, PartialEq)]
pub struct Document {
    pub readings: Vec<Reading>,
    /// Events that cannot be understood; they cost the others nothing.
    pub rejects: Vec<Reject>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reject {
    /// One sentence for the operator.
    pub reason: String,
    pub raw: Vec<u8>,
}

/// Why nothing of a document is used. Each is one sentence for the operator.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    #[error("the document has {bytes} bytes; more than {limit} are refused")]
    TooLarge { bytes: usize, limit: usize },
    #[error("the document has more than {limit} events; ask for fewer at a time")]
    TooMany { limit: usize },
    #[error("the document is empty")]
    Empty,
    #[error("the feed answered HTML, not {expected}")]
    Html { expected: &'static str },
    #[error("the document is neither QuakeML, nor FDSN text, nor GeoJSON, nor a CENC list")]
    Unknown,
    #[error("the document is not UTF-8: byte {at} cannot be read")]
    NotUtf8 { at: usize },
    #[error("the document is in {encoding}; only UTF-8 and US-ASCII are read")]
    Encoding { encoding: String },
    #[error(
        "the document has a document type declaration; entities from outside are never fetched and such a document is refused"
    )]
    Doctype,
    #[error("elements are nested more than {limit} deep")]
    TooDeep { limit: usize },
    #[error("the text of one element is longer than {limit} bytes")]
    LongText { limit: usize },
    #[error("the document breaks off: {open} is still open at its end")]
    Truncated { open: String },
    #[error("the XML is not well-formed at byte {at}: {reason}")]
    Xml { at: u64, reason: String },
    #[error("the document is not QuakeML 1.2: {reason}")]
    NotQuakeml { reason: String },
    #[error("the document is not {expected}: {reason}")]
    Json { expected: &'static str, reason: String },
    #[error("the FDSN text has no usable header line: {reason}")]
    Header { reason: String },
}

impl Document {
    pub(crate) fn accept(&mut self, read: Result<Reading, String>, raw: &[u8]) -> Result<(), Unreadable> {
        match read {
            Ok(reading) => self.readings.push(reading),
            Err(reason) => self.reject(reason, raw),
        }
        if self.readings.len() + self.rejects.len() > MAX_EVENTS {
            return Err(Unreadable::TooMany { limit: MAX_EVENTS });
        }
        Ok(())
    }

    fn reject(&mut self, reason: String, raw: &[u8]) {
        let kept = raw.get(..MAX_RAW_BYTES).unwrap_or(raw);
        self.rejects.push(Reject { reason, raw: kept.to_vec() });
    }

    /// Statements from the future are taken out. The newest statement about an event holds, so one that claims a later
    /// year would hold for ever.
    #[must_use]
    pub fn without_future(mut self, now: Timestamp) -> Self {
        let latest = now.saturating_add(jiff::SignedDuration::from_hours(24)).unwrap_or(Timestamp::MAX);
        for reading in std::mem::take(&mut self.readings) {
            if reading.updated.unwrap_or(reading.origin_time).max(reading.origin_time) > latest {
                let reason =
                    format!("event {}: its time lies more than a day in the future", reading.event_id);
                self.reject(reason, reading.event_id.as_bytes());
            } else {
                self.readings.push(reading);
            }
        }
        self
    }
}

/// Reads a document of a known format.
pub fn read(format: Format, bytes: &[u8]) -> Result<Document, Unreadable> {
    if bytes.len() > MAX_BYTES {
        return Err(Unreadable::TooLarge { bytes: bytes.len(), limit: MAX_BYTES });
    }
    let text = text(bytes)?;
    if text.trim().is_empty() {
        return Err(Unreadable::Empty);
    }
    if is_html(text) {
        return Err(Unreadable::Html { expected: format.name() });
    }
    match format {
        Format::FdsnXml => quakeml::read(text),
        Format::FdsnText => fdsn_text::read(text),
        Format::UsgsGeojson => usgs::read(text),
        Format::Cenc => cenc::read(text),
    }
}

/// Reads a document that was pushed: its format is told by how it begins.
pub fn decode(bytes: &[u8], now: Timestamp) -> Result<(Format, Document), Unreadable> {
    if bytes.len() > MAX_BYTES {
        return Err(Unreadable::TooLarge { bytes: bytes.len(), limit: MAX_BYTES });
    }
    let start = text(bytes)?.trim_start();
    let format = match start.chars().next() {
        None => return Err(Unreadable::Empty),
        Some('<') => Format::FdsnXml,
        Some('#') => Format::FdsnText,
        Some('{') if usgs::is_feature_collection(start) => Format::UsgsGeojson,
        Some('{') => Format::Cenc,
        Some(_) => return Err(Unreadable::Unknown),
    };
    Ok((format, read(format, bytes)?.without_future(now)))
}

fn text(bytes: &[u8]) -> Result<&str, Unreadable> {
    if bytes.starts_with(&[0xFE, 0xFF]) || bytes.starts_with(&[0xFF, 0xFE]) {
        return Err(Unreadable::Encoding { encoding: "UTF-16".to_owned() });
    }
    let bytes = bytes.strip_prefix(&[0xEF, 0xBB, 0xBF]).unwrap_or(bytes);
    std::str::from_utf8(bytes).map_err(|error| match declared_encoding(bytes) {
        Some(encoding) => Unreadable::Encoding { encoding },
        None => Unreadable::NotUtf8 { at: error.valid_up_to() },
    })
}

/// A document in GB 18030 says so in its first line; naming that helps more than naming a byte.
fn declared_encoding(bytes: &[u8]) -> Option<String> {
    let head = String::from_utf8_lossy(bytes.get(..200).unwrap_or(bytes)).into_owned();
    let declared = head.strip_prefix("<?xml")?.split_once("encoding")?.1;
    let quote = declared.find(['"', '\''])?;
    let name: String = declared
        .get(quote + 1..)?
        .chars()
        .take_while(|c| c.is_ascii_alphanumeric() || "-_.".contains(*c))
        .collect();
    let known = ["utf-8", "us-ascii"].iter().any(|known| name.eq_ignore_ascii_case(known));
    (!name.is_empty() && !known).then_some(name)
}

fn is_html(text: &str) -> bool {
    let start = text.trim_start().as_bytes();
    ["<!doctype html", "<html"]
        .iter()
        .any(|tag| start.get(..tag.len()).is_some_and(|head| head.eq_ignore_ascii_case(tag.as_bytes())))
}

#[cfg(test)]
pub(crate) mod tests;
