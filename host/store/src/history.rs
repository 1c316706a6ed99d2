//! Messages at hand for views, the API and lineage, filled from the lanes' tails in batches.

use dongting_manifest::plugin::Topic;
use dongting_manifest::{Lane, Message, Region, Timestamp};
use sqlx::{Sqlite, Transaction};

use crate::{Store, StoreError, row, statement};

/// A message with its place on its lane.
#[derive(Debug, Clone)]
pub struct Entry {
    pub lane: Lane,
    pub sequence: u64,
    pub message: Message,
}

/// How far a lane has been read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tailed {
    pub stream_created: Timestamp,
    pub sequence: u64,
}

/// A message with what it was made of and what was made of it, nearest first.
#[derive(Debug, Clone)]
pub struct Lineage {
    pub message: Message,
    pub causes: Vec<Message>,
    pub effects: Vec<Message>,
}

/// A lineage shows at most this many messages each way.
const MAX_LINEAGE: i64 = 200;

impl Store {
    pub async fn tailed(&self, lane: Lane) -> Result<Option<Tailed>, StoreError> {
        let row: Option<(i64, i64)> =
            sqlx::query_as("SELECT stream_created, sequence FROM tail WHERE lane = ?")
                .bind(lane.as_str())
                .fetch_optional(&self.reader)
                .await
                .map_err(StoreError::sql)?;
        Ok(row.and_then(|(created, sequence)| {
            let stream_created = Timestamp::from_micros(created)?;
            Some(Tailed { stream_created, sequence: u64::try_from(sequence).ok()? })
        }))
    }

    /// Keeps `entries` and remembers that the lane was read up to `tailed`.
    pub async fn keep(&self, lane: Lane, entries: &[Entry], tailed: Tailed) -> Result<(), StoreError> {
        let mut transaction = self.writer.begin().await.map_err(StoreError::sql)?;
        for entry in entries {
            keep_one(&mut transaction, entry).await?;
        }
        sqlx::query("INSERT OR REPLACE INTO tail VALUES (?, ?, ?)")
            .bind(lane.as_str())
            .bind(tailed.stream_created.as_micros())
            .bind(i64::try_from(tailed.sequence).unwrap_or(i64::MAX))
            .execute(&mut *transaction)
            .await
            .map_err(StoreError::sql)?;
        transaction.commit().await.map_err(StoreError::sql)
    }

    /// The statements that hold, newest first: of `topic`, of what concerns `region`, not older than `since`.
    pub async fn latest(
        &self,
        topic: &Topic,
        region: Region,
        since: Option<Timestamp>,
        limit: u32,
    ) -> Result<Vec<Message>, StoreError> {
        let (first, last, above) = place(region);
        let rows: Vec<(String, Vec<u8>)> = sqlx::query_as(
            "SELECT m.message, m.body FROM latest l JOIN message m ON m.id = l.id
             WHERE l.domain = ?1 AND l.kind = ?2 AND (?3 = '' OR l.detail = ?3) AND l.time >= ?4
               AND (l.region BETWEEN ?5 AND ?6 OR l.region IN (?7, ?8, 0))
             ORDER BY l.time DESC, l.id LIMIT ?9",
        )
        .bind(&topic.domain)
        .bind(topic.kind.as_str())
        .bind(topic.detail.as_deref().unwrap_or(""))
        .bind(since.map_or(i64::MIN, Timestamp::as_micros))
        .bind(first)
        .bind(last)
        .bind(above.0)
        .bind(above.1)
        .bind(limit)
        .fetch_all(&self.reader)
        .await
        .map_err(StoreError::sql)?;
        messages(rows)
    }

    /// The newest messages by arrival, of any topic where none is given.
    pub async fn newest(
        &self,
        domain: Option<&str>,
        kind: Option<&str>,
        region: Region,
        limit: u32,
    ) -> Result<Vec<Message>, StoreError> {
        let (first, last, above) = place(region);
        let rows: Vec<(String, Vec<u8>)> = sqlx::query_as(
            "SELECT message, body FROM message
             WHERE (?1 = '' OR domain = ?1) AND (?2 = '' OR kind = ?2)
               AND (region BETWEEN ?3 AND ?4 OR region IN (?5, ?6, 0))
             ORDER BY received DESC, id LIMIT ?7",
        )
        .bind(domain.unwrap_or(""))
        .bind(kind.unwrap_or(""))
        .bind(first)
        .bind(last)
        .bind(above.0)
        .bind(above.1)
        .bind(limit)
        .fetch_all(&self.reader)
        .await
        .map_err(StoreError::sql)?;
        messages(rows)
    }

    pub async fn newest_received(&self) -> Result<Option<Timestamp>, StoreError> {
        let newest: Option<i64> = sqlx::query_scalar("SELECT MAX(received) FROM message")
            .fetch_one(&self.reader)
            .await
            .map_err(StoreError::sql)?;
        Ok(newest.and_then(Timestamp::from_micros))
    }

