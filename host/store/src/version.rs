//! What an installation kept as of each recorded call: state, timers and records, for replay. Kept as long as the calls.

use std::collections::BTreeMap;

use crate::sql::Listed;
use crate::writer::Transaction;
use crate::{Store, StoreError, row};
use dongting_manifest::Timestamp;
use dongting_manifest::record::Record;
use dongting_manifest::timer::Timer;

#[derive(Debug, Clone, Copy)]
pub(crate) enum Class {
    State,
    Timer,
    Record,
}

impl Class {
    const fn as_str(self) -> &'static str {
        match self {
            Self::State => "state",
            Self::Timer => "timer",
            Self::Record => "record",
        }
    }
}

/// What was known of a key.
enum Known {
    Then(Option<Vec<u8>>),
    /// Never written since calls are recorded: it is what it was.
    Unchanged,
}

impl Store {
    /// The value under a key just before the call at `position`.
    pub async fn state_before(
        &self,
        installation: &str,
        key: &str,
        position: i64,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        if let Known::Then(value) = self.known(installation, Class::State, key, position).await? {
            return Ok(value);
        }
        let value = self.state(installation, key).await?;
        // The installation may be at work, and have written it for the first time between the two questions.
        match self.known(installation, Class::State, key, position).await? {
            Known::Then(then) => Ok(then),
            Known::Unchanged => Ok(value),
        }
    }

    /// The keys behind `after` just before the call at `position`, in the order of their bytes.
    pub async fn state_keys_before(
        &self,
        installation: &str,
        position: i64,
        (after, limit): (&str, u32),
    ) -> Result<Vec<String>, StoreError> {
        sqlx::query_scalar(
            "SELECT key FROM version v WHERE installation = $1 AND class = 'state' AND key > $3 AND value IS NOT NULL AND call =
                 (SELECT MAX(call) FROM version w WHERE w.installation = v.installation AND w.class = v.class
                    AND w.key = v.key AND w.call < $2)
             UNION SELECT key FROM state t WHERE installation = $1 AND key > $3 AND NOT EXISTS
                 (SELECT 1 FROM version w WHERE w.installation = $1 AND w.class = 'state' AND w.key = t.key)
             ORDER BY key LIMIT $4",
        )
        .bind(installation)
        .bind(position)
        .bind(after)
        .bind(i64::from(limit))
        .fetch_all(&self.reader)
        .await
        .map_err(StoreError::sql)
    }

    /// A timer as it stood just before the call at `position`.
    pub async fn timer_before(
        &self,
        installation: &str,
        name: &str,
        position: i64,
    ) -> Result<Option<Timer>, StoreError> {
        let then = |value: Option<Vec<u8>>| value.as_deref().map(decode_timer).transpose();
        if let Known::Then(value) = self.known(installation, Class::Timer, name, position).await? {
            return then(value);
        }
        let timer = self.timer(installation, name).await?;
        match self.known(installation, Class::Timer, name, position).await? {
            Known::Then(value) => then(value),
            Known::Unchanged => Ok(timer),
        }
    }

    /// The names of the timers that were set just before the call at `position`.
    pub async fn timers_before(&self, installation: &str, position: i64) -> Result<Vec<String>, StoreError> {
        sqlx::query_scalar(
            "SELECT key FROM version v WHERE installation = $1 AND class = 'timer' AND value IS NOT NULL AND call =
                 (SELECT MAX(call) FROM version w WHERE w.installation = v.installation AND w.class = v.class
                    AND w.key = v.key AND w.call < $2)
             UNION SELECT name FROM timer t WHERE installation = $1 AND NOT EXISTS
                 (SELECT 1 FROM version w WHERE w.installation = $1 AND w.class = 'timer' AND w.key = t.name)",
        )
        .bind(installation)
        .bind(position)
        .fetch_all(&self.reader)
        .await
        .map_err(StoreError::sql)
    }

