//! Where a poll goes on: the newest statement seen, and what was last made of the events seen.
//!
//! Losing it costs repeated statements, which the bus knows by their ids, and never an event.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::document::Reject;
use crate::reading::Reading;

/// The host takes 64 KiB.
const MAX_BYTES: usize = 48 * 1024;
const MAX_REJECTS: usize = 200;

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    /// The newest `updated` of the catalogue's own. None before the first.
    #[serde(default)]
    pub watermark: Option<Timestamp>,
    /// The service answered 400 to `updatedafter` and 200 without it.
    #[serde(default)]
    pub refuses_updates: bool,
    /// Event and fingerprint of its last statement, newest last.
    #[serde(default)]
    seen: Vec<(String, String)>,
    /// Fingerprints of parts that were rejected, so that a broken event in a window that is asked for again and again
    /// becomes one dead letter, not hundreds.
    #[serde(default)]
    rejected: Vec<String>,
}

impl Cursor {
    /// A cursor that cannot be read is as good as none.
    pub fn read(text: Option<&str>) -> Self {
        text.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
    }

    pub fn write(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Leaves out what was handed over before and what is too weak to begin with, and remembers the rest. Statements without
    /// an update time of their own are stamped with `now`.
    pub fn new_or_changed(
        &mut self,
        readings: Vec<Reading>,
        least: Option<f64>,
        now: Timestamp,
    ) -> Vec<Reading> {
        let mut fresh = Vec::new();
        for mut reading in readings {
            self.watermark = self.watermark.max(reading.updated.map(|updated| updated.min(now)));
            let print = fingerprint(&format!("{reading:?}"));
            let seen_at = self.seen.iter().position(|(id, _)| *id == reading.event_id);
            let is_weak = match (least, &reading.magnitude) {
                (Some(least), Some(magnitude)) => magnitude.mag < least,
                // An event whose magnitude is not known yet may turn out to be strong.
                _ => false,
            };
            // What was stated once is followed however weak it becomes: somebody may have to be told that it is over.
            if is_weak && seen_at.is_none() {
                continue;
            }
            let before = seen_at.map(|at| self.seen.remove(at));
            let known = before.is_some_and(|(_, before)| before == print);
            self.seen.push((reading.event_id.clone(), print));
            if !known {
                reading.updated.get_or_insert(now);
                fresh.push(reading);
            }
        }
        self.forget();
        fresh
    }

    /// Whether the part was not rejected before.
    pub fn is_new_reject(&mut self, reject: &Reject) -> bool {
        let print = fingerprint(&String::from_utf8_lossy(&reject.raw));
        if self.rejected.contains(&print) {
            return false;
        }
        if self.rejected.len() >= MAX_REJECTS {
            self.rejected.remove(0);
        }
        self.rejected.push(print);
        true
    }

    fn forget(&mut self) {
        let size = |(id, print): &(String, String)| id.len() * 2 + print.len() + 8;
        let mut bytes: usize = self.seen.iter().map(size).sum();
        let mut forgotten = 0;
        for entry in &self.seen {
            if bytes <= MAX_BYTES - MAX_REJECTS * 24 {
                break;
            }
            bytes = bytes.saturating_sub(size(entry));
            forgotten += 1;
        }
        self.seen.drain(..forgotten);
    }
}

/// FNV-1a, 64 bits: must stay the same from one build of the plugin to the next, which the standard library's hasher does not promise.
fn fingerprint(text: &str) -> String {
    let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    format!("{hash:016x}")
}