    pub async fn lineage(&self, id: &str) -> Result<Option<Lineage>, StoreError> {
        let rows: Vec<(String, Vec<u8>)> = sqlx::query_as("SELECT message, body FROM message WHERE id = ?")
            .bind(id)
            .fetch_all(&self.reader)
            .await
            .map_err(StoreError::sql)?;
        let Some(message) = messages(rows)?.pop() else { return Ok(None) };
        let causes = sqlx::query_as(
            "WITH RECURSIVE up (id, depth) AS (
                 SELECT cause, 1 FROM causation WHERE effect = ?1
                 UNION SELECT c.cause, up.depth + 1 FROM causation c JOIN up ON c.effect = up.id WHERE up.depth < 32)
             SELECT m.message, m.body FROM (SELECT id, MIN(depth) AS depth FROM up GROUP BY id) u
             JOIN message m ON m.id = u.id ORDER BY u.depth, m.id LIMIT ?2",
        )
        .bind(id)
        .bind(MAX_LINEAGE)
        .fetch_all(&self.reader)
        .await
        .map_err(StoreError::sql)?;
        let effects = sqlx::query_as(
            "WITH RECURSIVE down (id, depth) AS (
                 SELECT effect, 1 FROM causation WHERE cause = ?1
                 UNION SELECT c.effect, down.depth + 1 FROM causation c JOIN down ON c.cause = down.id
                 WHERE down.depth < 32)
             SELECT m.message, m.body FROM (SELECT id, MIN(depth) AS depth FROM down GROUP BY id) d
             JOIN message m ON m.id = d.id ORDER BY d.depth, m.id LIMIT ?2",
        )
        .bind(id)
        .bind(MAX_LINEAGE)
        .fetch_all(&self.reader)
        .await
        .map_err(StoreError::sql)?;
        Ok(Some(Lineage { message, causes: messages(causes)?, effects: messages(effects)? }))
    }

    /// Removes messages that arrived before `before`, except those that still hold.
    pub async fn forget(&self, before: Timestamp) -> Result<u64, StoreError> {
        let mut transaction = self.writer.begin().await.map_err(StoreError::sql)?;
        let gone = sqlx::query(
            "DELETE FROM message WHERE received < ? AND NOT EXISTS (SELECT 1 FROM latest WHERE latest.id = message.id)",
        )
        .bind(before.as_micros())
        .execute(&mut *transaction)
        .await
        .map_err(StoreError::sql)?
        .rows_affected();
        if gone > 0 {
            sqlx::query("DELETE FROM causation WHERE effect NOT IN (SELECT id FROM message)")
                .execute(&mut *transaction)
                .await
                .map_err(StoreError::sql)?;
        }
        transaction.commit().await.map_err(StoreError::sql)?;
        Ok(gone)
    }
}

async fn keep_one(transaction: &mut Transaction<'_, Sqlite>, entry: &Entry) -> Result<(), StoreError> {
    let message = &entry.message;
    let subject = &message.subject;
    let added = sqlx::query("INSERT OR IGNORE INTO message VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
        .bind(&message.id)
        .bind(entry.lane.as_str())
        .bind(i64::try_from(entry.sequence).unwrap_or(i64::MAX))
        .bind(message.time.as_micros())
        .bind(message.received.as_micros())
        .bind(&subject.domain)
        .bind(subject.kind.as_str())
        .bind(row::region(subject.region))
        .bind(row::attributes(message)?)
        .bind(&message.body)
        .execute(&mut **transaction)
        .await
        .map_err(StoreError::sql)?;
    if added.rows_affected() == 0 {
        return Ok(());
    }
    // A later time holds; at the same time the greater revision, so that the order of arrival does not matter.
    sqlx::query(
        "INSERT INTO latest VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
         ON CONFLICT (source, type, key) DO UPDATE SET
             id = ?4, time = ?5, domain = ?6, kind = ?7, detail = ?8, region = ?9
         WHERE ?5 > time OR (?5 = time AND ?4 > id)",
    )
    .bind(&message.source)
    .bind(&message.r#type)
    .bind(&message.key)
    .bind(&message.id)
    .bind(message.time.as_micros())
    .bind(&subject.domain)
    .bind(subject.kind.as_str())
    .bind(subject.detail.as_deref().unwrap_or("-"))
    .bind(row::region(subject.region))
    .execute(&mut **transaction)
    .await
    .map_err(StoreError::sql)?;
    statement::write(transaction, message).await?;
    for cause in &message.causation {
        sqlx::query("INSERT OR IGNORE INTO causation VALUES (?, ?)")
            .bind(&message.id)
            .bind(cause)
            .execute(&mut **transaction)
            .await
            .map_err(StoreError::sql)?;
    }
    Ok(())
}

fn messages(rows: Vec<(String, Vec<u8>)>) -> Result<Vec<Message>, StoreError> {
    rows.into_iter().map(|(attributes, body)| row::message(&attributes, body)).collect()
}

/// What concerns a region: the range of codes in it, and the codes of its ancestors.
pub(crate) fn place(region: Region) -> (i64, i64, (i64, i64)) {
    use dongting_manifest::region::Level;
    let first = row::region(region);
    let last = match region.level() {
        Level::Outside | Level::County => first,
        Level::Province => first + 9_999,
        Level::City => first + 99,
    };
    let mut above = region.ancestors().map(row::region);
    (first, last, (above.next().unwrap_or(0), above.next().unwrap_or(0)))
}