    /// All documents as they stood just before the call at `position`, by collection and id. Their bytes are not known.
    pub async fn records_before(
        &self,
        installation: &str,
        position: i64,
    ) -> Result<BTreeMap<(String, String), Record>, StoreError> {
        // These first: one that is written for the first time meanwhile is among the others, as it was, and takes its place.
        let unchanged: Vec<(String, String, i64, Vec<u8>)> = sqlx::query_as(
            "SELECT collection, id, revision, body FROM record r WHERE installation = $1 AND NOT EXISTS
                 (SELECT 1 FROM version w WHERE w.installation = $1 AND w.class = 'record'
                    AND w.key = r.collection || '/' || r.id)",
        )
        .bind(installation)
        .fetch_all(&self.reader)
        .await
        .map_err(StoreError::sql)?;
        let versions: Vec<(String, Vec<u8>)> = sqlx::query_as(
            "SELECT key, value FROM version v WHERE installation = $1 AND class = 'record' AND value IS NOT NULL AND call =
                 (SELECT MAX(call) FROM version w WHERE w.installation = v.installation AND w.class = v.class
                    AND w.key = v.key AND w.call < $2)",
        )
        .bind(installation)
        .bind(position)
        .fetch_all(&self.reader)
        .await
        .map_err(StoreError::sql)?;
        let mut records = BTreeMap::new();
        for (collection, id, revision, body) in unchanged {
            let record = Record { id: id.clone(), revision: revision.cast_unsigned(), body, bytes: 0 };
            records.insert((collection, id), record);
        }
        for (key, value) in versions {
            let damaged = || StoreError::Damaged(format!("a version of the record {key}"));
            let (collection, id) = key.split_once('/').ok_or_else(damaged)?;
            records.insert((collection.to_owned(), id.to_owned()), decode_record(id, &value)?);
        }
        Ok(records)
    }

    /// One document as it stood just before the call at `position`. Its bytes are not known.
    pub async fn record_before(
        &self,
        installation: &str,
        (collection, id): (&str, &str),
        position: i64,
    ) -> Result<Option<Record>, StoreError> {
        let key = format!("{collection}/{id}");
        let then = |value: Option<Vec<u8>>| value.map(|value| decode_record(id, &value)).transpose();
        if let Known::Then(value) = self.known(installation, Class::Record, &key, position).await? {
            return then(value);
        }
        let record = self.record(installation, collection, id).await?;
        match self.known(installation, Class::Record, &key, position).await? {
            Known::Then(value) => then(value),
            Known::Unchanged => Ok(record),
        }
    }

    async fn known(
        &self,
        installation: &str,
        class: Class,
        key: &str,
        position: i64,
    ) -> Result<Known, StoreError> {
        // The first version at or behind the call has no value that concerns it, and tells that the key is not unchanged.
        let version: Option<(i64, Option<Vec<u8>>)> = sqlx::query_as(
            "SELECT call, value FROM version WHERE installation = $1 AND class = $2 AND key = $3
             ORDER BY CASE WHEN call < $4 THEN 0 ELSE 1 END, call DESC LIMIT 1",
        )
        .bind(installation)
        .bind(class.as_str())
        .bind(key)
        .bind(position)
        .fetch_optional(&self.reader)
        .await
        .map_err(StoreError::sql)?;
        Ok(match version {
            Some((call, value)) if call < position => Known::Then(value),
            Some(_) => Known::Then(None),
            None => Known::Unchanged,
        })
    }
}

/// Has PostgreSQL look for each key by itself: while it has no statistics of the table it goes through all versions of the installation.
const FOR_EACH: &str = "LIMIT 1 OFFSET 0";

/// What a call changes under one key.
pub(crate) struct Kept {
    pub key: String,
    pub before: Option<Vec<u8>>,
    pub after: Option<Vec<u8>>,
}

