//! Leases as the store keeps them, on both kinds of database.

use std::time::Duration;

use dongting_manifest::Timestamp;
use dongting_store::{Commit, CommitError, Lease, Store};

use crate::store::{Place, on_both, open};

on_both! {
    all_leases_of_a_holder_are_taken_on_together
}

const TTL: Duration = Duration::from_secs(5);

fn at(seconds: u64) -> Timestamp {
    let start: Timestamp = "2026-11-24T00:00:00Z".parse().unwrap();
    start.saturating_add(Duration::from_secs(seconds))
}

async fn take(store: &Store, name: &str, holder: &str, seconds: u64) -> Option<Lease> {
    store.take_lease(name, holder, at(seconds), TTL).await.unwrap()
}

/// Name, holder, epoch, whether it is free.
async fn standing(store: &Store, seconds: u64) -> Vec<(String, String, i64, bool)> {
    let mut all: Vec<_> = store.leases(at(seconds)).await.unwrap();
    all.sort_by(|a, b| a.lease.name.cmp(&b.lease.name));
    all.into_iter().map(|one| (one.lease.name, one.lease.holder, one.lease.epoch, one.is_free)).collect()
}

fn row(name: &str, holder: &str, epoch: i64, is_free: bool) -> (String, String, i64, bool) {
    (name.to_owned(), holder.to_owned(), epoch, is_free)
}

async fn all_leases_of_a_holder_are_taken_on_together<P: Place>() {
    let (_place, store) = open::<P>().await;
    store.take_on("a", at(0), TTL).await.unwrap();
    let first = take(&store, "x", "a", 0).await.unwrap();
    take(&store, "y", "a", 0).await.unwrap();
    store.take_on("a", at(4), TTL).await.unwrap();
    // Their own time is over, and their holder's is not.
    assert_eq!(standing(&store, 8).await, [row("x", "a", 1, false), row("y", "a", 1, false)]);
    assert_eq!(take(&store, "x", "b", 8).await, None);
    // One is given back while its holder lives on.
    store.release_lease(&first).await.unwrap();
    assert_eq!(standing(&store, 8).await, [row("x", "", 1, true), row("y", "a", 1, false)]);
    store.take_on("b", at(8), TTL).await.unwrap();
    assert_eq!(take(&store, "x", "b", 8).await.unwrap().epoch, 2);
    // The holder is gone: what it had is free, and who takes it over begins a new epoch.
    assert_eq!(standing(&store, 10).await, [row("x", "b", 2, false), row("y", "a", 1, true)]);
    assert_eq!(take(&store, "y", "b", 10).await.unwrap().epoch, 2);
    // It comes back and takes on what it believes to have: nothing of that is its own any more.
    store.take_on("a", at(11), TTL).await.unwrap();
    assert_eq!(standing(&store, 11).await, [row("x", "b", 2, false), row("y", "b", 2, false)]);
    let mut commit = Commit::new("x");
    commit.lease = Some(first);
    assert!(matches!(store.commit(commit).await, Err(CommitError::LeaseLost)));
    // Hosts of the past are forgotten, and what they had stays free.
    store.forget_holders(at(100)).await.unwrap();
    assert_eq!(standing(&store, 100).await, [row("x", "b", 2, true), row("y", "b", 2, true)]);
}
