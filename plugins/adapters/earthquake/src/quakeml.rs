//! QuakeML 1.2, Basic Event Description, read as a stream: what a document says besides its events' preferred solutions is
//! passed over without being kept.
//!
//! A document that is not well-formed is refused whole: what looks like an event in it may be the half of one. In a well-formed one
//! each event stands for itself.

mod event;
mod public_id;
mod tag;

use quick_xml::events::{BytesDecl, BytesRef, BytesStart, Event};
use quick_xml::name::{Namespace, ResolveResult};
use quick_xml::reader::NsReader;

use crate::document::{Document, Unreadable};
use crate::reading::agency_name;
use event::EventElement;
use tag::Tag;

/// A BED document nests some ten elements; the bound keeps a hostile one from costing memory.
const MAX_DEPTH: usize = 64;
/// A resource identifier or a description; comments are not kept and may be longer.
const MAX_TEXT_BYTES: usize = 8 * 1024;

const ROOT: &str = "http://quakeml.org/xmlns/quakeml/1.2";
/// BED, and its real-time variant with the same elements.
const BED: [&str; 2] = ["http://quakeml.org/xmlns/bed/1.2", "http://quakeml.org/xmlns/bed-rt/1.2"];

/// Where in the document the stream stands.
#[derive(Default)]
struct Walk {
    document: Document,
    path: Vec<Tag>,
    /// Of the element that is open, as far as one keeps its text.
    text: String,
    /// `agencyID` of the whole document, for events that name none.
    agency: Option<String>,
    event: Option<(EventElement, usize)>,
    has_root: bool,
    has_parameters: bool,
}

/// Reads a document that is known to be UTF-8.
pub fn read(text: &str) -> Result<Document, Unreadable> {
    let mut reader = NsReader::from_str(text);
    reader.config_mut().expand_empty_elements = true;
    let mut walk = Walk::default();
    loop {
        let before = usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX);
        let event = match reader.read_event() {
            Ok(event) => event,
            Err(error) if usize::try_from(reader.buffer_position()).is_ok_and(|at| at >= text.len()) => {
                return Err(walk.truncated(&error.to_string()));
            }
            Err(error) => return Err(ill_formed(reader.error_position(), error.to_string())),
        };
        let (namespace, event) = reader.resolver().resolve_event(event);
        let at = reader.buffer_position();
        match event {
            Event::Start(start) => walk.open(&namespace, &start, before, at)?,
            Event::End(_) => {
                let after = usize::try_from(at).unwrap_or(usize::MAX);
                walk.close(|from| text.get(from..after).unwrap_or_default())?;
            }
            Event::Text(text) => walk.text(&text.xml10_content(), at)?,
            Event::CData(text) => walk.text(&text.xml10_content(), at)?,
            Event::GeneralRef(entity) => walk.entity(&entity, at)?,
            Event::DocType(_) => return Err(Unreadable::Doctype),
            Event::Decl(declaration) => walk.declaration(&declaration, at)?,
            Event::Comment(_) | Event::PI(_) => {}
            // Not produced: empty elements are expanded.
            Event::Empty(_) => {}
            Event::Eof => break,
        }
    }
    walk.finish()
}