/// Keeps what a call writes, and where no version of the key is known yet what it replaces.
pub(crate) async fn keep(
    transaction: &mut Transaction,
    (installation, class): (&str, Class),
    position: i64,
    kept: &[Kept],
) -> Result<(), StoreError> {
    static BEFORE: Listed = Listed::new(|keys| {
        format!(
            "INSERT INTO version SELECT * FROM (VALUES {}) AS v WHERE NOT EXISTS
                 (SELECT 1 FROM version w
                  WHERE w.installation = v.column1 AND w.class = v.column2 AND w.key = v.column3 {FOR_EACH})",
            row::rows(1, 5, keys)
        )
    });
    static AFTER: Listed = Listed::new(|keys| {
        format!(
            "INSERT INTO version VALUES {}
             ON CONFLICT (installation, class, key, call) DO UPDATE SET value = excluded.value",
            row::rows(1, 5, keys)
        )
    });
    let before: Vec<&Kept> = kept.iter().filter(|kept| kept.before.is_some()).collect();
    for kept in row::pieces(&before, 5) {
        let query = kept.iter().fold(BEFORE.of(kept.len()), |query, Kept { key, before, .. }| {
            query.bind(installation).bind(class.as_str()).bind(key).bind(0).bind(before.as_deref())
        });
        query.execute(transaction).await?;
    }
    for kept in row::pieces(kept, 5) {
        let query = kept.iter().fold(AFTER.of(kept.len()), |query, Kept { key, after, .. }| {
            query.bind(installation).bind(class.as_str()).bind(key).bind(position).bind(after.as_deref())
        });
        query.execute(transaction).await?;
    }
    Ok(())
}

/// The same for many keys of the state, which have their earlier values still.
pub(crate) async fn keep_state(
    transaction: &mut Transaction,
    installation: &str,
    position: i64,
    written: &[(&str, Option<&[u8]>)],
) -> Result<(), StoreError> {
    static KEEP: Listed = Listed::new(|keys| {
        format!(
            "INSERT INTO version SELECT installation, 'state', key, 0, value FROM state
                 WHERE installation = $1 AND key IN ({}) AND NOT EXISTS
                     (SELECT 1 FROM version WHERE version.installation = state.installation
                        AND version.class = 'state' AND version.key = state.key {FOR_EACH})
             UNION ALL VALUES {}",
            row::placeholders(2, keys),
            row::rows(keys + 2, 5, keys),
        )
    });
    let query = KEEP.of(written.len()).bind(installation);
    let query = written.iter().fold(query, |query, (key, _)| query.bind(*key));
    let query = written.iter().fold(query, |query, (key, value)| {
        query.bind(installation).bind(Class::State.as_str()).bind(*key).bind(position).bind(*value)
    });
    query.execute(transaction).await?;
    Ok(())
}

pub(crate) fn timer(at: i64, payload: &[u8]) -> Vec<u8> {
    [at.to_be_bytes().as_slice(), payload].concat()
}

pub(crate) fn record(revision: i64, body: &[u8]) -> Vec<u8> {
    [revision.to_be_bytes().as_slice(), body].concat()
}

fn decode_timer(value: &[u8]) -> Result<Timer, StoreError> {
    let damaged = || StoreError::Damaged("a version of a timer".to_owned());
    let (at, payload) = number(value).ok_or_else(damaged)?;
    Ok(Timer { at: Timestamp::from_micros(at).ok_or_else(damaged)?, payload: payload.to_vec() })
}

fn decode_record(id: &str, value: &[u8]) -> Result<Record, StoreError> {
    let damaged = || StoreError::Damaged(format!("a version of the record {id}"));
    let (revision, body) = number(value).ok_or_else(damaged)?;
    Ok(Record { id: id.to_owned(), revision: revision.cast_unsigned(), body: body.to_vec(), bytes: 0 })
}

fn number(value: &[u8]) -> Option<(i64, &[u8])> {
    let (number, rest) = value.split_first_chunk()?;
    Some((i64::from_be_bytes(*number), rest))
}
