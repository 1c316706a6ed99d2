use proptest::prelude::*;

use super::*;
use crate::document::tests::told;
use crate::document::{MAX_BYTES, read as read_document};
use crate::settings::Format;

const AUTOMATIC: &str = include_str!("../../tests/data/quakeml/automatic.xml");
const GOLDEN: [&str; 5] = [
    AUTOMATIC,
    include_str!("../../tests/data/quakeml/reviewed.xml"),
    include_str!("../../tests/data/quakeml/deleted.xml"),
    include_str!("../../tests/data/quakeml/mixed.xml"),
    include_str!("../../tests/data/quakeml/none.xml"),
];

fn check(text: &str, expected: &[&str]) {
    assert_eq!(told(read(text)), expected, "{text}");
}

#[test]
fn golden() {
    let [automatic, reviewed, deleted, mixed, none] = GOLDEN;
    check(
        automatic,
        &[
            "hn2026a Automatic 2026-08-29T06:36:52.125Z | 29.2 111.7 10000 m | Ms 6.4 | HNEA 2026-08-29T06:37:31Z | 湖南常德市鼎城区",
        ],
    );
    check(
        reviewed,
        &[
            "hn2026a Reviewed 2026-08-29T06:36:51.8Z | 29.21 111.68 12000 m | Mw 6.75 | HNEA 2026-08-29T06:44:43Z | Changde & Hanshou, 湖南",
        ],
    );
    check(
        deleted,
        &[
            "hn2026b Deleted 2026-08-29T08:00:00Z | 27.8 113.1 - | - | NET 2026-08-29T08:09:00Z | -",
            "hn2026c Deleted 2016-12-31T23:59:59.5Z | -27.8 -113.1 - | - | NET - | -",
        ],
    );
    check(none, &[]);
    check(
        mixed,
        &[
            "good1 Automatic 2026-08-29T06:00:00Z | 28 112 5000 m | - 3.1 | - - | -",
            "nomag Automatic 2026-08-29T06:00:00Z | 28 112 - | - | - - | -",
            "good2 Automatic 2026-08-29T06:00:00Z | 28.5 112.5 5000 m | - 3.1 | - - | -",
            "! `11` is no publicID of QuakeML, which reads `smi:authority/resource`",
            "! event far: latitude 91 is not within -90 to 90",
            "! event wide: longitude 181 is not within -180 to 180",
            "! event smi:network.example/event/nan: latitude `NaN` is no number",
            "! event smi:network.example/event/inf: magnitude `inf` is no number",
            "! event deep: depth 6371000 is not within -10000 to 1000000 metres",
            "! event loud: magnitude 64 is not within -5 to 10.5",
            "! event smi:network.example/event/when: time of the origin: `yesterday` is no instant",
            "! event smi:network.example/event/lost: preferredOriginID names `smi:network.example/o/9`, which is not there",
            "! event smi:network.example/event/lostmag: preferredMagnitudeID names `smi:network.example/m/9`, which is not there",
            "! event smi:network.example/event/twice: `latitude` is there twice",
            "! event smi:network.example/event/mixed: an element `x` stands where a value should",
            "! event smi:network.example/event/empty: it has no origin",
            "! an event has no publicID",
        ],
    );
    let rejects = read(mixed).unwrap().rejects;
    let raw = String::from_utf8(rejects[1].raw.clone()).unwrap();
    assert!(
        raw.starts_with("<event publicID=\"smi:network.example/event/far\">") && raw.ends_with("</event>")
    );
}

