use std::time::{Duration, Instant};

use dongting_events::earthquake::Status;
use dongting_events::warning::{self, MsgType};
use dongting_sdk::views::{Language, Level, Message};
use serde_json::json;

use super::*;
use crate::fixture::*;

fn gathered(messages: Vec<Message>) -> Situation {
    Situation::gather(&context("430000", Language::Zh, vec![messages]))
}

#[test]
fn a_warning_stands_until_it_expires_or_is_cancelled() {
    let stands = |warns: Warns| gathered(vec![warns.message()]).standing().count() == 1;
    assert!(stands(Warns::default()));
    assert!(stands(Warns { ago: 24 * HOUR - 1, ..Warns::default() }));
    assert!(!stands(Warns { ago: 24 * HOUR, ..Warns::default() }));
    assert!(stands(Warns { msg_type: MsgType::Update, ..Warns::default() }));
    assert!(!stands(Warns { msg_type: MsgType::Cancel, ..Warns::default() }));

    // Rather too long than not at all.
    let mut payload = serde_json::to_value(Warns::default().payload()).unwrap();
    payload["info"].as_array_mut().unwrap().iter_mut().for_each(|info| info["expires"] = "tomorrow".into());
    assert_eq!(gathered(vec![Warns::default().with(&payload)]).standing().count(), 1);
}

#[test]
fn a_cancellation_needs_no_info_and_an_alert_does() {
    let without = |msg_type| {
        let warns = Warns { msg_type, ..Warns::default() };
        let mut payload = serde_json::to_value(warns.payload()).unwrap();
        payload["info"] = json!([]);
        gathered(vec![warns.with(&payload)])
    };
    let cancelled = without(MsgType::Cancel);
    assert_eq!((cancelled.warned.len(), cancelled.unreadable.len()), (1, 0));
    assert_eq!(cancelled.warned[0].event_id.as_deref(), Some("cd1"));
    let empty = without(MsgType::Alert);
    assert_eq!((empty.warned.len(), empty.unreadable.get(&Kind::Warning)), (0, Some(&1)));
}

#[test]
fn colour_comes_before_severity() {
    let warned = gathered(vec![Warns::default().message()]);
    assert_eq!(warned.warned[0].level, Level::Orange);
    let mut payload = Warns::default().payload();
    payload.info.iter_mut().for_each(|info| info.parameter.clear());
    let warned = gathered(vec![Warns::default().with(&payload)]);
    assert_eq!(warned.warned[0].level, Level::Blue);
}

#[test]
fn who_acknowledged_yellow_has_not_seen_red() {
    let yellow = Warns { colour: "yellow", ago: 2 * HOUR, ..Warns::default() }.message();
    let red = Warns { colour: "red", msg_type: MsgType::Update, ..Warns::default() }.message();
    let answer = feedback(&yellow, "张三", HOUR / 2);
    assert!(gathered(vec![yellow, answer.clone()]).warned[0].acknowledged.is_some());
    assert!(gathered(vec![red.clone(), answer.clone()]).warned[0].acknowledged.is_none());

    // Another system does not say which message it answers.
    let mut elsewhere = answer;
    elsewhere.causation.clear();
    assert!(gathered(vec![red.clone(), elsewhere.clone()]).warned[0].acknowledged.is_some());
    elsewhere.time = now() - 2 * HOUR;
    assert!(gathered(vec![red, elsewhere]).warned[0].acknowledged.is_none());
}

#[test]
fn what_was_withdrawn_counts_for_nothing() {
    let held = earthquake("cd1", HOUR, 5.1, Status::Automatic);
    let gone = earthquake("cd1", HOUR, 5.1, Status::Deleted);
    let assessed = assessment(&held, &[("430703", 7, 0.6)]);
    let situation = gathered(vec![observation("430000", &held), assessed.clone()]);
    assert_eq!((situation.recent(TODAY).count(), situation.affected().len()), (1, 1));
    assert_eq!(situation.level(&situation.events[0]), Level::Orange);

    // The catalogue has taken it back, no model has said so yet.
    let situation =
        gathered(vec![observation("430000", &gone), assessed.clone(), Warns::default().message()]);
    assert_eq!((situation.recent(TODAY).count(), situation.current().count()), (0, 0));
    assert_eq!(situation.level(&situation.events[0]), Level::None);
    assert_eq!(situation.orphans().count(), 1);

    // Another catalogue holds to it.
    let mut other = observation("430000", &held);
    other.id = "other".into();
    let situation = gathered(vec![observation("430000", &gone), other, assessed, Warns::default().message()]);
    assert_eq!((situation.recent(TODAY).count(), situation.current().count()), (1, 1));
    assert_eq!(situation.orphans().count(), 0);
}

