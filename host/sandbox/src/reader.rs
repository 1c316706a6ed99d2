//! What calls read of what was committed before. The engine reads from SQL, `dongting try` from memory.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
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
    /// Those behind `after`, in the order of their bytes.
    fn keys(&self, after: &str, limit: u32) -> Read<'_, Vec<String>>;
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

/// The keys behind `after` where `writes` lie over what is committed. `committed` tells as many of those as it is asked for.
pub async fn keys_over<E>(
    writes: &BTreeMap<String, Option<Vec<u8>>>,
    (after, limit): (&str, u32),
    committed: impl AsyncFnOnce(u32) -> Result<Vec<String>, E>,
) -> Result<Vec<String>, E> {
    // No key is empty: all lie behind the empty text.
    let behind = || writes.range::<str, _>((Bound::Excluded(after), Bound::Unbounded));
    // As many more as were deleted, so that a full page is left.
    let deleted = behind().filter(|(_, value)| value.is_none()).count();
    let most = limit.saturating_add(u32::try_from(deleted).unwrap_or(u32::MAX));
    let mut keys: BTreeSet<String> = committed(most).await?.into_iter().collect();
    for (key, value) in behind() {
        match value {
            Some(_) => keys.insert(key.clone()),
            None => keys.remove(key),
        };
    }
    Ok(keys.into_iter().take(limit as usize).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn keys_written_and_deleted_lie_over_those_committed() {
        let committed = ["a", "b", "c", "d", "e"];
        let writes: BTreeMap<String, Option<Vec<u8>>> = [
            ("aa", Some(Vec::new())),
            ("b", None),
            ("d", None),
            ("e", Some(Vec::new())),
            ("f", Some(Vec::new())),
        ]
        .map(|(key, value)| (key.to_owned(), value))
        .into();
        let page = async |after: &str, limit| {
            let told = async |most: u32| {
                let behind = committed.iter().filter(|key| **key > after).take(most as usize);
                Ok::<_, String>(behind.map(|key| (*key).to_owned()).collect())
            };
            keys_over(&writes, (after, limit), told).await.unwrap().join(" ")
        };
        assert_eq!(page("", 10).await, "a aa c e f");
        assert_eq!((page("", 2).await, page("aa", 2).await), ("a aa".to_owned(), "c e".to_owned()));
        assert_eq!((page("e", 2).await, page("f", 2).await), ("f".to_owned(), String::new()));
    }
}
