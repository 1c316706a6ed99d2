//! Many ids, as little of each as tells it from all others.

use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};

/// What is found later forgets what was known before, once that is this much.
const MANY: usize = 1_000_000;

/// Two hashes of 64 bits, with keys that nobody outside knows, stand for an id: among a thousand million of them the odds that two are
/// the same are less than one to 10²⁰.
#[derive(Default)]
pub struct Ids {
    keys: [RandomState; 2],
    ids: HashSet<(u64, u64)>,
}

impl Ids {
    /// None yet, by the same keys: to be put together with these.
    pub fn none(&self) -> Self {
        Self { keys: self.keys.clone(), ids: HashSet::new() }
    }

    pub fn add(&mut self, id: &str) {
        let id = self.of(id);
        self.ids.insert(id);
    }

    pub fn extend(&mut self, more: Self) {
        if self.ids.len() > MANY || self.ids.is_empty() {
            self.ids = more.ids;
        } else {
            self.ids.extend(more.ids);
        }
    }

    pub fn contains(&self, id: &str) -> bool {
        self.ids.contains(&self.of(id))
    }

    pub fn len(&self) -> usize {
        self.ids.len()
    }

    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    fn of(&self, id: &str) -> (u64, u64) {
        let [one, other] = &self.keys;
        (one.hash_one(id), other.hash_one(id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_added_is_known_and_nothing_else() {
        let mut ids = Ids::default();
        assert!(ids.is_empty() && !ids.contains("0"));
        for batch in [0..10_000, 5_000..20_000] {
            let mut more = ids.none();
            batch.for_each(|n| more.add(&n.to_string()));
            ids.extend(more);
        }
        assert_eq!(ids.len(), 20_000);
        assert!((0..20_000).all(|n| ids.contains(&n.to_string())));
        assert!(!(20_000..40_000).any(|n| ids.contains(&n.to_string())));
    }
}
