//! What an installation kept as of a call, and what was written since by who makes it again: a replay from its first call on, a shadow for each.

use std::collections::{BTreeMap, BTreeSet};

use dongting_manifest::record::{self, Collections, Extent, Page, Query, Record, Written};
use dongting_manifest::timer::Timer;
use dongting_sandbox::{Read, RecordReader, StateReader, TimerReader, Writes, keys_over};
use dongting_store::{CallRecord, Store, StoreError};
use tokio::sync::Mutex;

use crate::installed::chain;

pub struct Before {
    store: Store,
    installation: String,
    /// Position of the first call.
    first: i64,
    /// As the release that is called declares them.
    collections: Collections,
    since: Mutex<Since>,
}

#[derive(Default)]
struct Since {
    state: BTreeMap<String, Option<Vec<u8>>>,
    timers: BTreeMap<String, Option<Timer>>,
    extent: Option<Extent>,
    form: Option<u32>,
    /// All of them, once some were looked for; the operator's limit bounds them.
    documents: Option<BTreeMap<(String, String), Written>>,
    /// Those that were written before that.
    written: BTreeMap<(String, String), Option<Written>>,
}

impl Before {
    pub fn new(store: Store, installation: &str, first: i64, collections: Collections) -> Self {
        Self { store, installation: installation.to_owned(), first, collections, since: Mutex::default() }
    }

    /// Before a call is made again.
    pub async fn begin(&self, call: &CallRecord) {
        let mut since = self.since.lock().await;
        since.extent = since.extent.or(call.records);
    }

    /// In which form what was kept is by now: at first as the first call found it.
    pub async fn form(&self, call: &CallRecord) -> u32 {
        let found = call.migrated.as_ref().map(|migrated| migrated.from);
        // What was recorded before forms were numbered was of the first.
        *self.since.lock().await.form.get_or_insert(found.or(call.form).unwrap_or(1))
    }

    /// The replay has brought it to another.
    pub async fn brought_to(&self, form: u32) {
        self.since.lock().await.form = Some(form);
    }

    /// After it.
    pub async fn write(&self, call: &CallRecord, writes: Writes) {
        let mut since = self.since.lock().await;
        since.state.extend(writes.state);
        // Those that were given to the call are used up, unless it has set them anew.
        since.timers.extend(call.timers.iter().map(|(name, _)| (name.clone(), None)));
        since.timers.extend(writes.timers);
        if !writes.records.records.is_empty() {
            since.extent = Some(writes.records.after);
        }
        for (at, written) in writes.records.records {
            let Some(documents) = &mut since.documents else {
                since.written.insert(at, written);
                continue;
            };
            match written {
                Some(written) => documents.insert(at, written),
                None => documents.remove(&at),
            };
        }
    }

    async fn documents<'s>(
        &self,
        since: &'s mut Since,
    ) -> Result<&'s BTreeMap<(String, String), Written>, StoreError> {
        if since.documents.is_none() {
            let records = self.store.records_before(&self.installation, self.first).await?;
            let mut documents: BTreeMap<_, _> =
                records.into_iter().map(|(at, record)| (at.clone(), self.indexed(&at, record))).collect();
            for (at, written) in std::mem::take(&mut since.written) {
                match written {
                    Some(written) => documents.insert(at, written),
                    None => documents.remove(&at),
                };
            }
            since.extent.get_or_insert_with(|| Extent {
                revision: documents.values().map(|one| one.record.revision).max().unwrap_or(0),
                bytes: documents.values().map(|one| one.record.bytes).sum(),
            });
            since.documents = Some(documents);
        }
        Ok(since.documents.get_or_insert_default())
    }

    fn indexed(&self, (collection, id): &(String, String), mut record: Record) -> Written {
        let keys = record::keys(&self.collections, collection, &record.body);
        record.bytes = record::size(collection, id, &record.body, &keys);
        Written { record, keys }
    }
}

impl StateReader for Before {
    fn get(&self, key: &str) -> Read<'_, Option<Vec<u8>>> {
        let key = key.to_owned();
        Box::pin(async move {
            let written = self.since.lock().await.state.get(&key).cloned();
            match written {
                Some(value) => Ok(value),
                None => self
                    .store
                    .state_before(&self.installation, &key, self.first)
                    .await
                    .map_err(|error| chain(&error)),
            }
        })
    }

    fn keys(&self, after: &str, limit: u32) -> Read<'_, Vec<String>> {
        let after = after.to_owned();
        Box::pin(async move {
            let since = self.since.lock().await;
            let committed = async |most| {
                let of = (after.as_str(), most);
                self.store.state_keys_before(&self.installation, self.first, of).await
            };
            keys_over(&since.state, (&after, limit), committed).await.map_err(|error| chain(&error))
        })
    }
}

impl TimerReader for Before {
    fn get(&self, name: &str) -> Read<'_, Option<Timer>> {
        let name = name.to_owned();
        Box::pin(async move {
            let written = self.since.lock().await.timers.get(&name).cloned();
            match written {
                Some(timer) => Ok(timer),
                None => self
                    .store
                    .timer_before(&self.installation, &name, self.first)
                    .await
                    .map_err(|error| chain(&error)),
            }
        })
    }

    fn count(&self) -> Read<'_, u64> {
        Box::pin(async move {
            let before = self.store.timers_before(&self.installation, self.first).await;
            let mut names: BTreeSet<String> = before.map_err(|error| chain(&error))?.into_iter().collect();
            for (name, timer) in &self.since.lock().await.timers {
                match timer {
                    Some(_) => names.insert(name.clone()),
                    None => names.remove(name),
                };
            }
            Ok(names.len() as u64)
        })
    }
}

impl RecordReader for Before {
    fn extent(&self) -> Read<'_, Extent> {
        Box::pin(async move {
            let mut since = self.since.lock().await;
            // Most calls that use documents have said how many there were.
            if since.extent.is_none() {
                self.documents(&mut since).await.map_err(|error| chain(&error))?;
            }
            Ok(since.extent.unwrap_or_default())
        })
    }

    fn get(&self, collection: &str, id: &str) -> Read<'_, Option<Record>> {
        let at = (collection.to_owned(), id.to_owned());
        Box::pin(async move {
            let since = self.since.lock().await;
            if let Some(documents) = &since.documents {
                return Ok(documents.get(&at).map(|written| written.record.clone()));
            }
            if let Some(written) = since.written.get(&at) {
                return Ok(written.as_ref().map(|written| written.record.clone()));
            }
            let (collection, id) = (at.0.as_str(), at.1.as_str());
            let record = self.store.record_before(&self.installation, (collection, id), self.first).await;
            let record = record.map_err(|error| chain(&error))?;
            Ok(record.map(|record| self.indexed(&at, record).record))
        })
    }

    fn find(&self, query: &Query, without: BTreeSet<String>, max_bytes: usize) -> Read<'_, Page> {
        let query = query.clone();
        Box::pin(async move {
            let mut since = self.since.lock().await;
            let documents = self.documents(&mut since).await.map_err(|error| chain(&error))?;
            let records = documents
                .iter()
                .filter(|((collection, id), _)| *collection == query.collection && !without.contains(id))
                .filter_map(|((_, id), written)| {
                    let (_, key) = written.keys.iter().find(|(index, _)| *index == query.index)?;
                    query.takes(key, id).then(|| (key.clone(), written.record.clone()))
                })
                .collect();
            let mut page = Page { records, complete: true };
            page.cut(query.limit, max_bytes);
            Ok(page)
        })
    }
}
