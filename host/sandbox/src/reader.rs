//! What calls read of what was committed before. The engine reads from SQL, `dongting try` from memory.

use std::collections::BTreeSet;
use std::pin::Pin;
use std::sync::Arc;

use dongting_manifest::history::{Found, Query};
use dongting_manifest::record::{self, Extent, Page, Record};
use dongting_manifest::timer::Timer;

/// For each capability where it reads; none is empty.
#[derive(Clone, Default)]
pub struct Readers {
    pub state: Option<Arc<dyn StateReader>>,
    pub history: Option<Arc<dyn HistoryReader>>,
    pub timers: Option<Arc<dyn TimerReader>>,
    pub records: Option<Arc<dyn RecordReader>>,
}

/// What was asked for, or why it cannot be read.
pub type Read<'r, T> = Pin<Box<dyn Future<Output = Result<T, String>> + Send + 'r>>;

/// The installation's own keys and values.
pub trait StateReader: Send + Sync {
    fn get(&self, key: &str) -> Read<'_, Option<Vec<u8>>>;
}

/// Messages of the bus, as of the instant of the call.
pub trait HistoryReader: Send + Sync {
    /// Inside, the sentence that denies it to the installation.
    fn find(&self, query: Query) -> Read<'_, Result<Found, String>>;
    /// Up to which of the batches in which the history is written a call has read; none where it has asked nothing.
    fn batch(&self) -> Option<u64>;
}

/// The installation's own timers.
pub trait TimerReader: Send + Sync {
    fn get(&self, name: &str) -> Read<'_, Option<Timer>>;
    fn count(&self) -> Read<'_, u64>;
}

/// The installation's own documents.
pub trait RecordReader: Send + Sync {
    /// Asked before anything else of a call.
    fn extent(&self) -> Read<'_, Extent>;
    fn get(&self, collection: &str, id: &str) -> Read<'_, Option<Record>>;
    /// Without those whose ids are in `without`; at most `max_bytes` of bodies, but one document in any case.
    fn find(&self, query: &record::Query, without: BTreeSet<String>, max_bytes: usize) -> Read<'_, Page>;
}
