//! How much is kept of what was there before each call, and which calls have to go where it is too much.

use std::collections::BTreeMap;

/// Calls that are counted together.
const TOGETHER: i64 = 1024;

/// Bytes, by installation and by calls.
#[derive(Debug, Default)]
pub struct Versions(BTreeMap<String, BTreeMap<i64, u64>>);

impl Versions {
    pub fn add(&mut self, installation: String, call: i64, bytes: u64) {
        *self.0.entry(installation).or_default().entry(call / TOGETHER).or_default() += bytes;
    }

    /// Up to which position an installation's calls have to go, so that all together take `most`. It is shared out: whoever takes less than its
    /// share loses nothing by those that take more.
    pub fn beyond(&self, most: u64) -> Vec<(String, i64)> {
        let mut totals: Vec<u64> = self.0.values().map(|calls| calls.values().sum()).collect();
        totals.sort_unstable();
        let (mut left, mut count) = (most, totals.len() as u64);
        for total in totals {
            if total > left / count {
                let share = left / count;
                return self
                    .0
                    .iter()
                    .filter_map(|(id, calls)| Some((id.clone(), over(calls, share)?)))
                    .collect();
            }
            left -= total;
            count -= 1;
        }
        Vec::new()
    }
}

/// The newest call of those that do not fit into `share` behind all newer ones.
fn over(calls: &BTreeMap<i64, u64>, share: u64) -> Option<i64> {
    let mut held = 0;
    let full = calls.iter().rev().find(|(_, bytes)| {
        held += **bytes;
        held > share
    });
    full.map(|(together, _)| (together + 1) * TOGETHER - 1)
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
        assert_eq!(beyond(120), [("a".to_owned(), 1_023), ("c".to_owned(), 1_023)]);
        assert_eq!(beyond(129), [("a".to_owned(), 1_023), ("c".to_owned(), 1_023)]);
        assert_eq!(beyond(130), [("c".to_owned(), 1_023)]);
        // Where even the newest do not fit, they go as well.
        assert_eq!(beyond(50), [("a".to_owned(), 2_047), ("c".to_owned(), 2_047)]);
        assert_eq!(beyond(0).len(), 3);
        assert_eq!(Versions::default().beyond(0), []);
    }
}
