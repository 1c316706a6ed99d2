//! When which inputs may be forgotten. JetStream may fall back behind an ack floor it has told when it is killed, by a fraction of a second;
//! what it told minutes ago it has on the disk.

use std::time::{Duration, Instant};

const MARGIN: Duration = Duration::from_secs(10 * 60);

/// The ack floor of one consumer as it was told last.
#[derive(Debug, Default)]
pub struct Floor {
    told: Option<(Instant, u64)>,
}

impl Floor {
    /// Whether to ask for the ack floor now.
    pub fn is_due(&self, now: Instant) -> bool {
        self.told.is_none_or(|(at, _)| now.duration_since(at) >= MARGIN)
    }

    /// Notes the ack floor, and returns the one before it, which is old enough to rely on.
    pub fn tell(&mut self, now: Instant, sequence: u64) -> Option<u64> {
        self.told.replace((now, sequence)).map(|(_, before)| before.min(sequence))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_floor_is_relied_on_one_margin_later() {
        let start = Instant::now();
        let mut floor = Floor::default();
        assert!(floor.is_due(start));
        assert_eq!(floor.tell(start, 5), None);
        assert!(!floor.is_due(start + MARGIN / 2));
        let later = start + MARGIN;
        assert!(floor.is_due(later));
        assert_eq!(floor.tell(later, 9), Some(5));
        assert_eq!(floor.tell(later + MARGIN, 7), Some(7), "fallen back: the lower of both");
    }
}
