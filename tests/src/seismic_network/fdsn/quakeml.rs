//! A catalogue as QuakeML 1.2.

use std::fmt::{self, Write};

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::newest;
use crate::seismic_network::catalogue::{Revision, Status};

const AUTHORITY: &str = "smi:stand-in.dongting.example";
const AGENCY: &str = "DTSN";

/// `all` keeps the superseded solutions beside the preferred ones.
pub fn render(histories: &[Vec<Revision>], all: bool) -> String {
    let mut xml = String::new();
    // Writing to a string cannot fail.
    let _: fmt::Result = write(&mut xml, histories, all);
    xml
}

fn write(xml: &mut String, histories: &[Vec<Revision>], all: bool) -> fmt::Result {
    xml.push_str("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    xml.push_str("<q:quakeml xmlns:q=\"http://quakeml.org/xmlns/quakeml/1.2\" ");
    xml.push_str("xmlns=\"http://quakeml.org/xmlns/bed/1.2\">\n");
    writeln!(xml, "<eventParameters publicID=\"{AUTHORITY}/catalogue\">")?;
    for history in histories {
        let Some(event) = newest(history) else { continue };
        let id = escape(&event.event);
        let last = history.len();
        writeln!(xml, "<event publicID=\"{AUTHORITY}/fdsnws/event/1/query?eventid={id}\">")?;
        writeln!(xml, "  <preferredOriginID>{AUTHORITY}/origin/{id}/{last}</preferredOriginID>")?;
        if event.magnitude.is_some() {
            writeln!(
                xml,
                "  <preferredMagnitudeID>{AUTHORITY}/magnitude/{id}/{last}</preferredMagnitudeID>"
            )?;
        }
        let kind = if event.status == Status::Deleted { "not existing" } else { "earthquake" };
        writeln!(xml, "  <type>{kind}</type>")?;
        let place = escape(&event.place);
        writeln!(xml, "  <description><type>region name</type><text>{place}</text></description>")?;
        for (at, revision) in history.iter().enumerate() {
            if all || at + 1 == last {
                solution(xml, &id, at + 1, revision)?;
            }
        }
        writeln!(xml, "  <creationInfo>{}</creationInfo>\n</event>", info(event))?;
    }
    xml.push_str("</eventParameters>\n</q:quakeml>\n");
    Ok(())
}

fn solution(xml: &mut String, id: &str, number: usize, revision: &Revision) -> fmt::Result {
    let (mode, status) = match revision.status {
        Status::Automatic => ("automatic", "preliminary"),
        Status::Reviewed => ("manual", "reviewed"),
        Status::Deleted => ("manual", "rejected"),
    };
    let info = info(revision);
    writeln!(xml, "  <origin publicID=\"{AUTHORITY}/origin/{id}/{number}\">")?;
    writeln!(xml, "    <time><value>{}</value></time>", utc(revision.origin_time))?;
    writeln!(xml, "    <latitude><value>{}</value></latitude>", revision.latitude)?;
    writeln!(xml, "    <longitude><value>{}</value></longitude>", revision.longitude)?;
    if let Some(depth) = revision.depth_km {
        writeln!(xml, "    <depth><value>{}</value></depth>", (depth * 1000.0).round())?;
    }
    writeln!(
        xml,
        "    <evaluationMode>{mode}</evaluationMode><evaluationStatus>{status}</evaluationStatus>"
    )?;
    writeln!(xml, "    <creationInfo>{info}</creationInfo>\n  </origin>")?;
    if let Some(magnitude) = revision.magnitude {
        writeln!(xml, "  <magnitude publicID=\"{AUTHORITY}/magnitude/{id}/{number}\">")?;
        writeln!(xml, "    <mag><value>{magnitude}</value></mag>")?;
        if let Some(kind) = &revision.magnitude_type {
            writeln!(xml, "    <type>{}</type>", escape(kind))?;
        }
        writeln!(xml, "    <originID>{AUTHORITY}/origin/{id}/{number}</originID>")?;
        writeln!(xml, "    <creationInfo>{info}</creationInfo>\n  </magnitude>")?;
    }
    Ok(())
}

fn info(revision: &Revision) -> String {
    let made = utc(revision.updated);
    format!("<agencyID>{AGENCY}</agencyID><creationTime>{made}</creationTime>")
}

/// UTC without a zone, as FDSN services write it.
pub fn utc(at: Timestamp) -> String {
    TimeZone::UTC.to_datetime(at).to_string()
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
