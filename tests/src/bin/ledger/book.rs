//! The book: what was said, what arrived, and what that comes to.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Instant;

use serde::{Deserialize, Serialize};

use crate::load::Reading;

/// What the sink delivers: the reading's own number beside the transform's count.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Effect {
    pub partition: String,
    pub n: u64,
    pub count: u64,
}

#[derive(Default)]
pub struct Book {
    said: HashSet<(String, u64)>,
    /// The first effect under each key.
    keys: HashMap<String, Effect>,
    /// The numbers that arrived, by partition, in the order of their first arrival.
    arrived: BTreeMap<String, Vec<u64>>,
    when: Vec<Instant>,
    figures: Figures,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Figures {
    pub expected: u64,
    pub arrived: u64,
    pub lost: u64,
    /// One reading under two keys, or one key with two bodies.
    pub duplicated: u64,
    /// First arrivals that were not behind all earlier ones of their partition.
    pub reordered: u64,
    /// Counts that are not what they would be had each reading been counted once and in order.
    pub miscounted: u64,
    /// Effects of readings that were never said.
    pub invented: u64,
    /// Poison that was due.
    pub poison: u64,
    /// The end of the load that is told apart: good readings that came due in it, effects that were made in it, and how many of the readings
    /// those make up for.
    pub end_millis: u64,
    pub end_due: u64,
    pub end_made: u64,
    pub end_kept: u64,
    /// Attempts while the receiver was down.
    pub refused: u64,
    /// Attempts made again with the key that had arrived: what a receiver that knows keys drops.
    pub repeated: u64,
}

impl Book {
    pub fn said(&mut self, readings: &[Reading]) {
        self.said.extend(readings.iter().map(|reading| (reading.partition.clone(), reading.n)));
    }

    pub fn arrived(&mut self, key: &str, effect: Effect) {
        if let Some(before) = self.keys.get(key) {
            if *before == effect {
                self.figures.repeated += 1;
            } else {
                self.figures.duplicated += 1;
            }
            return;
        }
        let numbers = self.arrived.entry(effect.partition.clone()).or_default();
        if numbers.contains(&effect.n) {
            self.figures.duplicated += 1;
            return;
        }
        if numbers.last().is_some_and(|last| *last > effect.n) {
            self.figures.reordered += 1;
        }
        numbers.push(effect.n);
        // Poison is not counted, so the count is the place among what arrives.
        if effect.count != numbers.len() as u64 {
            self.figures.miscounted += 1;
        }
        if !self.said.contains(&(effect.partition.clone(), effect.n)) {
            self.figures.invented += 1;
        }
        self.when.push(Instant::now());
        self.keys.insert(key.to_owned(), effect);
    }

    pub fn refused(&mut self) {
        self.figures.refused += 1;
    }

    /// When those arrived, in their order, that arrived from `from` to `to`.
    pub fn between(&self, from: Instant, to: Instant) -> Vec<Instant> {
        self.when.iter().filter(|at| (from..to).contains(*at)).copied().collect()
    }

    pub fn figures(&self, expected: &BTreeMap<String, Vec<u64>>) -> Figures {
        let none = Vec::new();
        let lost = expected.iter().map(|(partition, numbers)| {
            let arrived: HashSet<&u64> = self.arrived.get(partition).unwrap_or(&none).iter().collect();
            numbers.iter().filter(|n| !arrived.contains(n)).count() as u64
        });
        Figures {
            expected: expected.values().map(|numbers| numbers.len() as u64).sum(),
            arrived: self.keys.len() as u64,
            lost: lost.sum(),
            ..self.figures.clone()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn effect(n: u64, count: u64) -> Effect {
        Effect { partition: "p".to_owned(), n, count }
    }

    #[test]
    fn it_finds_what_is_wrong() {
        let expected = BTreeMap::from([("p".to_owned(), vec![1, 2, 3, 4, 5])]);
        let mut book = Book::default();
        let said = |n| Reading { partition: "p".to_owned(), n, poison: false };
        book.said(&[said(1), said(2), said(3), said(4), said(5)]);
        book.arrived("a", effect(1, 1));
        book.arrived("a", effect(1, 1));
        assert_eq!(book.figures(&expected).repeated, 1);
        book.arrived("b", effect(1, 1));
        assert_eq!(book.figures(&expected).duplicated, 1, "under another key");
        book.arrived("a", effect(1, 2));
        assert_eq!(book.figures(&expected).duplicated, 2, "with another body");
        book.arrived("c", effect(3, 2));
        book.arrived("d", effect(2, 3));
        assert_eq!(book.figures(&expected).reordered, 1);
        book.arrived("e", effect(4, 9));
        assert_eq!(book.figures(&expected).miscounted, 1);
        book.arrived("f", effect(7, 5));
        let figures = book.figures(&expected);
        assert_eq!((figures.invented, figures.lost), (1, 1), "5 is lost, 7 was never said");
    }
}
