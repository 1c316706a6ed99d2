#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

use dongting_manifest::subject::matches;
use dongting_manifest::{Region, Subject};

use super::*;

#[test]
fn every_kind_is_caught_by_its_lane_alone() {
    for kind in Kind::ALL {
        for detail in [None, Some("rain".to_owned())] {
            let subject =
                Subject { region: Region::HUNAN, domain: "water".to_owned(), kind, detail }.to_string();
            let caught: Vec<Lane> = Lane::ALL
                .into_iter()
                .filter(|lane| subjects(*lane).iter().any(|filter| matches(filter, &subject)))
                .collect();
            assert_eq!(caught, [kind.lane()]);
        }
    }
}

#[test]
fn a_window_is_never_longer_than_the_messages_live() {
    let hour = Duration::from_secs(3600);
    let limits = Limits { max_bytes: 1, max_age: hour, duplicate_window: 2 * DAY };
    assert_eq!(config(Lane::Alert, limits, Config::default()).duplicate_window, hour);
    let limits = Limits { max_age: Duration::ZERO, ..limits };
    assert_eq!(config(Lane::Dead, limits, Config::default()).duplicate_window, 2 * DAY);
}

#[test]
fn a_filter_of_another_lane_is_seen() {
    for (filter, lane) in [
        ("em.43.*.*.water.observation.*", Some(Lane::Bulk)),
        ("em.43.01.02.water.warning.-", Some(Lane::Alert)),
        ("em.43.*.*.*.task.*", Some(Lane::Command)),
        ("dead.quake", Some(Lane::Dead)),
        ("em.43.*.*.water.*.*", None),
        ("em.>", None),
        (">", None),
        ("em.43.*.*.water.observation", None),
        ("em.43.*.*.water.observation.-.x", None),
        ("dead", None),
    ] {
        let held: Vec<Lane> = Lane::ALL.into_iter().filter(|lane| holds(*lane, filter)).collect();
        assert_eq!(held, Vec::from_iter(lane), "{filter}");
    }
}
