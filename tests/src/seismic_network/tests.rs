#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test that fails panics")]

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use dongting_adapters_earthquake::document::{self, Document};
use dongting_adapters_earthquake::fetch::{Answer, Polled, Refusal, Request, poll};
use dongting_adapters_earthquake::settings::{Format, Settings};
use jiff::SignedDuration;

use super::*;
use catalogue::Basis;

/// HTTP/1.0, so that the end of the connection is the end of the body.
fn get(url: &str) -> Result<Answer, String> {
    send("GET", url, "")
}

fn send(method: &str, url: &str, body: &str) -> Result<Answer, String> {
    let rest = url.strip_prefix("http://").unwrap();
    let (host, path) = rest.split_at(rest.find('/').unwrap());
    let mut stream = TcpStream::connect(host).map_err(|error| error.to_string())?;
    stream.set_read_timeout(Some(Duration::from_secs(2))).unwrap();
    let length = body.len();
    let request =
        format!("{method} {path} HTTP/1.0\r\nHost: {host}\r\nContent-Length: {length}\r\n\r\n{body}");
    stream.write_all(request.as_bytes()).map_err(|error| error.to_string())?;
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").ok_or("no head")?;
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let header = |name: &str| {
        let found =
            head.lines().filter_map(|line| line.split_once(": ")).find(|(n, _)| n.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.to_owned())
    };
    let body = bytes[end + 4..].to_vec();
    if header("content-length").is_some_and(|length| length != body.len().to_string()) {
        return Err("the answer broke off".to_owned());
    }
    Ok(Answer {
        status: head.split(' ').nth(1).unwrap().parse().unwrap(),
        content_type: header("content-type"),
        content_encoding: header("content-encoding"),
        location: header("location"),
        retry_after: header("retry-after"),
        body,
    })
}

fn polled(settings: &Settings, cursor: Option<&str>) -> Result<Polled, Refusal> {
    poll(settings, cursor, Timestamp::now(), |request: &Request| get(&request.url))
}

