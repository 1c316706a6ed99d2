//! How much is kept of what was there before each call, and which calls have to go where it is too much.

use std::collections::BTreeMap;

/// Groups of calls that are told apart of an installation, at most.
const GROUPS: usize = 256;

/// Bytes, by installation and by calls.
#[derive(Debug, Default)]
pub struct Versions(BTreeMap<String, Calls>);

/// An installation's calls in groups of `1 << width` positions.
#[derive(Debug, Default)]
struct Calls {
    width: u32,
    bytes: BTreeMap<i64, u64>,
}

impl Versions {
    pub fn add(&mut self, installation: String, call: i64, bytes: u64) {
        self.0.entry(installation).or_default().add(call, bytes);
    }

    /// Up to which position an installation's calls have to go, so that all together take `most`. It is shared out: whoever takes less than its
    /// share loses nothing by those that take more.
    pub fn beyond(&self, most: u64) -> Vec<(String, i64)> {
        let mut totals: Vec<u64> = self.0.values().map(|calls| calls.bytes.values().sum()).collect();
        totals.sort_unstable();
        let (mut left, mut count) = (most, totals.len() as u64);
        for total in totals {
            let share = left / count;
            if total > share {
                return self
                    .0
                    .iter()
                    .filter_map(|(id, calls)| Some((id.clone(), calls.over(share)?)))
                    .collect();
            }
            left -= total;
            count -= 1;
        }
        Vec::new()
    }
}

impl Calls {
    fn add(&mut self, call: i64, bytes: u64) {
        *self.bytes.entry(call >> self.width).or_default() += bytes;
        while self.bytes.len() > GROUPS {
            self.width += 1;
            for (group, bytes) in std::mem::take(&mut self.bytes) {
                *self.bytes.entry(group >> 1).or_default() += bytes;
            }
        }
    }

    /// The newest call of those that do not fit into `share` behind all newer ones.
    fn over(&self, share: u64) -> Option<i64> {
        let mut held = 0;
        let full = self.bytes.iter().rev().find(|(_, bytes)| {
            held += **bytes;
            held > share
        });
        full.map(|(group, _)| ((group + 1) << self.width) - 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn versions(all: &[(&str, i64, u64)]) -> Versions {
        let mut versions = Versions::default();
        all.iter().for_each(|(id, call, bytes)| versions.add((*id).to_owned(), *call, *bytes));
        versions
    }

    #[test]
    fn the_oldest_calls_of_who_takes_most_go() {
        let all = [("a", 5, 30), ("a", 1_030, 30), ("b", 7, 10), ("c", 2_000, 25), ("c", 1_023, 40)];
        let beyond = |most| versions(&all).beyond(most);
        assert_eq!(beyond(135), []);
        // b takes 10, the others may have 55 each.
        assert_eq!(beyond(120), [("a".to_owned(), 5), ("c".to_owned(), 1_023)]);
        assert_eq!(beyond(129), [("a".to_owned(), 5), ("c".to_owned(), 1_023)]);
        assert_eq!(beyond(130), [("c".to_owned(), 1_023)]);
        // Where even the newest do not fit, they go as well.
        assert_eq!(beyond(50), [("a".to_owned(), 1_030), ("c".to_owned(), 2_000)]);
        assert_eq!(beyond(0).len(), 3);
        assert_eq!(Versions::default().beyond(0), []);
    }

    #[test]
    fn many_calls_are_counted_together() {
        let mut versions = Versions::default();
        for call in 0..100_000 {
            versions.add("a".to_owned(), call * 1_000, 1);
        }
        let calls = &versions.0["a"];
        assert!(calls.bytes.len() <= GROUPS && calls.bytes.len() > GROUPS / 4, "{}", calls.bytes.len());
        let [(_, position)] = &*versions.beyond(50_000) else { panic!("one is over") };
        // Half of it goes, to within a group.
        assert!((49_000_000..52_000_000).contains(position), "{position}");
    }
}