#[test]
fn a_county_has_its_strongest_earthquake_and_its_gravest_real_warning() {
    let strong = earthquake("cd1", 3 * HOUR, 5.1, Status::Reviewed);
    let weak = earthquake("cd2", HOUR, 4.2, Status::Automatic);
    let situation = Situation::gather(&context(
        "430700",
        Language::Zh,
        vec![vec![
            assessment(&strong, &[("430703", 7, 0.62), ("430702", 6, 0.3), ("430102", 5, 0.1)]),
            assessment(&weak, &[("430703", 5, 0.9), ("430702", 6, 0.4)]),
            Warns { colour: "red", status: warning::Status::Exercise, ..Warns::default() }.message(),
            Warns { event: "cd2", colour: "yellow", ..Warns::default() }.message(),
        ]],
    ));
    let affected = situation.affected();
    let said: Vec<(&str, Option<u8>, Option<f64>, Level)> =
        affected.iter().map(|c| (c.region, c.intensity, c.share, c.level())).collect();
    // Of two equally strong earthquakes the newer; nothing of Changsha.
    assert_eq!(
        said,
        [("430702", Some(6), Some(0.4), Level::Yellow), ("430703", Some(7), Some(0.62), Level::Yellow)]
            .iter()
            .rev()
            .copied()
            .collect::<Vec<_>>()
    );
}

#[test]
fn old_earthquakes_leave_the_situation_unless_someone_is_warned() {
    let old = earthquake("cd1", 73 * HOUR, 5.1, Status::Reviewed);
    let assessed = assessment(&old, &[("430703", 7, 0.62)]);
    assert_eq!(gathered(vec![assessed.clone()]).affected().len(), 0);
    assert_eq!(gathered(vec![assessed, Warns::default().message()]).affected().len(), 1);
    // A clock far ahead of ours is no news.
    let ahead = earthquake("cd9", -HOUR, 6.0, Status::Automatic);
    assert_eq!(gathered(vec![observation("430000", &ahead)]).recent(TODAY).count(), 0);
}

#[test]
fn without_an_assessment_the_magnitude_judges_at_home_only() {
    let event = earthquake("cd1", HOUR, 5.1, Status::Automatic);
    let level = |messages: Vec<Message>| {
        let situation = gathered(messages);
        situation.level(&situation.events[0])
    };
    assert_eq!(level(vec![observation("430000", &event)]), Level::Yellow);
    assert_eq!(level(vec![observation("000000", &event)]), Level::None);
    assert_eq!(level(vec![observation("430000", &event), assessment(&event, &[])]), Level::None);
}

#[test]
fn what_cannot_be_read_is_counted_and_stops_nothing() {
    let event = earthquake("cd1", HOUR, 5.1, Status::Automatic);
    let mut bodies: Vec<Vec<u8>> = vec![
        Vec::new(),
        b"{}".to_vec(),
        b"null".to_vec(),
        vec![0xff; 64],
        vec![b'['; 100_000],
        br#"{"eventId":"x","agency":"a","updated":"u","status":"automatic","origin":{"time":"nonsense","latitude":0,"longitude":0,"depth":null},"magnitude":null,"place":null}"#.to_vec(),
    ];
    for (latitude, longitude) in [(91.0, 0.0), (0.0, 181.0), (1e300, -1e300)] {
        let mut wrong = serde_json::to_value(&event).unwrap();
        wrong["origin"]["latitude"] = json!(latitude);
        wrong["origin"]["longitude"] = json!(longitude);
        bodies.push(wrong.to_string().into_bytes());
    }
    let mut nan = serde_json::to_string(&event).unwrap();
    nan = nan.replace("29.03", "NaN");
    bodies.push(nan.into_bytes());
    for kind in [Kind::Observation, Kind::Assessment, Kind::Warning, Kind::Feedback] {
        let messages: Vec<Message> = bodies
            .iter()
            .map(|body| Message { kind, body: body.clone(), ..observation("430000", &event) })
            .collect();
        let situation = gathered(messages);
        assert_eq!(situation.unreadable.get(&kind), Some(&bodies.len()));
    }
    // Of a version that is not ours.
    let later = Message { type_: "em.earthquake.observation.v2".into(), ..observation("430000", &event) };
    assert_eq!(gathered(vec![later]).unreadable.len(), 1);
}