fn settings(url: &str, format: &str) -> Settings {
    Settings::parse(&format!(r#"{{"url":"{url}","format":"{format}"}}"#)).unwrap()
}

fn revision(event: &str, minute: i64, magnitude: f64) -> Revision {
    let origin = Timestamp::now() - SignedDuration::from_hours(1);
    let origin = Timestamp::from_millisecond(origin.as_millisecond()).unwrap();
    Revision {
        event: event.to_owned(),
        status: Status::Reviewed,
        origin_time: origin,
        updated: origin + SignedDuration::from_mins(minute),
        latitude: 29.2,
        longitude: 111.7,
        depth_km: Some(14.32),
        magnitude: Some(magnitude),
        magnitude_type: Some("Ms".to_owned()),
        place: "湖南 <常德> & \"汉寿\"".to_owned(),
    }
}

#[test]
fn the_catalogue_says_where_its_facts_come_from() {
    let catalogue = catalogue::read().unwrap();
    for entry in &catalogue.event {
        assert!(!entry.source.is_empty() && !entry.precision.is_empty(), "{}", entry.id);
        let at: Vec<f64> = entry.revision.iter().map(|solution| solution.at).collect();
        assert!(at.is_sorted() && at[0] > entry.origin, "{}", entry.id);
        let made_up = entry.id.starts_with("exercise-");
        for solution in &entry.revision {
            assert_eq!(solution.place.contains("演习"), made_up, "{}", entry.id);
            assert!(!made_up || solution.basis == Basis::Exercise, "{}", entry.id);
        }
        let last = entry.revision.last().unwrap();
        assert_eq!(last.basis == Basis::Exercise, made_up, "{}: the last word is the catalogue's", entry.id);
    }
}

#[test]
fn the_replay_runs_from_changde_to_its_end() {
    let start: Timestamp = "2026-08-29T00:00:00Z".parse().unwrap();
    let at = |seconds: i64| {
        let clock = start + SignedDuration::from_secs(seconds);
        let mut newest = std::collections::BTreeMap::new();
        let mut due = catalogue::schedule(start, 2.0).unwrap();
        due.retain(|revision| revision.updated <= clock);
        due.sort_by_key(|revision| revision.updated);
        for revision in due {
            newest.insert(revision.event.clone(), (revision.status, revision.magnitude.unwrap()));
        }
        newest
    };
    assert_eq!(at(0).len(), 4);
    assert_eq!(at(5)["cat16310814"], (Status::Automatic, 6.4));
    assert_eq!(at(15)["cat16310814"], (Status::Reviewed, 6.75));
    assert_eq!(at(30)["exercise-false-alarm"], (Status::Automatic, 5.6));
    assert_eq!(at(40)["exercise-false-alarm"], (Status::Reviewed, 3.9));
    assert_eq!(at(60)["exercise-not-existing"].0, Status::Deleted);
    assert_eq!(at(100).len(), 11);
    assert!(catalogue::schedule(start, 0.0).is_err() && catalogue::schedule(start, f64::NAN).is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn all_services_say_the_same_of_one_event() {
    let network = SeismicNetwork::start(Options::manual()).await.unwrap();
    let mut gone = revision("b", 3, 3.0);
    gone.status = Status::Deleted;
    network.publish(revision("a", 2, 6.75));
    network.publish(revision("a", 1, 6.4));
    network.publish(gone);
    let read = |url: &str, format| -> Document { document::read(format, &get(url).unwrap().body).unwrap() };
    let xml = read(&network.fdsn_url(), Format::FdsnXml);
    assert!(xml.rejects.is_empty());
    assert_eq!(xml.readings.len(), 2);
    let a = &xml.readings[0];
    assert_eq!((a.event_id.as_str(), a.depth), ("a", Some(14_320.0)));
    assert_eq!(a.magnitude.as_ref().unwrap().mag, 6.75);
    assert_eq!(a.place.as_deref(), Some("湖南 <常德> & \"汉寿\""));
    assert_eq!(format!("{:?}", xml.readings[1].status), "Deleted");

    let all = read(&format!("{}?includeallorigins=true", network.fdsn_url()), Format::FdsnXml);
    assert_eq!(all, xml);
    let text = read(&format!("{}?format=text", network.fdsn_url()), Format::FdsnText);
    let usgs = read(&network.usgs_url(), Format::UsgsGeojson);
    let cenc = read(&network.cenc_url(), Format::Cenc);
    assert_eq!((text.readings.len(), usgs.readings.len(), cenc.readings.len()), (2, 2, 1));
    for (other, key) in [(&text.readings[0], "a"), (&usgs.readings[0], "a"), (&cenc.readings[0], "CD.a")] {
        assert_eq!(other.event_id, key);
        assert_eq!((other.latitude, other.longitude, other.depth), (a.latitude, a.longitude, a.depth));
        assert_eq!(other.magnitude.as_ref().map(|m| m.mag), Some(6.75));
    }
    assert_eq!((usgs.readings[0].updated, usgs.readings[0].origin_time), (a.updated, a.origin_time));
    assert_eq!(text.readings[0].origin_time, a.origin_time);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_event_service_answers_what_it_is_asked() {
    let network = SeismicNetwork::start(Options::manual()).await.unwrap();
    let ask = |query: &str| get(&format!("{}?{query}", network.fdsn_url())).unwrap();
    assert_eq!(ask("").status, 204);
    assert_eq!(ask("nodata=404").status, 404);
    network.publish(revision("a", 1, 6.4));
    network.publish(revision("b", 2, 3.0));
    let ids = |query: &str| -> Vec<String> {
        let answer = ask(&format!("format=text&{query}"));
        if answer.status != 200 {
            return vec![answer.status.to_string()];
        }
        document::read(Format::FdsnText, &answer.body)
            .unwrap()
            .readings
            .into_iter()
            .map(|r| r.event_id)
            .collect()
    };
    assert_eq!(ids("minmagnitude=5"), ["a"]);
    assert_eq!(ids("eventid=b"), ["b"]);
    assert_eq!(ids("orderby=magnitude&limit=1"), ["a"]);
    assert_eq!(ids("orderby=magnitude&offset=2"), ["b"]);
    assert_eq!(ids("starttime=2999-01-01"), ["204"]);
    assert_eq!(ids("endtime=1999-01-01T00:00:00.5"), ["204"]);
    assert_eq!(ids("minlatitude=30"), ["204"]);
    let after = fdsn_time(revision("x", 1, 0.0).updated + SignedDuration::from_secs(30));
    assert_eq!(ids(&format!("updatedafter={after}")), ["b"]);
    for (wrong, said) in [
        ("starttime=yesterday", "Bad value for parameter starttime: yesterday"),
        ("limit=0", "Bad value for parameter limit: 0"),
        ("format=csv", "Bad value for parameter format: csv"),
        ("minlatitude=91", "Bad value for parameter minlatitude: 91"),
        ("sort=time", "Unknown parameter: sort"),
        ("limit=1&limit=2", "Parameter limit is given twice"),
    ] {
        let answer = ask(wrong);
        assert_eq!(answer.status, 400, "{wrong}");
        assert!(String::from_utf8(answer.body).unwrap().contains(said), "{wrong}");
    }
    assert_eq!(get(&format!("{}/fdsnws/event/1/version", network.url())).unwrap().body, b"1.2.0");
    assert_eq!(
        get(&format!("{}/earthquakes/feed/v1.0/summary/all_year.geojson", network.url())).unwrap().status,
        404
    );
}

fn fdsn_time(at: Timestamp) -> String {
    dongting_adapters_earthquake::instant::to_parameter(at)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_adapter_polls_updates_until_the_end() {
    let network = SeismicNetwork::start(Options::manual()).await.unwrap();
    let settings = settings(&network.fdsn_url(), "fdsn-xml");
    let first = polled(&settings, None).unwrap();
    assert!(first.readings.is_empty());
    network.publish(revision("a", 1, 6.4));
    let second = polled(&settings, Some(&first.cursor)).unwrap();
    network.publish(revision("a", 30, 6.75));
    let third = polled(&settings, Some(&second.cursor)).unwrap();
    let mut deleted = revision("a", 45, 6.75);
    deleted.status = Status::Deleted;
    network.publish(deleted);
    let fourth = polled(&settings, Some(&third.cursor)).unwrap();
    let fifth = polled(&settings, Some(&fourth.cursor)).unwrap();
    let counts: Vec<usize> = [&second, &third, &fourth, &fifth].iter().map(|p| p.readings.len()).collect();
    assert_eq!(counts, [1, 1, 1, 0]);
    assert!(second.readings[0].updated < third.readings[0].updated);
    assert!(third.readings[0].updated < fourth.readings[0].updated);
    assert_eq!(format!("{:?}", fourth.readings[0].status), "Deleted");
    let requests = network.requests();
    assert_eq!(requests.len(), 5);
    assert!(requests[0].query.contains("starttime=") && requests[2].query.contains("updatedafter="));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_fault_is_shown_and_told() {
    let network = SeismicNetwork::start(Options::manual()).await.unwrap();
    network.publish(revision("a", 1, 6.4));
    let feeds = [
        settings(&network.fdsn_url(), "fdsn-xml"),
        settings(&network.usgs_url(), "usgs-geojson"),
        settings(&network.cenc_url(), "cenc"),
        settings(&network.fdsn_url(), "fdsn-text"),
    ];
    let told = |fault: &Fault, feed: &Settings| {
        network.inject(fault.clone(), Some(1));
        match polled(feed, None) {
            Ok(polled) => {
                let reasons: Vec<String> = polled.rejects.into_iter().map(|reject| reject.reason).collect();
                format!("{} {}", polled.readings.len(), reasons.join("; "))
            }
            Err(Refusal::Retry { reason, after }) => format!("retry {after:?} {reason}"),
            Err(Refusal::Reject(reason)) => format!("reject {reason}"),
        }
    };
    let check = |fault: Fault, expected: [&str; 4]| {
        for (feed, expected) in feeds.iter().zip(expected) {
            let said = told(&fault, feed);
            assert!(said.starts_with(expected), "{fault:?} {:?}: {said}", feed.format);
        }
    };
    check(
        Fault::Html,
        [
            "reject the feed answered HTML, not QuakeML",
            "reject the feed answered HTML, not GeoJSON",
            "reject the feed answered HTML, not a CENC list",
            "reject the feed answered HTML, not FDSN text",
        ],
    );
    check(Fault::Status(500), ["retry None the feed answered 500"; 4]);
    check(Fault::Busy(7), ["retry Some(7s) the feed answered 429"; 4]);
    check(Fault::Hang, ["retry None "; 4]);
    check(Fault::Broken, ["retry None "; 4]);
    check(
        Fault::Redirect("http://elsewhere.example/q".to_owned()),
        ["reject the feed answered 302 and sends to elsewhere.example"; 4],
    );
    check(Fault::Huge, ["reject the document has 52428800 bytes"; 4]);
    check(Fault::NoContent, ["0 "; 4]);
    check(
        Fault::BadLatitude,
        [
            "1 event exercise-bad: latitude 91",
            "1 event exercise-bad: latitude 91",
            "1 No0: event exercise-bad: latitude 91",
            "1 line 3: event exercise-bad: latitude 91",
        ],
    );
    check(
        Fault::DuplicateKey,
        [
            "reject the XML is not well-formed",
            "0 feature 1: duplicate field `mag`",
            "reject the document is not a CENC list: the key `No1` is given twice",
            "reject the FDSN text has no usable header line: column `latitude` is there twice",
        ],
    );
    let xml = &feeds[0];
    assert_eq!(told(&Fault::Truncated, xml).split_once(':').unwrap().0, "reject the document breaks off");
    assert!(
        told(&Fault::ExternalEntity, xml).starts_with("reject the document has a document type declaration")
    );
    assert_eq!(told(&Fault::Nested, xml), "reject elements are nested more than 64 deep");
    assert!(told(&Fault::WrongPublicId, xml).starts_with("1 `11` is no publicID"));
    assert_eq!(told(&Fault::Slow(5), xml), "1 ");
    network.inject(Fault::Html, None);
    assert!(polled(xml, None).is_err() && polled(xml, None).is_err());
    network.heal();
    assert!(polled(xml, None).is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_control_api_does_what_the_handle_does() {
    let network = SeismicNetwork::start(Options::manual()).await.unwrap();
    let control = |method: &str, path: &str, body: &str| {
        let answer = send(method, &format!("{}/control/{path}", network.url()), body).unwrap();
        (answer.status, String::from_utf8(answer.body).unwrap())
    };
    let published = serde_json::to_string(&revision("a", 1, 6.4)).unwrap();
    assert_eq!(control("POST", "publish", &published).0, 200);
    assert_eq!(control("POST", "publish", "{}").0, 400);
    assert_eq!(control("PUT", "fault", r#"{"fault":{"status":503}}"#), (200, "Status(503)\n".to_owned()));
    assert_eq!(get(&network.fdsn_url()).unwrap().status, 503);
    assert_eq!(control("PUT", "fault", r#"{"fault":"sabotage"}"#).0, 400);
    assert_eq!(control("DELETE", "fault", "").0, 200);
    assert_eq!(get(&network.fdsn_url()).unwrap().status, 200);
    assert!(control("GET", "requests", "").1.contains("/fdsnws/event/1/query"));
    assert!(control("GET", "catalogue", "").1.contains("historical strong earthquakes"));
    let taken = Options { port: network.address().port(), ..Options::manual() };
    let error = SeismicNetwork::start(taken).await.err().unwrap().to_string();
    assert!(error.contains("cannot be had"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dropped_stand_in_answers_no_more() {
    let network = SeismicNetwork::start(Options::replay()).await.unwrap();
    let url = network.fdsn_url();
    assert_eq!(document::read(Format::FdsnXml, &get(&url).unwrap().body).unwrap().readings.len(), 4);
    drop(network);
    let gone = async {
        while get(&url).is_ok() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), gone).await.unwrap();
}
