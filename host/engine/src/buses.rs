//! The connections to nats-server.

use dongting_bus::Bus;
use dongting_priority::Priority;

/// One for each kind of threads, which serve it: what one kind sends and reads keeps no other waiting. And the urgent one is asked by urgent
/// threads alone: a queue whose sender has no core at a bad moment is polled again and again until it has one (ADR 48).
pub struct Buses {
    pub urgent: Bus,
    pub usual: Bus,
    pub bulk: Bus,
}

impl Buses {
    /// That of threads like this one.
    pub fn mine(&self) -> &Bus {
        match Priority::taken() {
            Some(Priority::Urgent) => &self.urgent,
            Some(Priority::Bulk) => &self.bulk,
            _ => &self.usual,
        }
    }
}

/// One for all.
impl From<Bus> for Buses {
    fn from(bus: Bus) -> Self {
        Self { urgent: bus.clone(), usual: bus.clone(), bulk: bus }
    }
}
