//! What an installation keeps, in memory instead of SQL: for the calls of one trial, under the same limits.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use dongting_manifest::history::{Found, Query};
use dongting_manifest::installation::Limits;
use dongting_manifest::plugin::Topic;
use dongting_manifest::record::{self, Collections, Extent, Page, Record, Written};
use dongting_manifest::timer::Timer;
use dongting_manifest::{Message, Region, Timestamp};
use dongting_sandbox::{HistoryReader, Read, RecordReader, StateReader, TimerReader, Writes};

use crate::past::denied;

/// As in `store/src/timer.rs`.
const SOONEST: Duration = Duration::from_secs(1);

/// Bodies that one question to the history may have, as in `past.rs`.
const MAX_HISTORY_BYTES: usize = 4 * 1024 * 1024;

/// Messages that the history keeps: a trial is no archive.
const MAX_HISTORY: usize = 100_000;

#[derive(Default)]
pub struct Memory {
    kept: Mutex<Kept>,
    said: Mutex<Said>,
}

/// What the calls of an installation have written.
#[derive(Debug, Default, Clone)]
pub struct Kept {
    pub state: BTreeMap<String, Vec<u8>>,
    pub timers: BTreeMap<String, Timer>,
    /// By collection and id.
    pub records: BTreeMap<(String, String), Written>,
    /// When each timer rings: not before a second after the call that set it.
    due: BTreeMap<String, Timestamp>,
    extent: Extent,
}

/// The history.
#[derive(Default)]
struct Said {
    messages: Vec<Message>,
    ids: BTreeSet<String>,
}

impl Memory {
    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn said(&self) -> MutexGuard<'_, Said> {
        self.said.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn kept(&self) -> Kept {
        self.lock().clone()
    }

    /// Commits what a call wrote, or says why the host would not. `rung` are the timers that the call was given.
    pub fn commit(
        &self,
        writes: Writes,
        rung: &[String],
        limits: Limits,
        now: Timestamp,
    ) -> Result<(), String> {
        let mut kept = self.lock();
        let size = |key: &String, value: &Vec<u8>| key.len() + value.len();
        let untouched = kept.state.iter().filter(|(key, _)| !writes.state.contains_key(*key));
        let bytes: usize = untouched.map(|(key, value)| size(key, value)).sum::<usize>()
            + writes.state.iter().filter_map(|(key, value)| Some(size(key, value.as_ref()?))).sum::<usize>();
        if !writes.state.is_empty() && bytes > limits.state_kib as usize * 1024 {
            return Err(format!(
                "the installation's state would have {bytes} bytes; limits.state_kib allows {} KiB",
                limits.state_kib
            ));
        }
        let left =
            kept.timers.keys().filter(|name| !rung.contains(name) && !writes.timers.contains_key(*name));
        let set = writes.timers.values().flatten().count();
        let timers = left.count() + set;
        if set > 0 && timers > limits.timers as usize {
            return Err(format!(
                "the installation would have {timers} timers; limits.timers allows {}",
                limits.timers
            ));
        }
        for (key, value) in writes.state {
            match value {
                Some(value) => kept.state.insert(key, value),
                None => kept.state.remove(&key),
            };
        }
        for name in rung.iter().chain(writes.timers.keys()) {
            kept.timers.remove(name);
            kept.due.remove(name);
        }
        for (name, timer) in writes.timers {
            if let Some(timer) = timer {
                kept.due.insert(name.clone(), timer.at.max(now.saturating_add(SOONEST)));
                kept.timers.insert(name, timer);
            }
        }
        if !writes.records.records.is_empty() {
            kept.extent = writes.records.after;
        }
        for (at, written) in writes.records.records {
            match written {
                Some(written) => kept.records.insert(at, written),
                None => kept.records.remove(&at),
            };
        }
        Ok(())
    }

    /// Makes the keys of all documents anew, for a release with other indexes.
    pub fn index(&self, collections: &Collections) {
        for ((collection, id), written) in &mut self.lock().records {
            written.keys = record::keys(collections, collection, &written.record.body);
            written.record.bytes = record::size(collection, id, &written.record.body, &written.keys);
        }
    }

    /// Puts messages into the history, each once.
    pub fn tell(&self, messages: &[Message]) {
        let mut said = self.said();
        for message in messages {
            if said.messages.len() < MAX_HISTORY && said.ids.insert(message.id.clone()) {
                said.messages.push(message.clone());
            }
        }
    }

    /// The timers that ring at `now`, the oldest first, with their names.
    pub fn due(&self, now: Timestamp, limit: usize) -> Vec<(String, Timer)> {
        let kept = self.lock();
        let mut due: Vec<(&Timestamp, &String)> =
            kept.due.iter().filter(|(_, at)| **at <= now).map(|(name, at)| (at, name)).collect();
        due.sort_unstable();
        due.into_iter()
            .take(limit)
            .filter_map(|(_, name)| Some((name.clone(), kept.timers.get(name)?.clone())))
            .collect()
    }

    /// When the next timer rings.
    pub fn next_due(&self) -> Option<Timestamp> {
        self.lock().due.values().min().copied()
    }

