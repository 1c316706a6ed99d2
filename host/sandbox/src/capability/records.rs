//! `dongting:records`: JSON documents. Writes stay in the call, where all its reads see them, and leave with its outcome; the
//! engine commits them together with the call's messages.

use std::collections::BTreeSet;
use std::sync::Arc;

use dongting_manifest::record::{self, BY_ID, Collection, Collections, Extent, MAX_BODY_BYTES, MAX_ID_BYTES};
use dongting_manifest::record::{Page, Query, Record, Writes, Written};
use wasmtime::component::{HasData, Linker};

use crate::bindings::dongting::records::records;
use crate::call::CallState;
use crate::convert::cut;
use crate::reader::RecordReader;

const MAX_RECORDS: u32 = 1_000;
const MAX_PAGE_BYTES: usize = 4 * 1024 * 1024;
const MAX_CURSOR_BYTES: usize = 1024;

pub struct Records {
    reader: Option<Arc<dyn RecordReader>>,
    collections: Arc<Collections>,
    writes: Writes,
    /// Whether `writes.before` was read.
    begun: bool,
    written_bytes: u64,
    limit_bytes: u64,
}

/// Index and key.
type Key = (String, String);

/// A read of the database that fails ends the call: the guest must not decide on half of its memory.
type Answer<T> = wasmtime::Result<Result<T, records::Error>>;

impl Records {
    pub fn new(reader: Option<Arc<dyn RecordReader>>, collections: Arc<Collections>, limit_kib: u32) -> Self {
        let limit_bytes = u64::from(limit_kib) * 1024;
        Self { reader, collections, writes: Writes::default(), begun: false, written_bytes: 0, limit_bytes }
    }

    pub fn take_writes(&mut self) -> Writes {
        std::mem::take(&mut self.writes)
    }

    fn collection(&self, name: &str) -> Result<&Collection, records::Error> {
        self.collections.get(name).ok_or_else(|| {
            invalid(format!("the manifest names no collection `{}`: add it under [records]", cut(name)))
        })
    }

    /// Notes what there is before the first read, so that what is read is known to be of one time.
    async fn begin(&mut self) -> wasmtime::Result<()> {
        if !self.begun {
            if let Some(reader) = &self.reader {
                self.writes.before = reader.extent().await.map_err(wasmtime::Error::msg)?;
            }
            self.writes.after = self.writes.before;
            self.begun = true;
        }
        Ok(())
    }

    async fn read(&mut self, at: &(String, String)) -> wasmtime::Result<Option<Record>> {
        self.begin().await?;
        match (self.writes.records.get(at), &self.reader) {
            (Some(written), _) => Ok(written.as_ref().map(|written| written.record.clone())),
            (None, None) => Ok(None),
            (None, Some(reader)) => reader.get(&at.0, &at.1).await.map_err(wasmtime::Error::msg),
        }
    }

    /// Writes or deletes where the revision is as expected. The revision that there is now.
    async fn write(
        &mut self,
        at: (String, String),
        written: Option<(Vec<u8>, Vec<Key>)>,
        expected: Option<u64>,
    ) -> Answer<u64> {
        let before = self.read(&at).await?;
        let revision = before.as_ref().map_or(0, |record| record.revision);
        if expected.is_some_and(|expected| expected != revision) {
            return Ok(Err(records::Error::Conflict(revision)));
        }
        if before.is_none() && written.is_none() {
            return Ok(Ok(0));
        }
        let revision = self.writes.after.revision + 1;
        let written = written.map(|(body, keys)| {
            let bytes = record::size(&at.0, &at.1, &body, &keys);
            Written { record: Record { id: at.1.clone(), revision, body, bytes }, keys }
        });
        let new = written.as_ref().map_or(0, |written| written.record.bytes);
        let old = before.map_or(0, |record| record.bytes);
        let bytes = (self.writes.after.bytes + new).saturating_sub(old);
        // What a call holds before it is committed is bounded like what is kept. What shrinks is always taken.
        let held = self.written_bytes + new.max((at.0.len() + at.1.len()) as u64);
        if (new > old && bytes > self.limit_bytes) || held > self.limit_bytes {
            return Ok(Err(records::Error::Quota));
        }
        self.written_bytes = held;
        self.writes.after = Extent { revision, bytes };
        self.writes.records.insert(at, written);
        Ok(Ok(revision))
    }

    /// The committed page with the call's writes put in their places.
    async fn page(&mut self, query: Query) -> wasmtime::Result<Page> {
        self.begin().await?;
        let of_collection = || {
            let begin = (query.collection.clone(), String::new());
            self.writes.records.range(begin..).take_while(|((name, _), _)| *name == query.collection)
        };
        let without: BTreeSet<String> = of_collection().map(|((_, id), _)| id.clone()).collect();
        let mut page = match &self.reader {
            None => Page { records: Vec::new(), complete: true },
            Some(reader) => {
                reader.find(&query, without, MAX_PAGE_BYTES).await.map_err(wasmtime::Error::msg)?
            }
        };
        // Behind the end of a page that is not complete lie others that would come before.
        let end =
            page.records.last().filter(|_| !page.complete).map(|(key, one)| (key.clone(), one.id.clone()));
        for written in of_collection().filter_map(|(_, written)| written.as_ref()) {
            let key = written.keys.iter().find(|(index, _)| *index == query.index).map(|(_, key)| key);
            let Some(key) = key.filter(|key| query.takes(key, &written.record.id)) else { continue };
            let place = (key, &written.record.id);
            let behind = end.as_ref().is_some_and(|(key, id)| place > (key, id));
            if !behind {
                page.records.push((key.clone(), written.record.clone()));
            }
        }
        page.cut(query.limit, MAX_PAGE_BYTES);
        Ok(page)
    }

