#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use futures::FutureExt;

use super::*;

fn caller(lane: Lane, place: u32, plugin: &str) -> Caller {
    Caller { lane, place, plugin: plugin.to_owned(), weight: 1 }
}

type Waits<'p> = std::pin::Pin<Box<dyn Future<Output = Permit> + 'p>>;

/// A caller that waits; `now_or_never` asks whether it has its permit.
fn wait(permits: &Permits, caller: Caller) -> Waits<'_> {
    let mut waiting: Waits<'_> = Box::pin(permits.acquire(caller));
    assert!(waiting.as_mut().now_or_never().is_none(), "it has to wait");
    waiting
}

fn charge(permits: &Permits, caller: &Caller, milliseconds: u64) {
    permits.0.lock().unwrap().charge(caller, Duration::from_millis(milliseconds));
}

#[test]
fn bulk_leaves_the_reserve_to_alerts() {
    let permits = Permits::new(3, 1);
    let bulk = || caller(Lane::Bulk, 4301, "water");
    let held =
        [permits.acquire(bulk()).now_or_never().unwrap(), permits.acquire(bulk()).now_or_never().unwrap()];
    let mut third = wait(&permits, bulk());
    let alert = permits.acquire(caller(Lane::Alert, 4301, "flood")).now_or_never();
    assert!(alert.is_some(), "the reserve is free");
    drop(alert);
    assert!(third.as_mut().now_or_never().is_none(), "and stays free of bulk");
    drop(held);
    assert!(third.now_or_never().is_some());
}

#[test]
fn alerts_go_first_and_then_who_has_had_the_least() {
    let permits = Permits::new(1, 0);
    let busy = caller(Lane::Bulk, 4301, "water");
    let same_city = caller(Lane::Bulk, 4301, "rain");
    let elsewhere = caller(Lane::Bulk, 4302, "rain");
    let held = permits.acquire(busy.clone()).now_or_never().unwrap();
    charge(&permits, &busy, 100);
    let mut first = wait(&permits, busy.clone());
    let mut second = wait(&permits, same_city);
    let mut third = wait(&permits, elsewhere);
    let mut alert = wait(&permits, caller(Lane::Command, 4301, "water"));
    drop(held);
    let granted = alert.as_mut().now_or_never().expect("a command goes first");
    drop(granted);
    let granted = third.as_mut().now_or_never().expect("another city has had nothing");
    assert!(first.as_mut().now_or_never().is_none() && second.as_mut().now_or_never().is_none());
    drop(granted);
    let granted = first.as_mut().now_or_never().expect("then who came first");
    drop(granted);
    assert!(second.as_mut().now_or_never().is_some());
}

#[test]
fn twice_the_weight_is_twice_the_time() {
    let permits = Permits::new(1, 0);
    let (heavy, light) =
        (Caller { weight: 2, ..caller(Lane::Bulk, 4301, "water") }, caller(Lane::Bulk, 4302, "rain"));
    let mut had = [0, 0];
    let mut held = permits.acquire(light.clone()).now_or_never().unwrap();
    let mut waits = [wait(&permits, heavy.clone()), wait(&permits, light.clone())];
    // Each call takes as long, and the next of its kind waits at once.
    for _ in 0..30 {
        drop(held);
        let granted = |(kind, wait): (usize, &mut Waits<'_>)| Some((kind, wait.as_mut().now_or_never()?));
        let (kind, permit) = waits.iter_mut().enumerate().find_map(granted).unwrap();
        held = permit;
        had[kind] += 1;
        let caller = [&heavy, &light][kind];
        charge(&permits, caller, 100);
        waits[kind] = wait(&permits, caller.clone());
    }
    assert_eq!(had, [20, 10]);
}

#[test]
fn who_was_idle_has_saved_nothing_up() {
    let permits = Permits::new(1, 0);
    let (busy, idle) = (caller(Lane::Bulk, 4301, "water"), caller(Lane::Bulk, 4302, "rain"));
    charge(&permits, &busy, 1_000);
    drop(permits.acquire(busy.clone()).now_or_never().unwrap());
    charge(&permits, &idle, 1);
    let used = permits.0.lock().unwrap().used[&Share::Place(4302)];
    assert!(used >= Duration::from_millis(1_001), "{used:?}");
}

#[test]
fn a_caller_that_goes_away_leaves_its_permit() {
    let permits = Permits::new(1, 0);
    let bulk = || caller(Lane::Bulk, 4301, "water");
    let held = permits.acquire(bulk()).now_or_never().unwrap();
    let gone = wait(&permits, bulk());
    let granted_and_gone = wait(&permits, bulk());
    drop(gone);
    drop(held);
    drop(granted_and_gone);
    assert!(permits.acquire(bulk()).now_or_never().is_some());
}