    /// The statements of a topic that hold, as of `now`, the newest first.
    pub fn latest(
        &self,
        topic: &Topic,
        region: Region,
        since: Option<Timestamp>,
        (now, limit): (Timestamp, usize),
    ) -> Vec<Message> {
        let said = self.said();
        let mut holding: BTreeMap<(&str, &str, &str), &Message> = BTreeMap::new();
        let wanted = |message: &&Message| {
            message.received <= now
                && region.concerns(message.subject.region)
                && since.is_none_or(|since| message.time >= since)
                && topic.covers_message(
                    &message.subject.domain,
                    message.subject.kind,
                    message.subject.detail.as_deref(),
                )
        };
        for message in said.messages.iter().filter(wanted) {
            let held = holding.entry((&message.source, &message.r#type, &message.key)).or_insert(message);
            if (message.time, &message.id) > (held.time, &held.id) {
                *held = message;
            }
        }
        let mut found: Vec<Message> = holding.into_values().cloned().collect();
        found.sort_by(|a, b| b.time.cmp(&a.time).then_with(|| b.id.cmp(&a.id)));
        found.truncate(limit);
        found
    }

    fn find(&self, query: &Query, now: Timestamp) -> Found {
        let fits = |message: &Message| {
            query.source.as_ref().is_none_or(|source| *source == message.source)
                && query.key_prefix.as_ref().is_none_or(|prefix| message.key.starts_with(prefix.as_str()))
        };
        let mut messages: Vec<Message> = match query.span {
            None => self.latest(&query.topic, query.region, None, (now, usize::MAX)),
            Some((begin, end)) => {
                let topic = &query.topic;
                let mut said: Vec<Message> = self
                    .said()
                    .messages
                    .iter()
                    .filter(|message| {
                        let subject = &message.subject;
                        message.received <= now
                            && (begin..end).contains(&message.time)
                            && query.region.concerns(subject.region)
                            && topic.covers_message(&subject.domain, subject.kind, subject.detail.as_deref())
                    })
                    .cloned()
                    .collect();
                said.sort_by(|a, b| a.time.cmp(&b.time).then_with(|| a.id.cmp(&b.id)));
                said
            }
        };
        messages.retain(fits);
        let all = messages.len();
        let mut held = 0usize;
        messages.truncate(query.limit as usize);
        let fit = messages.iter().enumerate().take_while(|(at, message)| {
            held = held.saturating_add(message.body.len());
            *at == 0 || held <= MAX_HISTORY_BYTES
        });
        let fit = fit.count();
        messages.truncate(fit);
        Found { complete: messages.len() == all, messages }
    }
}

impl StateReader for Memory {
    fn get(&self, key: &str) -> Read<'_, Option<Vec<u8>>> {
        let value = self.lock().state.get(key).cloned();
        Box::pin(async move { Ok(value) })
    }

    fn keys(&self, after: &str, limit: u32) -> Read<'_, Vec<String>> {
        let behind = (Bound::Excluded(after), Bound::Unbounded);
        let kept = self.lock();
        let keys = kept.state.range::<str, _>(behind).take(limit as usize).map(|(key, _)| key.clone());
        let keys: Vec<String> = keys.collect();
        Box::pin(async move { Ok(keys) })
    }
}

impl TimerReader for Memory {
    fn get(&self, name: &str) -> Read<'_, Option<Timer>> {
        let timer = self.lock().timers.get(name).cloned();
        Box::pin(async move { Ok(timer) })
    }

    fn count(&self) -> Read<'_, u64> {
        let count = self.lock().timers.len() as u64;
        Box::pin(async move { Ok(count) })
    }
}

impl RecordReader for Memory {
    fn extent(&self) -> Read<'_, Extent> {
        let extent = self.lock().extent;
        Box::pin(async move { Ok(extent) })
    }

    fn get(&self, collection: &str, id: &str) -> Read<'_, Option<Record>> {
        let at = (collection.to_owned(), id.to_owned());
        let record = self.lock().records.get(&at).map(|written| written.record.clone());
        Box::pin(async move { Ok(record) })
    }

    fn find(&self, query: &record::Query, without: BTreeSet<String>, max_bytes: usize) -> Read<'_, Page> {
        let mut page = Page { records: Vec::new(), complete: true };
        for ((collection, id), written) in &self.lock().records {
            let key = written.keys.iter().find(|(index, _)| *index == query.index).map(|(_, key)| key);
            let Some(key) = key.filter(|key| query.takes(key, id)) else { continue };
            if *collection == query.collection && !without.contains(id) {
                page.records.push((key.clone(), written.record.clone()));
            }
        }
        page.cut(query.limit, max_bytes);
        Box::pin(async move { Ok(page) })
    }
}

/// The history as of an instant, as far as it is granted.
pub struct Past {
    pub memory: Arc<Memory>,
    pub granted: Vec<Topic>,
    pub region: Region,
    pub now: Timestamp,
}

impl HistoryReader for Past {
    fn find(&self, query: Query) -> Read<'_, Result<Found, String>> {
        let found = match denied(&self.granted, self.region, &query) {
            Some(why) => Err(why),
            None => Ok(self.memory.find(&query, self.now)),
        };
        Box::pin(async move { Ok(found) })
    }

    fn batch(&self) -> Option<u64> {
        None
    }
}