impl Walk {
    fn open(
        &mut self,
        namespace: &ResolveResult<'_>,
        start: &BytesStart<'_>,
        before: usize,
        at: u64,
    ) -> Result<(), Unreadable> {
        if self.path.len() >= MAX_DEPTH {
            return Err(Unreadable::TooDeep { limit: MAX_DEPTH });
        }
        if let ResolveResult::Unknown(prefix) = namespace {
            return Err(ill_formed(at, format!("the prefix `{prefix}` is not declared")));
        }
        let mut public_id = None;
        // All attributes are looked at: an attribute that is given twice is not well-formed wherever it stands.
        for attribute in start.attributes() {
            let attribute = attribute.map_err(|error| ill_formed(at, error.to_string()))?;
            if attribute.key.as_ref() == "publicID" {
                let value = attribute
                    .normalized_value(quick_xml::XmlVersion::Implicit1_0)
                    .map_err(|error| ill_formed(at, error.to_string()))?;
                public_id = Some(value.into_owned());
            }
        }
        let name = start.local_name();
        let name = name.as_ref();
        let tag = if self.path.is_empty() {
            self.root(namespace, name)?;
            Tag::Quakeml
        } else if matches!(namespace, ResolveResult::Bound(Namespace(uri)) if BED.contains(uri)) {
            Tag::of(name)
        } else {
            Tag::Other
        };
        if let Some((event, _)) = &mut self.event
            && self.path.last().is_some_and(|parent| parent.is_leaf())
        {
            event.fail(format!("an element `{name}` stands where a value should"));
        }
        self.path.push(tag);
        self.text.clear();
        match self.path.as_slice() {
            [Tag::Quakeml, Tag::EventParameters] => self.has_parameters = true,
            [Tag::Quakeml, Tag::EventParameters, Tag::Event] => {
                self.event = Some((EventElement::new(public_id), before));
            }
            [Tag::Quakeml, Tag::EventParameters, Tag::Event, part] => {
                if let Some((event, _)) = &mut self.event {
                    event.open(*part, public_id);
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn root(&mut self, namespace: &ResolveResult<'_>, name: &str) -> Result<(), Unreadable> {
        if self.has_root {
            return Err(Unreadable::NotQuakeml { reason: "something follows its root element".to_owned() });
        }
        self.has_root = true;
        match namespace {
            ResolveResult::Bound(Namespace(ROOT)) if name == "quakeml" => Ok(()),
            ResolveResult::Bound(Namespace(uri)) if name == "quakeml" => {
                let uri: String = uri.chars().take(100).collect();
                Err(Unreadable::NotQuakeml { reason: format!("its namespace is `{uri}`, not `{ROOT}`") })
            }
            _ => {
                let name: String = name.chars().take(60).collect();
                Err(Unreadable::NotQuakeml { reason: format!("its root element is `{name}`") })
            }
        }
    }

    /// `raw` gives the text from a position up to the end of the element that closes.
    fn close<'t>(&mut self, raw: impl FnOnce(usize) -> &'t str) -> Result<(), Unreadable> {
        let text = std::mem::take(&mut self.text);
        match self.path.as_slice() {
            [Tag::Quakeml, Tag::EventParameters, Tag::CreationInfo, Tag::AgencyId] => {
                self.agency = Some(text);
            }
            [Tag::Quakeml, Tag::EventParameters, Tag::Event] => {
                if let Some((event, from)) = self.event.take() {
                    self.document.accept(event.reading(), raw(from).as_bytes())?;
                }
            }
            [Tag::Quakeml, Tag::EventParameters, Tag::Event, inner @ ..] => {
                if let Some((event, _)) = &mut self.event {
                    event.value(inner, text.trim());
                }
            }
            _ => {}
        }
        self.path.pop();
        Ok(())
    }

    fn text(&mut self, text: &str, at: u64) -> Result<(), Unreadable> {
        match self.path.last() {
            None if text.trim_matches(['\u{feff}', ' ', '\t', '\r', '\n']).is_empty() => Ok(()),
            None => Err(ill_formed(at, "text outside the root element".to_owned())),
            Some(tag) if !tag.is_leaf() => Ok(()),
            Some(_) if self.text.len() + text.len() > MAX_TEXT_BYTES => {
                Err(Unreadable::LongText { limit: MAX_TEXT_BYTES })
            }
            Some(_) => {
                self.text.push_str(text);
                Ok(())
            }
        }
    }

    fn entity(&mut self, entity: &BytesRef<'_>, at: u64) -> Result<(), Unreadable> {
        let character = entity.resolve_char_ref().map_err(|error| ill_formed(at, error.to_string()))?;
        if let Some(character) = character {
            return self.text(character.encode_utf8(&mut [0; 4]), at);
        }
        match quick_xml::escape::resolve_predefined_entity(entity) {
            Some(text) => self.text(text, at),
            // No document type declaration, no entities.
            None => {
                let name: String = entity.chars().take(60).collect();
                Err(ill_formed(at, format!("the entity `{name}` is not defined")))
            }
        }
    }

    fn declaration(&self, declaration: &BytesDecl<'_>, at: u64) -> Result<(), Unreadable> {
        if self.has_root {
            return Err(ill_formed(at, "an XML declaration inside the document".to_owned()));
        }
        match declaration.encoding() {
            None => Ok(()),
            Some(Err(error)) => Err(ill_formed(at, error.to_string())),
            Some(Ok(name)) if ["utf-8", "us-ascii"].iter().any(|known| name.eq_ignore_ascii_case(known)) => {
                Ok(())
            }
            Some(Ok(name)) => Err(Unreadable::Encoding { encoding: name.chars().take(40).collect() }),
        }
    }

    fn truncated(&self, reason: &str) -> Unreadable {
        let open = self.path.iter().rev().find_map(|tag| tag.name()).map(|name| format!("`{name}`"));
        Unreadable::Truncated { open: open.unwrap_or_else(|| format!("something ({reason})")) }
    }

    fn finish(mut self) -> Result<Document, Unreadable> {
        if !self.path.is_empty() {
            return Err(self.truncated("the document"));
        }
        if !self.has_parameters {
            return Err(Unreadable::NotQuakeml { reason: "it has no `eventParameters`".to_owned() });
        }
        // The document's own agency may stand after its events, so it is handed on only here.
        let agency = agency_name(self.agency);
        for reading in self.document.readings.iter_mut().filter(|reading| reading.agency.is_none()) {
            reading.agency.clone_from(&agency);
        }
        Ok(self.document)
    }
}

fn ill_formed(at: u64, reason: String) -> Unreadable {
    Unreadable::Xml { at, reason: reason.chars().take(200).collect() }
}

#[cfg(test)]
mod tests;