#[test]
fn a_document_that_is_refused_says_why() {
    let said = |text: &str| {
        let said = told(read(text));
        assert_eq!(said.len(), 1, "{said:?}");
        said[0].clone()
    };
    let with = |from: &str, to: &str| said(&AUTOMATIC.replacen(from, to, 1));
    assert!(said(include_str!("../../tests/data/quakeml/entity.xml")).contains("document type declaration"));
    assert!(with("湖南", "&place;").contains("the entity `place` is not defined"));
    assert!(with("湖南", "&#0;").contains("not well-formed"));
    assert!(with("湖南", "a & b").contains("not well-formed"));
    assert!(with("encoding=\"UTF-8\"", "encoding=\"GB18030\"").contains("is in GB18030"));
    assert!(with("xmlns:q=", "xmlns:p=").contains("prefix `q` is not declared"));
    assert!(
        with("quakeml/1.2", "quakeml/1.1").contains("namespace is `http://quakeml.org/xmlns/quakeml/1.1`")
    );
    assert!(with("bed/1.2", "bed/1.1").contains("no `eventParameters`"));
    assert!(with("<origin ", "<origin publicID=\"smi:network.example/a\" ").contains("not well-formed"));
    assert!(with("</event>", "</origin>").contains("not well-formed"));
    assert!(said("<a/>").contains("root element is `a`"));
    assert!(said(&format!("{AUTOMATIC}<a/>")).contains("something follows its root"));
    assert!(said(&format!("{AUTOMATIC}x")).contains("text outside the root"));
    assert!(said(&format!("{AUTOMATIC}<?xml version='1.0'?>")).contains("XML declaration inside"));
    assert!(said("<!-- nothing -->").contains("no `eventParameters`"));
    let half = AUTOMATIC.find("<latitude>").unwrap();
    assert_eq!(said(&AUTOMATIC[..half]), "the document breaks off: `origin` is still open at its end");
    let deep = "<event>".repeat(10_000);
    assert_eq!(with("<event ", &format!("{deep}<event ")), "elements are nested more than 64 deep");
    let long = "x".repeat(MAX_TEXT_BYTES + 1);
    assert_eq!(with("湖南", &long), "the text of one element is longer than 8192 bytes");
}

/// Found by the fuzzer: the document's agency went past the checks that an event's own agency passes.
#[test]
fn the_documents_agency_is_one_line_too() {
    let text = GOLDEN[2].replace("<agencyID>NET</agencyID>", "<agencyID>N\u{5}T\nX</agencyID>");
    for reading in read(&text).unwrap().readings {
        assert_eq!(reading.agency.as_deref(), Some("N T X"));
        assert_eq!(reading.clone().checked(), Ok(reading));
    }
}

#[test]
fn fifty_megabytes_are_refused_by_their_size() {
    let mut bytes = AUTOMATIC.as_bytes().to_vec();
    bytes.resize(50 * 1024 * 1024, b' ');
    let said = read_document(Format::FdsnXml, &bytes).unwrap_err().to_string();
    assert_eq!(said, format!("the document has 52428800 bytes; more than {MAX_BYTES} are refused"));
}

#[test]
fn no_truncation_yields_an_event() {
    for golden in GOLDEN {
        let whole = golden.trim_end().len();
        // The longest one repeats itself: a prime step meets every place of an event in it.
        let step = if whole > 5000 { 7 } else { 1 };
        for end in (0..whole).step_by(step) {
            let cut = read_document(Format::FdsnXml, &golden.as_bytes()[..end]);
            assert!(cut.is_err(), "{end} of {whole}: {cut:?}");
        }
    }
}

proptest! {
    #[test]
    fn arbitrary_bytes_are_refused_or_read(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        for format in [Format::FdsnXml, Format::FdsnText, Format::UsgsGeojson, Format::Cenc] {
            let _: Result<Document, Unreadable> = read_document(format, &bytes);
        }
    }

    /// Golden documents with bytes overwritten: every event that comes out passed the checks.
    #[test]
    fn damaged_documents(which in 0usize..4, at in 0.0f64..1.0, with in proptest::collection::vec(any::<u8>(), 1..6)) {
        let mut bytes = GOLDEN[which].as_bytes().to_vec();
        let from = ((bytes.len() - with.len()) as f64 * at) as usize;
        bytes[from..from + with.len()].copy_from_slice(&with);
        if let Ok(document) = read_document(Format::FdsnXml, &bytes) {
            for reading in document.readings {
                prop_assert!(reading.latitude.abs() <= 90.0 && reading.longitude.abs() <= 180.0);
                prop_assert!(!reading.event_id.is_empty() && reading.event_id.len() <= 256);
                prop_assert_eq!(reading.clone().checked(), Ok(reading));
            }
        }
    }
}
