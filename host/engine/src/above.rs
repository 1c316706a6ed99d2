//! What calls ask of the database is asked by threads of usual priority. A call that computes below them waits for a core again and
//! again; a question that waits with it would hold one of the few connections meanwhile, and who waits for that may be an alert.

use std::collections::BTreeSet;
use std::sync::Arc;

use dongting_manifest::history::{self, Found};
use dongting_manifest::record::{self, Extent, Page, Record};
use dongting_manifest::timer::Timer;
use dongting_sandbox::{HistoryReader, Read, RecordReader, StateReader, TimerReader};
use tokio::runtime::Handle;
use tokio::task::JoinHandle;

/// A reader whose answers are fetched by other threads than those of who asks. A question goes on to its end even when the call that
/// asked is over: it is short, and then its connection is free again.
pub struct Above<R> {
    pub reader: Arc<R>,
    pub threads: Handle,
}

fn answer<'r, T: Send + 'static>(question: JoinHandle<Result<T, String>>) -> Read<'r, T> {
    Box::pin(async move { question.await.unwrap_or_else(|_| Err("the host ends".to_owned())) })
}

impl<R: StateReader + 'static> StateReader for Above<R> {
    fn get(&self, key: &str) -> Read<'_, Option<Vec<u8>>> {
        let (reader, key) = (Arc::clone(&self.reader), key.to_owned());
        answer(self.threads.spawn(async move { reader.get(&key).await }))
    }

    fn keys(&self, after: &str, limit: u32) -> Read<'_, Vec<String>> {
        let (reader, after) = (Arc::clone(&self.reader), after.to_owned());
        answer(self.threads.spawn(async move { reader.keys(&after, limit).await }))
    }
}

impl<R: TimerReader + 'static> TimerReader for Above<R> {
    fn get(&self, name: &str) -> Read<'_, Option<Timer>> {
        let (reader, name) = (Arc::clone(&self.reader), name.to_owned());
        answer(self.threads.spawn(async move { reader.get(&name).await }))
    }

    fn count(&self) -> Read<'_, u64> {
        let reader = Arc::clone(&self.reader);
        answer(self.threads.spawn(async move { reader.count().await }))
    }
}

impl<R: RecordReader + 'static> RecordReader for Above<R> {
    fn extent(&self) -> Read<'_, Extent> {
        let reader = Arc::clone(&self.reader);
        answer(self.threads.spawn(async move { reader.extent().await }))
    }

    fn get(&self, collection: &str, id: &str) -> Read<'_, Option<Record>> {
        let (reader, collection, id) = (Arc::clone(&self.reader), collection.to_owned(), id.to_owned());
        answer(self.threads.spawn(async move { reader.get(&collection, &id).await }))
    }

    fn find(&self, query: &record::Query, without: BTreeSet<String>, max_bytes: usize) -> Read<'_, Page> {
        let (reader, query) = (Arc::clone(&self.reader), query.clone());
        answer(self.threads.spawn(async move { reader.find(&query, without, max_bytes).await }))
    }
}

impl<R: HistoryReader + 'static> HistoryReader for Above<R> {
    fn find(&self, query: history::Query) -> Read<'_, Result<Found, String>> {
        let reader = Arc::clone(&self.reader);
        answer(self.threads.spawn(async move { reader.find(query).await }))
    }

    fn batch(&self) -> Option<u64> {
        self.reader.batch()
    }
}
