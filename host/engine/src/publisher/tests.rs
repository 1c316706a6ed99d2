#![allow(clippy::unwrap_used, reason = "tests")]

use super::*;

const WINDOW: Duration = Duration::from_secs(300);

fn at(seconds: u64) -> Timestamp {
    "2026-11-24T00:00:00Z".parse::<Timestamp>().unwrap().saturating_add(Duration::from_secs(seconds))
}

fn known() -> Known {
    Known {
        window: WINDOW,
        checkpoint: watch::channel(None).0,
        kept: Mutex::default(),
        held: RwLock::default(),
    }
}

fn checkpoint(taken: u64, held: Option<Held>) -> Checkpoint {
    Checkpoint { at: at(taken), stream_created: at(0), sequence: 1, held }
}

#[test]
fn what_was_published_before_an_outage_is_held_for_a_while_over_restarts() {
    let known = known();
    let calm = checkpoint(1_000, None);
    assert_eq!(known.held_at(&calm, at(1_001)), None);
    assert_eq!(known.held_at(&calm, at(1_075)), None);
    // An outage: from a window before the last checkpoint on.
    let held = known.held_at(&calm, at(1_400)).unwrap();
    assert_eq!(held, Held { since: at(700), at: at(1_400) });
    // A second later, and after a restart: still.
    assert_eq!(known.held_at(&checkpoint(1_401, Some(held)), at(1_402)), Some(held));
    // Another outage soon after: from the first one's beginning on.
    let again = known.held_at(&checkpoint(1_401, Some(held)), at(1_600)).unwrap();
    assert_eq!(again, Held { since: at(700), at: at(1_600) });
    // Long after: nothing.
    let late = at(1_400 + HOLD.as_secs());
    assert_eq!(known.held_at(&checkpoint(1_400 + HOLD.as_secs() - 1, Some(held)), late), None);
    // A clock that went backwards says nothing.
    assert!(known.held_at(&calm, at(900)).is_some());
}
