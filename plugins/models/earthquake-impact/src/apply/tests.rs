#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use dongting_events::earthquake::{Magnitude, Origin};
use dongting_events::warning::MsgType;
use proptest::prelude::*;

use super::*;
use crate::warning::Colour;

/// 48 invented cells around Changde, some with real codes.
pub(crate) fn counties() -> Boundaries {
    let document = include_bytes!("../../tests/data/counties.topojson");
    Boundaries::from_topojson(document, "counties").unwrap()
}

pub(crate) fn names() -> Names {
    Names::from_csv(include_bytes!("../../tests/data/regions.csv")).unwrap()
}

/// Of an invented earthquake where Changde's of 1631 was; made so many seconds after its first statement.
pub(crate) fn statement(mag: f64, seconds: i64, status: Status) -> Earthquake {
    let updated: Timestamp = "2026-08-28T13:25:00Z".parse().unwrap();
    Earthquake {
        event_id: "CD.20260828132430".into(),
        agency: "中国地震台网".into(),
        updated: (updated + jiff::SignedDuration::from_secs(seconds)).to_string(),
        status,
        origin: Origin {
            time: "2026-08-28T13:24:30Z".into(),
            latitude: 29.2,
            longitude: 111.7,
            depth: Some(10_000.0),
        },
        magnitude: Some(Magnitude { mag, r#type: Some("Ms".into()) }),
        place: Some("湖南常德市鼎城区".into()),
    }
}

/// One event as the glue would keep it.
#[derive(Default)]
pub(crate) struct Event {
    pub settings: Settings,
    pub state: Option<EventState>,
    pub messages: Vec<PureDraft>,
}

impl Event {
    pub(crate) fn tell(&mut self, statement: &Earthquake) {
        let applied = apply(&self.settings, &counties(), &names(), self.state.clone(), statement).unwrap();
        if let Some(state) = applied.state {
            // Through JSON, as the host keeps it.
            let kept = serde_json::to_vec(&state).unwrap();
            self.state = Some(serde_json::from_slice(&kept).unwrap());
            assert_eq!(self.state.as_ref(), Some(&state));
        }
        self.messages.extend(applied.drafts);
    }
}

/// By county, in the order they were made.
pub(crate) fn warnings(messages: &[PureDraft]) -> BTreeMap<String, Vec<Warning>> {
    let mut warnings: BTreeMap<String, Vec<Warning>> = BTreeMap::new();
    for message in messages {
        if let Body::Warning(warning) = &message.body {
            warnings.entry(message.region.clone()).or_default().push((**warning).clone());
        }
    }
    warnings
}

/// What stands for somebody who has all messages: of each county's the newest by `sent`, unless it cancels.
fn standing(messages: &[PureDraft]) -> BTreeMap<String, (String, String)> {
    warnings(messages)
        .into_iter()
        .filter_map(|(county, warnings)| {
            let newest = warnings
                .iter()
                .max_by_key(|warning| warning.sent.parse::<Timestamp>().unwrap())
                .filter(|warning| warning.msg_type != MsgType::Cancel)?;
            let parameter = |name: &str| {
                let found = newest.info[0].parameter.iter().find(|value| value.value_name == name);
                found.unwrap().value.clone()
            };
            Some((county, (parameter("cn.severityColor"), parameter("intensity"))))
        })
        .collect()
}

fn newest_assessment(messages: &[PureDraft]) -> &Impact {
    let newest =
        messages.iter().filter(|message| message.kind == Kind::Assessment).max_by_key(|message| message.time);
    match &newest.unwrap().body {
        Body::Assessment(impact) => impact,
        Body::Warning(_) => unreachable!(),
    }
}

#[test]
fn one_statement_makes_an_assessment_and_warnings() {
    let mut event = Event::default();
    event.tell(&statement(5.0, 0, Status::Automatic));
    let assessment = &event.messages[0];
    assert_eq!(assessment.kind, Kind::Assessment);
    assert_eq!(assessment.region, "430700");
    assert_eq!(assessment.key, "CD.20260828132430");
    assert_eq!(assessment.time, 1_787_923_500_000_000);
    let warning = event.messages.iter().find(|message| message.region == "430702").unwrap();
    assert_eq!(warning.key, "CD.20260828132430/430702");
    assert_eq!(warning.r#type, "em.earthquake.warning.v1");
    assert!(event.messages.iter().skip(1).all(|message| message.kind == Kind::Warning));
    insta::assert_json_snapshot!("assessment_and_warnings", bodies(&event.messages));
}

/// Held in one file: the county of the epicentre and the assessment.
fn bodies(messages: &[PureDraft]) -> Vec<&Body> {
    let shown = |message: &&PureDraft| message.kind == Kind::Assessment || message.region == "430702";
    messages.iter().filter(shown).map(|message| &message.body).collect()
}

#[test]
fn a_correction_reaches_whoever_had_the_first() {
    let mut event = Event::default();
    event.tell(&statement(4.0, 0, Status::Automatic));
    assert_eq!(event.messages.last().unwrap().region, "430702");
    assert_eq!(event.state.as_ref().unwrap().region, "430702");
    event.tell(&statement(6.5, 60, Status::Automatic));
    assert_eq!(event.state.as_ref().unwrap().region, "430000");
    event.tell(&statement(4.0, 120, Status::Reviewed));
    assert_eq!(event.state.as_ref().unwrap().region, "430000");
    let mut quiet = Event::default();
    quiet.tell(&statement(3.0, 0, Status::Automatic));
    assert_eq!(quiet.messages.len(), 1);
    assert_eq!(quiet.messages[0].region, "430000");
}

#[test]
fn an_update_below_the_threshold_cancels() {
    let mut event = Event::default();
    event.tell(&statement(6.0, 0, Status::Automatic));
    let warned = event.state.as_ref().unwrap().warned.len();
    assert!(warned > 4);
    event.messages.clear();
    event.tell(&statement(3.5, 30, Status::Reviewed));
    let cancelled = warnings(&event.messages);
    assert_eq!(cancelled.len(), warned);
    assert!(cancelled.values().flatten().all(|warning| warning.msg_type == MsgType::Cancel));
    assert!(event.state.as_ref().unwrap().warned.is_empty());
    assert!(!serde_json::to_string(&event.state).unwrap().contains("warned"));
}

#[test]
fn what_is_not_new_changes_nothing() {
    let mut event = Event::default();
    event.tell(&statement(6.0, 60, Status::Reviewed));
    let (state, messages) = (event.state.clone(), event.messages.clone());
    event.tell(&statement(6.0, 60, Status::Reviewed));
    event.tell(&statement(7.0, 0, Status::Automatic));
    event.tell(&statement(7.0, 60, Status::Automatic));
    assert_eq!((&event.state, &event.messages), (&state, &messages));
    // The same again in a newer statement: an assessment, but no warning that says nothing new.
    event.tell(&statement(6.0, 90, Status::Reviewed));
    assert_eq!(event.messages.len(), messages.len() + 1);
}

/// Of two statements made at one instant the deletion holds, and its messages come after the other's.
#[test]
fn a_deletion_at_the_same_instant_holds() {
    for order in [[0, 1], [1, 0]] {
        let both = [statement(6.0, 0, Status::Reviewed), statement(6.0, 0, Status::Deleted)];
        let mut event = Event::default();
        order.iter().for_each(|at| event.tell(&both[*at]));
        assert!(standing(&event.messages).is_empty());
        assert_eq!(newest_assessment(&event.messages).status, Status::Deleted);
    }
}

#[test]
fn too_small_a_part_does_not_count() {
    let mut event =
        Event { settings: Settings { min_share: 0.5, ..Settings::default() }, ..Event::default() };
    event.tell(&statement(6.0, 0, Status::Automatic));
    let few = standing(&event.messages).len();
    let mut event = Event::default();
    event.tell(&statement(6.0, 0, Status::Automatic));
    assert!(few > 0 && few < standing(&event.messages).len());
}

#[test]
fn keys_fit() {
    assert_eq!(state_key("us7000abcd"), "event/us7000abcd");
    let long = "测".repeat(100);
    assert!(state_key(&long).len() < 256 && state_key(&long).starts_with("event/sha256:"));
    let mut event = Event::default();
    event.tell(&Earthquake { event_id: long, ..statement(5.0, 0, Status::Automatic) });
    assert!(event.messages.iter().all(|message| message.key.len() < 100));
}

#[test]
fn instants_that_are_none_are_refused() {
    let told = |statement: &Earthquake| {
        apply(&Settings::default(), &counties(), &names(), None, statement).unwrap_err()
    };
    let mut wrong = statement(6.0, 0, Status::Reviewed);
    wrong.updated = "yesterday".into();
    assert!(told(&wrong).contains("`updated` is no RFC 3339 instant: `yesterday`"));
    let mut wrong = statement(6.0, 0, Status::Reviewed);
    wrong.origin.time = "2026-08-28 13:24".into();
    assert!(told(&wrong).contains("`origin.time`"));
}

#[test]
fn ancestors() {
    let check = |a: &str, b: &str, expected: &str| assert_eq!(ancestor(a, b), expected);
    check("430702", "430702", "430702");
    check("430702", "430703", "430700");
    check("430702", "430700", "430700");
    check("430702", "430802", "430000");
    check("430702", "420100", "000000");
    check("430000", "430702", "430000");
}

fn statements() -> impl Strategy<Value = Vec<Earthquake>> {
    let status = prop_oneof![
        4 => Just(Status::Automatic),
        3 => Just(Status::Reviewed),
        1 => Just(Status::Deleted)
    ];
    // Few instants, so that some collide.
    let one = (3.5..7.0_f64, 0..6_i64, status, 111.0..112.5_f64, any::<bool>());
    proptest::collection::vec(one, 1..6).prop_map(|statements| {
        let made = |(mag, at, status, longitude, measured)| {
            let mut made = statement(mag, at, status);
            made.origin.longitude = longitude;
            made.magnitude = made.magnitude.filter(|_| measured || status == Status::Reviewed);
            made
        };
        statements.into_iter().map(made).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    /// However an event's statements come, what stands in the end is what the newest asks for.
    #[test]
    fn order_and_repetition_do_not_matter(
        (statements, shuffled) in statements().prop_flat_map(|statements| {
            let twice: Vec<Earthquake> = statements.iter().chain(&statements).cloned().collect();
            (Just(statements), Just(twice).prop_shuffle())
        })
    ) {
        let newest = statements
            .iter()
            .max_by_key(|statement| {
                let updated: Timestamp = statement.updated.parse().unwrap();
                decide::place(statement, updated.as_microsecond())
            })
            .unwrap();
        let settings = Settings::default();
        let expected: BTreeMap<String, (String, String)> = wanted(&settings, &impact::assess(&settings, &counties(), newest))
            .into_iter()
            .map(|(county, Level { colour, intensity }): (String, Level)| {
                (county, (Colour::as_str(colour).to_owned(), intensity.to_string()))
            })
            .collect();
        for order in [&statements, &shuffled] {
            let mut event = Event::default();
            order.iter().for_each(|statement| event.tell(statement));
            prop_assert_eq!(&standing(&event.messages), &expected);
            prop_assert_eq!(newest_assessment(&event.messages), &impact::assess(&settings, &counties(), newest));
            prop_assert_eq!(event.state.unwrap().warned.len(), expected.len());
            // Every message about one county comes after the one before it, and names it.
            for warnings in warnings(&event.messages).values() {
                for pair in warnings.windows(2) {
                    prop_assert!(pair[0].sent.parse::<Timestamp>().unwrap() < pair[1].sent.parse::<Timestamp>().unwrap());
                    let follows = pair[1].references.as_ref().is_some_and(|references| references.contains(&pair[0].identifier));
                    prop_assert_eq!(follows, pair[0].msg_type != MsgType::Cancel);
                }
            }
        }
    }
}