#[test]
fn impossible_numbers_are_left_out() {
    // What our own plugins cannot write; another system's may.
    let changed = |message: &Message, changes: &[(&str, serde_json::Value)]| {
        let mut body: serde_json::Value = message.json().unwrap();
        for (place, value) in changes {
            *body.pointer_mut(place).unwrap() = value.clone();
        }
        Message { body: body.to_string().into_bytes(), ..message.clone() }
    };
    let event = earthquake("cd1", HOUR, 5.1, Status::Automatic);
    let impossible = [("/magnitude/mag", json!(1e300)), ("/origin/depth", json!(-1e300))];
    let shares = [("430703", 9, 0.5), ("430702", 6, 0.5), ("430102", 5, 0.5)];
    let places = [
        ("/counties/0/intensity", json!(200)),
        ("/counties/1/shares/0/area", json!(-7.0)),
        ("/counties/2/intensity", json!(0)),
        ("/isoseismals/0/intensity", json!(200)),
    ];
    let situation = gathered(vec![
        changed(&observation("430000", &event), &impossible),
        changed(&assessment(&event, &shares), &places),
    ]);
    let event = &situation.events[0];
    assert!(event.magnitude.is_none() && event.depth_km.is_none());
    let affected = situation.affected();
    assert_eq!(affected.len(), 1);
    assert_eq!((affected[0].region, affected[0].intensity, affected[0].share), ("430702", Some(6), None));
    assert!(situation.assessed[0].isoseismals.iter().all(|line| line.intensity <= 12));
}

#[test]
fn a_thousand_of_each_are_quick() {
    let events: Vec<_> = (0..500)
        .map(|n| {
            earthquake(
                &format!("e{n}"),
                i64::from(n) * HOUR / 10,
                3.0 + f64::from(n % 30) / 10.0,
                Status::Automatic,
            )
        })
        .collect();
    let counties: Vec<String> = (0..122).map(|n| format!("43{:02}{:02}", 1 + n / 12, 1 + n % 12)).collect();
    let shaken: Vec<(&str, u8, f64)> =
        counties.iter().enumerate().map(|(n, code)| (code.as_str(), 5 + (n % 4) as u8, 0.5)).collect();
    let observations: Vec<Message> = events.iter().map(|event| observation("430000", event)).collect();
    let assessments: Vec<Message> = events.iter().take(200).map(|event| assessment(event, &shaken)).collect();
    let warnings: Vec<Message> = (0..1000)
        .map(|n| {
            let mut message = Warns { ago: n * 1000, ..Warns::default() }.message();
            message.key = format!("e{}/{}", n % 500, counties[n as usize % counties.len()]);
            message.id = format!("w{n}");
            message
        })
        .collect();
    let answers: Vec<Message> = warnings.iter().map(|warning| feedback(warning, "张三", 0)).collect();
    let all = [observations, assessments, warnings, answers];
    let context = context("430000", Language::Zh, all.to_vec());
    let start = Instant::now();
    for view in crate::list::views() {
        crate::list::render(&view.id, &context).unwrap();
    }
    // Three views, unoptimised, on a busy machine.
    let took = start.elapsed();
    assert!(took < Duration::from_secs(5), "{took:?}");
    assert!(Situation::gather(&context).full.contains(&Kind::Warning));
}
