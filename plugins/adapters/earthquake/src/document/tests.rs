use super::*;
use crate::instant;

/// One line for each reading, then one for each reject; or the refusal.
pub(crate) fn told(read: Result<Document, Unreadable>) -> Vec<String> {
    let document = match read {
        Ok(document) => document,
        Err(error) => return vec![error.to_string()],
    };
    let text = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
    let readings = document.readings.iter().map(|r| {
        let updated = r.updated.map_or_else(|| "-".to_owned(), |at| at.to_string());
        let magnitude =
            r.magnitude.as_ref().map_or_else(|| "-".to_owned(), |m| format!("{} {}", text(&m.r#type), m.mag));
        let depth = r.depth.map_or_else(|| "-".to_owned(), |depth| format!("{depth} m"));
        format!(
            "{} {:?} {} | {} {} {depth} | {magnitude} | {} {updated} | {}",
            r.event_id,
            r.status,
            r.origin_time,
            r.latitude,
            r.longitude,
            text(&r.agency),
            text(&r.place)
        )
    });
    readings.chain(document.rejects.iter().map(|reject| format!("! {}", reject.reason))).collect()
}

#[test]
fn the_format_is_told_by_the_first_character() {
    let now = instant::utc("2026-09-01T00:00:00").unwrap();
    let check = |bytes: &[u8], expected: &str| {
        let said = match decode(bytes, now) {
            Ok((format, document)) => format!("{format:?} {}", document.readings.len()),
            Err(error) => error.to_string(),
        };
        assert_eq!(said, expected);
    };
    check(include_bytes!("../../tests/data/quakeml/automatic.xml"), "FdsnXml 1");
    check(include_bytes!("../../tests/data/usgs/summary.geojson"), "UsgsGeojson 3");
    check(include_bytes!("../../tests/data/cenc/eqlist.json"), "Cenc 2");
    check(include_bytes!("../../tests/data/cenc/shuju.json"), "Cenc 2");
    check(include_bytes!("../../tests/data/fdsn/events.txt"), "FdsnText 2");
    check(b"", "the document is empty");
    check(b"\xEF\xBB\xBF \n", "the document is empty");
    check(b"<!DOCTYPE HTML><p>", "the feed answered HTML, not QuakeML");
    check(b"M6.4", "the document is neither QuakeML, nor FDSN text, nor GeoJSON, nor a CENC list");
    check(b"ab\xff", "the document is not UTF-8: byte 2 cannot be read");
    check(b"\xff\xfe<\0", "the document is in UTF-16; only UTF-8 and US-ASCII are read");
    check(
        b"<?xml version='1.0' encoding='GB18030'?><a>\xba\xfe</a>",
        "the document is in GB18030; only UTF-8 and US-ASCII are read",
    );
    check(&vec![b' '; MAX_BYTES + 1], "the document has 16777217 bytes; more than 16777216 are refused");
}

#[test]
fn a_statement_from_the_future_would_hold_for_ever() {
    let now = instant::utc("2026-08-20T00:00:00").unwrap();
    let (_, document) = decode(include_bytes!("../../tests/data/quakeml/automatic.xml"), now).unwrap();
    assert!(document.readings.is_empty());
    assert_eq!(told(Ok(document)), ["! event hn2026a: its time lies more than a day in the future"]);
}

#[test]
fn no_truncation_yields_an_event_that_is_not_in_the_whole() {
    let texts: [(Format, &str); 4] = [
        (Format::UsgsGeojson, include_str!("../../tests/data/usgs/summary.geojson")),
        (Format::Cenc, include_str!("../../tests/data/cenc/eqlist.json")),
        (Format::Cenc, include_str!("../../tests/data/cenc/shuju.json")),
        (Format::FdsnText, include_str!("../../tests/data/fdsn/events.txt")),
    ];
    for (format, whole) in texts {
        let all = read(format, whole.as_bytes()).unwrap().readings;
        for end in 0..whole.trim_end().len() {
            let cut = read(format, &whole.as_bytes()[..end]);
            match cut {
                Ok(cut) if format == Format::FdsnText => {
                    assert!(cut.readings.iter().all(|r| all.contains(r)))
                }
                cut => assert!(cut.is_err(), "{format:?} {end}: {cut:?}"),
            }
        }
    }
}
