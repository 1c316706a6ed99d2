//! Partitions whose messages wait, where a plugin asks for order: a message that is tried again and the later ones of its partition are
//! kept in the database, so that they hold back no others on the lane.

use std::collections::BTreeMap;

use dongting_manifest::Timestamp;
use dongting_store::{Store, StoreError};

/// As many parked messages of an installation on a lane stop it from fetching more: what is down outside holds the lane back.
const FULL: u64 = 1_000;

#[derive(Debug, Default)]
pub struct Parking {
    /// When the first message of each partition is due.
    heads: BTreeMap<String, Timestamp>,
    messages: u64,
}

impl Parking {
    pub async fn load(store: &Store, installation: &str, stream: &str) -> Result<Self, StoreError> {
        let parked = store.parked_partitions(installation, stream).await?;
        Ok(Self {
            messages: parked.iter().map(|partition| partition.messages).sum(),
            heads: parked.into_iter().map(|partition| (partition.name, partition.due)).collect(),
        })
    }

    pub fn holds(&self, partition: &str) -> bool {
        self.heads.contains_key(partition)
    }

    pub fn is_full(&self) -> bool {
        self.messages >= FULL
    }

    pub fn is_empty(&self) -> bool {
        self.heads.is_empty()
    }

    pub fn next_due(&self) -> Option<Timestamp> {
        self.heads.values().min().copied()
    }

    /// Takes out the partitions that are due: their messages are handled now, and whichever waits again comes back with `hold`.
    pub fn take_due(&mut self, now: Timestamp) -> Vec<String> {
        let due: Vec<String> =
            self.heads.iter().filter(|(_, due)| **due <= now).map(|(name, _)| name.clone()).collect();
        self.heads.retain(|_, due| *due > now);
        due
    }

    /// Another one of the partition waits, or the same once more.
    pub fn hold(&mut self, partition: &str, due: Timestamp, is_new: bool) {
        self.heads.entry(partition.to_owned()).or_insert(due);
        self.messages += u64::from(is_new);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_parked_meanwhile_counts() {
        let mut parking = Parking::default();
        for _ in 0..FULL {
            assert!(!parking.is_full());
            parking.hold("a", Timestamp::now(), true);
        }
        assert!(parking.is_full());
        let mut parking = Parking::default();
        (0..2 * FULL).for_each(|_| parking.hold("a", Timestamp::now(), false));
        assert!(!parking.is_full(), "one that waits once more is none more");
    }
}