    fn query(&self, query: records::Query) -> Result<Query, records::Error> {
        let index = query.index.unwrap_or_else(|| BY_ID.to_owned());
        let known = &self.collection(&query.collection)?.indexes;
        if index != BY_ID && !known.contains(&index) {
            let said = format!("`{}` has no index `{}`", cut(&query.collection), cut(&index));
            return Err(invalid(said));
        }
        if !(1..=MAX_RECORDS).contains(&query.limit) {
            let said = format!("the limit must lie between 1 and {MAX_RECORDS}, and is {}", query.limit);
            return Err(invalid(said));
        }
        let after = match &query.after {
            None => (String::new(), String::new()),
            Some(cursor) => cursor
                .split_once(':')
                .filter(|(key, _)| {
                    cursor.len() <= MAX_CURSOR_BYTES && key.bytes().all(|b| b.is_ascii_alphanumeric())
                })
                .filter(|(_, id)| !id.contains('\0'))
                .map(|(key, id)| (key.to_owned(), id.to_owned()))
                .ok_or_else(|| invalid(format!("`{}` is no cursor of a page", cut(cursor))))?,
        };
        let key = |value: Option<records::Value>| value.map(key).transpose();
        let (first, last) = record::range(key(query.first)?, key(query.last)?);
        Ok(Query { collection: query.collection, index, first, last, after, limit: query.limit })
    }
}

fn key(value: records::Value) -> Result<String, records::Error> {
    match value {
        records::Value::Boolean(value) => Ok(record::boolean(value)),
        records::Value::Number(value) => {
            record::number(value).ok_or_else(|| invalid("a bound is not a number".to_owned()))
        }
        records::Value::Text(value) => {
            record::text(&value).ok_or_else(|| invalid("a bound is too long a text".to_owned()))
        }
    }
}

fn invalid(why: String) -> records::Error {
    records::Error::Invalid(why)
}

fn check_id(id: &str) -> Result<(), records::Error> {
    // PostgreSQL keeps no text with a NUL.
    if (1..=MAX_ID_BYTES).contains(&id.len()) && !id.contains('\0') {
        return Ok(());
    }
    Err(invalid(format!("an id has 1 to {MAX_ID_BYTES} bytes and no NUL")))
}

fn stored(record: Record) -> records::Stored {
    records::Stored { id: record.id, revision: record.revision, body: record.body }
}

pub struct RecordsCapability;

impl HasData for RecordsCapability {
    type Data<'a> = &'a mut Records;
}

pub fn add_to_linker(linker: &mut Linker<CallState>) -> wasmtime::Result<()> {
    records::add_to_linker::<_, RecordsCapability>(linker, |call| &mut call.records)
}

impl records::Host for &mut Records {
    async fn get(&mut self, collection: String, id: String) -> Answer<Option<records::Stored>> {
        if let Err(error) = self.collection(&collection).and_then(|_| check_id(&id)) {
            return Ok(Err(error));
        }
        Ok(Ok(self.read(&(collection, id)).await?.map(stored)))
    }

    async fn put(
        &mut self,
        collection: String,
        id: String,
        body: Vec<u8>,
        expected: Option<u64>,
    ) -> Answer<u64> {
        if body.len() > MAX_BODY_BYTES {
            let said = format!("the document has {} bytes; at most {MAX_BODY_BYTES} are kept", body.len());
            return Ok(Err(invalid(said)));
        }
        let keys = check_id(&id)
            .and_then(|()| self.collection(&collection))
            .and_then(|collection| collection.keys(&body).map_err(invalid));
        match keys {
            Ok(keys) => self.write((collection, id), Some((body, keys)), expected).await,
            Err(error) => Ok(Err(error)),
        }
    }

    async fn delete(&mut self, collection: String, id: String, expected: Option<u64>) -> Answer<()> {
        if let Err(error) = self.collection(&collection).and_then(|_| check_id(&id)) {
            return Ok(Err(error));
        }
        Ok(self.write((collection, id), None, expected).await?.map(|_| ()))
    }

    async fn find(&mut self, query: records::Query) -> Answer<records::Page> {
        let query = match self.query(query) {
            Ok(query) => query,
            Err(error) => return Ok(Err(error)),
        };
        let Page { records, complete } = self.page(query).await?;
        let last = records.last().filter(|_| !complete);
        let next = last.map(|(key, record)| format!("{key}:{}", record.id));
        let items = records.into_iter().map(|(_, record)| stored(record)).collect();
        Ok(Ok(records::Page { items, next }))
    }
}
