#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

use dongting_manifest::{Kind, Region, Subject, Timestamp, message};
use proptest::prelude::*;

use super::*;

fn some(kind: Kind, bytes: usize, count: usize) -> Vec<Message> {
    let message = Message {
        id: message::id("station", "em.water.level.v1", "reading", "1"),
        source: "station".to_owned(),
        r#type: "em.water.level.v1".to_owned(),
        subject: Subject { region: Region::HUNAN, domain: "water".to_owned(), kind, detail: None },
        time: Timestamp::now(),
        received: Timestamp::now(),
        key: "reading".to_owned(),
        revision: "1".to_owned(),
        partition: "station".to_owned(),
        causation: Vec::new(),
        plugin: String::new(),
        traceparent: String::new(),
        content_type: "application/json".to_owned(),
        extensions: Vec::new(),
        body: vec![b'x'; bytes],
    };
    vec![message; count]
}

/// Lengths of the parts, those that go together marked.
fn parts(mut messages: &[Message]) -> Vec<(usize, bool)> {
    let mut parts = Vec::new();
    while !messages.is_empty() {
        let part = next(messages);
        messages = &messages[part.0..];
        parts.push(part);
    }
    parts
}

#[test]
fn many_of_one_lane_go_together() {
    assert_eq!(parts(&some(Kind::Observation, 10, LEAST - 1)), [(LEAST - 1, false)]);
    assert_eq!(parts(&some(Kind::Observation, 10, LEAST)), [(LEAST, true)]);
    assert_eq!(parts(&some(Kind::Observation, 10, MOST + 3)), [(MOST, true), (3, false)]);
}

#[test]
fn few_of_many_lanes_go_in_one_part() {
    let pair = [some(Kind::Observation, 10, 1), some(Kind::Warning, 10, 1)].concat();
    let few = vec![pair; 40].concat();
    assert_eq!(parts(&few), [(80, false)]);
    let between = [few.clone(), some(Kind::Warning, 10, 40), few].concat();
    assert_eq!(parts(&between), [(79, false), (41, true), (80, false)]);
}

#[test]
fn large_ones_are_few() {
    assert_eq!(parts(&some(Kind::Observation, BYTES / 40, 85)), [(40, true), (40, true), (5, false)]);
    assert_eq!(parts(&some(Kind::Observation, BYTES / 8, 45)), [(45, false)]);
    assert_eq!(parts(&some(Kind::Observation, BYTES + 1, 3)), [(3, false)]);
}

proptest! {
    #[test]
    fn what_goes_together_is_of_one_lane_and_within_its_bounds(
        runs in prop::collection::vec((any::<bool>(), 0_usize..30_000, 1_usize..300), 1..6),
    ) {
        let kind = |alert| if alert { Kind::Warning } else { Kind::Observation };
        let runs = runs.into_iter().map(|(alert, bytes, count)| some(kind(alert), bytes, count));
        let messages: Vec<Message> = runs.flatten().collect();
        let mut rest = messages.as_slice();
        let mut alone_before = false;
        while !rest.is_empty() {
            let (count, together) = next(rest);
            prop_assert!(count > 0);
            // Those one by one are many in flight, so they are not cut without need.
            prop_assert!(together || !alone_before);
            alone_before = !together;
            let (part, behind) = rest.split_at(count);
            if together {
                prop_assert!((LEAST..=MOST).contains(&count));
                prop_assert!(part.iter().map(|message| message.body.len()).sum::<usize>() <= BYTES);
                prop_assert!(part.iter().all(|message| message.subject.kind == part[0].subject.kind));
            }
            rest = behind;
        }
    }
}
