use std::time::Duration;

use super::*;
use crate::instant;

const AUTOMATIC: &str = include_str!("../../tests/data/quakeml/automatic.xml");
const REVIEWED: &str = include_str!("../../tests/data/quakeml/reviewed.xml");
const TEXT: &str = include_str!("../../tests/data/fdsn/events.txt");

fn settings(extra: &str) -> Settings {
    Settings::parse(&format!(r#"{{"url":"http://feed/query"{extra}}}"#)).unwrap()
}

fn now() -> Timestamp {
    instant::utc("2026-08-29T12:00:00").unwrap()
}

fn answer(status: u16, body: &str) -> Answer {
    Answer { status, body: body.as_bytes().to_vec(), ..Answer::default() }
}

/// Polls with prepared answers; gives the requests' addresses too.
fn polled(
    settings: &Settings,
    cursor: Option<&str>,
    answers: Vec<Answer>,
) -> (Result<Polled, Refusal>, Vec<String>) {
    let mut asked = Vec::new();
    let mut answers = answers.into_iter();
    let result = poll(settings, cursor, now(), |request| {
        asked.push(request.url.clone());
        answers.next().ok_or_else(|| "no answer".to_owned())
    });
    (result, asked)
}

fn states(polled: &Polled) -> Vec<(String, Option<f64>)> {
    polled.readings.iter().map(|r| (r.event_id.clone(), r.magnitude.as_ref().map(|m| m.mag))).collect()
}

#[test]
fn the_first_poll_looks_back_and_the_next_asks_for_updates() {
    let settings = settings("");
    let (first, asked) = polled(&settings, None, vec![answer(200, AUTOMATIC)]);
    let first = first.unwrap();
    assert_eq!(
        asked,
        ["http://feed/query?format=xml&starttime=2026-08-26T11:50:00&limit=1000&orderby=time&nodata=204"]
    );
    assert_eq!(states(&first), [("hn2026a".to_owned(), Some(6.4))]);
    assert_eq!(first.complete_until.to_string(), "2026-08-29T11:50:00Z");

    let (same, asked) = polled(&settings, Some(&first.cursor), vec![answer(200, AUTOMATIC)]);
    assert_eq!(
        asked,
        ["http://feed/query?format=xml&updatedafter=2026-08-29T06:27:31&limit=1000&orderby=time&nodata=204"]
    );
    assert_eq!(states(&same.unwrap()), []);

    let (revised, _) = polled(&settings, Some(&first.cursor), vec![answer(200, REVIEWED)]);
    assert_eq!(states(&revised.unwrap()), [("hn2026a".to_owned(), Some(6.75))]);

    let (none, _) = polled(&settings, Some(&first.cursor), vec![answer(204, "")]);
    assert_eq!(none.unwrap().cursor, first.cursor);
    // Without the cursor the same statement is made again, to the microsecond: the bus knows it by its id.
    let (again, _) = polled(&settings, Some("not a cursor"), vec![answer(200, AUTOMATIC)]);
    assert_eq!(again.unwrap().readings, first.readings);
}

#[test]
fn a_service_without_updatedafter_is_asked_for_the_window() {
    let settings = settings("");
    let (first, _) = polled(&settings, None, vec![answer(200, AUTOMATIC)]);
    let (second, asked) = polled(
        &settings,
        Some(&first.unwrap().cursor),
        vec![answer(400, "Error 400: unknown parameter updatedafter"), answer(200, REVIEWED)],
    );
    assert!(asked[0].contains("updatedafter=") && asked[1].contains("starttime=2026-08-26T11:50:00"));
    let second = second.unwrap();
    assert_eq!(states(&second), [("hn2026a".to_owned(), Some(6.75))]);
    let (_, asked) = polled(&settings, Some(&second.cursor), vec![answer(204, "")]);
    assert!(asked.len() == 1 && asked[0].contains("starttime="), "{asked:?}");
    let (refused, asked) = polled(&settings, None, vec![answer(400, "\nbad starttime\n")]);
    assert_eq!(refused.unwrap_err().to_string(), "the feed answered 400: bad starttime");
    assert_eq!(asked.len(), 1);
}

#[test]
fn an_event_is_followed_below_the_weakest_magnitude() {
    let settings = settings(r#","format":"fdsn-text","min_magnitude":5"#);
    let weak = TEXT.replace("|6.75|", "|3.9|");
    let (strange, asked) = polled(&settings, None, vec![answer(200, &weak)]);
    assert!(!asked[0].contains("minmagnitude"));
    assert_eq!(states(&strange.unwrap()), [("hn2026d".to_owned(), None)]);
    let (first, _) = polled(&settings, None, vec![answer(200, TEXT)]);
    let first = first.unwrap();
    assert_eq!(first.readings[0].updated, Some(now()));
    assert_eq!(first.rejects.len(), 2);
    let (revised, _) = polled(&settings, Some(&first.cursor), vec![answer(200, &weak)]);
    let revised = revised.unwrap();
    assert_eq!(states(&revised), [("hn2026a".to_owned(), Some(3.9))]);
    assert!(revised.rejects.is_empty(), "a broken line becomes one dead letter");
}

#[test]
fn a_full_page_is_followed_by_the_next() {
    let settings = settings(r#","format":"fdsn-text","max_events":2"#);
    let page = |lines: &str| answer(200, &format!("#EventID|Time|Latitude|Longitude\n{lines}"));
    let (both, asked) = polled(
        &settings,
        None,
        vec![
            page("c|2026-08-29T03:00:00|1|1\nb|2026-08-29T02:00:00|1|1\n"),
            page("b|2026-08-29T02:00:00|1|1\na|2026-08-29T01:00:00|1|1\n"),
            page("a|2026-08-29T01:00:00|1|1\n"),
        ],
    );
    assert!(
        asked[1].contains("&endtime=2026-08-29T02:00:00&")
            && asked[2].contains("&endtime=2026-08-29T01:00:00&")
    );
    let ids: Vec<String> = both.unwrap().readings.into_iter().map(|r| r.event_id).collect();
    assert_eq!(ids, ["c", "b", "a"]);
    let stuck = || page("b|2026-08-29T02:00:00|1|1\nc|2026-08-29T02:00:00|1|1\n");
    let (refused, _) = polled(&settings, None, vec![stuck(), stuck(), stuck()]);
    assert!(refused.unwrap_err().to_string().contains("raise max_events"));
}

#[test]
fn every_answer_has_its_meaning() {
    let with = |answer: Answer| polled(&settings(""), None, vec![answer]).0.map(|p| p.readings.len());
    let said = |answer: Answer| with(answer).unwrap_err().to_string();
    let retry = |answer: Answer| match with(answer) {
        Err(Refusal::Retry { after, .. }) => after,
        other => panic!("{other:?}"),
    };
    assert_eq!(with(answer(204, "")), Ok(0));
    assert_eq!(retry(answer(500, "oops")), None);
    assert_eq!(
        retry(Answer { retry_after: Some("90".to_owned()), ..answer(429, "") }),
        Some(Duration::from_secs(90))
    );
    assert_eq!(
        retry(Answer { retry_after: Some("999999999".to_owned()), ..answer(503, "") }),
        Some(Duration::from_secs(3600))
    );
    assert_eq!(said(answer(500, "<p>oops")), "the feed answered 500: <p>oops");
    assert!(said(answer(404, "")).contains("nothing at this address"));
    assert!(said(answer(413, "")).contains("too many events"));
    assert!(said(answer(401, "who are you")).contains("401: who are you"));
    assert_eq!(said(answer(200, "<!doctype html><html>")), "the feed answered HTML, not QuakeML");
    let page =
        Answer { content_type: Some("Text/HTML; charset=utf-8".to_owned()), ..answer(200, "<p>busy</p>") };
    assert_eq!(said(page), "the feed answered HTML, not QuakeML");
    assert_eq!(said(answer(200, "")), "the document is empty");
    let moved = Answer { location: Some("https://evil.example:8443/x".to_owned()), ..answer(302, "") };
    assert!(said(moved).starts_with("the feed answered 302 and sends to evil.example:8443;"));
    assert!(said(answer(301, "")).contains("nowhere"));
    let packed = Answer { content_encoding: Some("gzip".to_owned()), ..answer(200, "\u{1f}") };
    assert_eq!(said(packed), "the feed answered in gzip, which was not asked for");
    let (silent, _) = polled(&settings(""), None, vec![]);
    assert_eq!(silent.unwrap_err(), Refusal::Retry { reason: "no answer".to_owned(), after: None });
    let (unset, _) = polled(&Settings::default(), None, vec![]);
    assert!(unset.unwrap_err().to_string().contains("`url` is missing"));
}

#[test]
fn the_operators_own_parameters_stand() {
    let ask = |url: &str, format: &str, answers| {
        let settings = Settings::parse(&format!(r#"{{"url":"{url}","format":"{format}"}}"#)).unwrap();
        polled(&settings, None, answers)
    };
    let (nothing, asked) = ask("http://feed/q?catalog=HN&nodata=404", "fdsn-xml", vec![answer(404, "")]);
    assert!(nothing.unwrap().readings.is_empty());
    assert_eq!(
        asked,
        [
            "http://feed/q?catalog=HN&nodata=404&format=xml&starttime=2026-08-26T11:50:00&limit=1000&orderby=time"
        ]
    );
    let (_, asked) = ask("http://feed/all_day.geojson", "usgs-geojson", vec![answer(204, "")]);
    assert_eq!(asked, ["http://feed/all_day.geojson"]);
}

#[test]
fn the_cursor_stays_small() {
    let settings = settings(r#","format":"fdsn-text","max_events":5000"#);
    let lines: String =
        (0..4000).map(|n| format!("{n}-{}|2026-08-29T03:00:00|1|1\n", "x".repeat(200))).collect();
    let page = format!("#EventID|Time|Latitude|Longitude\n{lines}");
    let (polled, _) = polled(&settings, None, vec![answer(200, &page)]);
    let polled = polled.unwrap();
    assert_eq!(polled.readings.len(), 4000);
    assert!(polled.cursor.len() < 64 * 1024, "{}", polled.cursor.len());
}

#[test]
fn the_manifest_is_one_and_declares_every_setting() {
    let manifest = dongting_manifest::Manifest::parse(include_str!("../../plugin.toml")).unwrap();
    assert_eq!(manifest.name, "earthquake");
    for name in manifest.settings.keys() {
        let value = match name.as_str() {
            "format" => "\"cenc\"".to_owned(),
            "url" => "\"http://h/\"".to_owned(),
            "agency" => "\"HN\"".to_owned(),
            _ => "5".to_owned(),
        };
        Settings::parse(&format!("{{\"{name}\":{value}}}")).unwrap();
    }
    assert_eq!(manifest.settings.len(), 7);
}
