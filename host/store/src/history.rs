//! Messages at hand for views, the API and lineage, filled from the lanes' tails in batches.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use dongting_manifest::message::INSTALLATION;
use dongting_manifest::{Kind, Lane, Message, Region, Subject, Timestamp};
use sqlx::AssertSqlSafe;

use crate::sql::{Listed, sql};
use crate::writer::Transaction;
use crate::{Store, StoreError, row};

mod extent;

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
const MAX_LINEAGE: usize = 200;
/// And goes this far.
const MAX_DEPTH: usize = 32;

impl Store {
    pub async fn tailed(&self, lane: Lane) -> Result<Option<Tailed>, StoreError> {
        let row: Option<(i64, i64)> =
            sqlx::query_as("SELECT stream_created, sequence FROM tail WHERE lane = $1")
                .bind(lane.as_str())
                .fetch_optional(&self.history_reader)
                .await
                .map_err(StoreError::sql)?;
        Ok(row.and_then(|(created, sequence)| {
            let stream_created = Timestamp::from_micros(created)?;
            Some(Tailed { stream_created, sequence: u64::try_from(sequence).ok()? })
        }))
    }

    /// Keeps `entries` and remembers that the lane was read up to `tailed`.
    pub async fn keep(
        &self,
        lane: Lane,
        entries: impl Into<Arc<Vec<Entry>>>,
        tailed: Tailed,
    ) -> Result<(), StoreError> {
        let entries = entries.into();
        self.history_writer
            .transact(move |transaction| {
                Box::pin(async move {
                    keep_all(transaction, &entries).await?;
                    keep_tailed(transaction, lane, tailed).await
                })
            })
            .await
    }

    /// The newest messages by arrival, of any topic where none is given.
    pub async fn newest(
        &self,
        domain: Option<&str>,
        kind: Option<Kind>,
        region: Region,
        limit: u32,
    ) -> Result<Vec<Message>, StoreError> {
        let (first, last, above) = place(region);
        // Of all but bulk there is an index: those messages are few among many.
        let of_kind = match kind {
            Some(kind) if kind.lane() != Lane::Bulk => "kind = $2 AND lane <> 'bulk'",
            _ => "($2 = '' OR kind = $2)",
        };
        let sql = format!(
            "SELECT message, body FROM message
             WHERE ($1 = '' OR domain = $1) AND {of_kind}
               AND (region BETWEEN $3 AND $4 OR region IN ($5, $6, 0))
             ORDER BY received DESC, id LIMIT $7"
        );
        let rows: Vec<(String, Vec<u8>)> = sqlx::query_as(AssertSqlSafe(sql))
            .bind(domain.unwrap_or(""))
            .bind(kind.map_or("", Kind::as_str))
            .bind(first)
            .bind(last)
            .bind(above.0)
            .bind(above.1)
            .bind(i64::from(limit))
            .fetch_all(&self.history_reader)
            .await
            .map_err(StoreError::sql)?;
        messages(rows)
    }

    pub async fn newest_received(&self) -> Result<Option<Timestamp>, StoreError> {
        let newest: Option<i64> = sqlx::query_scalar("SELECT MAX(received) FROM message")
            .fetch_one(&self.history_reader)
            .await
            .map_err(StoreError::sql)?;
        Ok(newest.and_then(Timestamp::from_micros))
    }

    /// Of these messages those of which an installation has made others, each with the release that made the first of them.
    pub async fn makers(
        &self,
        installation: &str,
        causes: &[&str],
    ) -> Result<BTreeMap<String, String>, StoreError> {
        let mut makers = BTreeMap::new();
        for causes in row::lists(causes) {
            let listed = row::placeholders(1, causes.len());
            let sql = format!(
                "SELECT c.cause, m.message FROM causation c JOIN message m ON m.id = c.effect
                 WHERE c.cause IN ({listed}) ORDER BY m.received, m.id"
            );
            let query = causes.iter().fold(sqlx::query_as(AssertSqlSafe(sql)), |query, id| query.bind(*id));
            let rows: Vec<(String, String)> =
                query.fetch_all(&self.history_reader).await.map_err(StoreError::sql)?;
            for (cause, attributes) in rows {
                let made = row::message(&attributes, Vec::new())?;
                if made.extensions.iter().any(|(name, by)| name == INSTALLATION && by == installation) {
                    makers.entry(cause).or_insert(made.plugin);
                }
            }
        }
        Ok(makers)
    }

    pub async fn lineage(&self, id: &str) -> Result<Option<Lineage>, StoreError> {
        let rows: Vec<(String, Vec<u8>)> = sqlx::query_as("SELECT message, body FROM message WHERE id = $1")
            .bind(id)
            .fetch_all(&self.history_reader)
            .await
            .map_err(StoreError::sql)?;
        let Some(message) = messages(rows)?.pop() else { return Ok(None) };
        let causes = self.causes(&message).await?;
        let effects = sqlx::query_as(
            "WITH RECURSIVE down (id, depth) AS (
                 SELECT effect, 1 FROM causation WHERE cause = $1
                 UNION SELECT c.effect, down.depth + 1 FROM causation c JOIN down ON c.cause = down.id
                 WHERE down.depth < $3)
             SELECT m.message, m.body FROM (SELECT id, MIN(depth) AS depth FROM down GROUP BY id) d
             JOIN message m ON m.id = d.id ORDER BY d.depth, m.id LIMIT $2",
        )
        .bind(id)
        .bind(MAX_LINEAGE as i64)
        .bind(MAX_DEPTH as i64)
        .fetch_all(&self.history_reader)
        .await
        .map_err(StoreError::sql)?;
        Ok(Some(Lineage { message, causes, effects: messages(effects)? }))
    }

    /// What a message was made of, as far as it is still kept, nearest first.
    async fn causes(&self, message: &Message) -> Result<Vec<Message>, StoreError> {
        let (mut causes, mut seen) = (Vec::new(), BTreeSet::new());
        let mut next: Vec<String> = message.causation.clone();
        for _ in 0..MAX_DEPTH {
            next.retain(|id| seen.insert(id.clone()));
            next.truncate(MAX_LINEAGE);
            let mut found = self.messages(&next).await?;
            found.sort_unstable_by(|one, other| one.id.cmp(&other.id));
            found.truncate(MAX_LINEAGE - causes.len());
            if found.is_empty() {
                break;
            }
            next = found.iter().flat_map(|message| message.causation.iter().cloned()).collect();
            causes.append(&mut found);
        }
        Ok(causes)
    }
}

async fn keep_tailed(transaction: &mut Transaction, lane: Lane, tailed: Tailed) -> Result<(), StoreError> {
    sql("INSERT INTO tail VALUES ($1, $2, $3)
         ON CONFLICT (lane) DO UPDATE SET stream_created = $2, sequence = $3")
    .bind(lane.as_str())
    .bind(tailed.stream_created.as_micros())
    .bind(row::sequence(tailed.sequence))
    .execute(transaction)
    .await?;
    Ok(())
}

/// Keeps what is new, in few statements.
async fn keep_all(transaction: &mut Transaction, entries: &[Entry]) -> Result<(), StoreError> {
    static ADD: Listed = Listed::new(|entries| {
        format!(
            "INSERT INTO message (id, lane, sequence, batch, time, received, domain, kind, detail, region, source, type, key, message, body)
             VALUES {} ON CONFLICT DO NOTHING",
            row::rows(1, 15, entries)
        )
    });
    let mut new: Vec<&Message> = Vec::with_capacity(entries.len());
    let (batch, mut bytes) = (extent::next(transaction).await?, 0);
    for entries in row::pieces(entries, 15) {
        let mut query = ADD.of(entries.len());
        let mut sizes = Vec::with_capacity(entries.len());
        for Entry { lane, sequence, message } in entries {
            let (subject, attributes) = (&message.subject, row::attributes(message)?);
            sizes.push(attributes.len() + message.body.len());
            query = query
                .bind(&message.id)
                .bind(lane.as_str())
                .bind(row::sequence(*sequence))
                .bind(batch)
                .bind(message.time.as_micros())
                .bind(message.received.as_micros())
                .bind(&subject.domain)
                .bind(subject.kind.as_str())
                .bind(subject.detail.as_deref().unwrap_or("-"))
                .bind(row::region(subject.region))
                .bind(&message.source)
                .bind(&message.r#type)
                .bind(&message.key)
                .bind(attributes)
                .bind(&message.body);
        }
        let added = query.execute(transaction).await?;
        let messages = entries.iter().map(|entry| &entry.message).zip(sizes);
        if added == entries.len() as u64 {
            for (message, size) in messages {
                new.push(message);
                bytes += size;
            }
            continue;
        }
        let mut added = added_now(transaction, entries, batch).await?;
        // What stood twice on the lane may have been added with an earlier piece.
        for message in &new {
            added.remove(&message.id);
        }
        for (message, size) in messages {
            if added.remove(&message.id) {
                new.push(message);
                bytes += size;
            }
        }
    }
    keep_latest(transaction, &new).await?;
    keep_causation(transaction, &new).await?;
    extent::add(transaction, i64::try_from(bytes).unwrap_or(i64::MAX)).await
}

/// Those of the entries that were not there before this batch.
async fn added_now(
    transaction: &mut Transaction,
    entries: &[Entry],
    batch: i64,
) -> Result<HashSet<String>, StoreError> {
    static OF_BATCH: Listed = Listed::new(|entries| {
        format!("SELECT id FROM message WHERE batch = $1 AND id IN ({})", row::placeholders(2, entries))
    });
    let query = OF_BATCH.of(entries.len()).bind(batch);
    let query = entries.iter().fold(query, |query, entry| query.bind(&entry.message.id));
    let added: Vec<(String,)> = query.rows(transaction).await?;
    Ok(added.into_iter().map(|(id,)| id).collect())
}

/// Of each key in each topic and city. A later time holds; at the same time the greater revision, so that the order of arrival does not matter.
async fn keep_latest(transaction: &mut Transaction, new: &[&Message]) -> Result<(), StoreError> {
    static SAY: Listed = Listed::new(|messages| {
        format!(
            "INSERT INTO latest VALUES {}
             ON CONFLICT (source, type, key, domain, kind, city) DO UPDATE SET
                 id = excluded.id, time = excluded.time, detail = excluded.detail, region = excluded.region
             WHERE excluded.time > latest.time OR (excluded.time = latest.time AND excluded.id > latest.id)",
            row::rows(1, 10, messages)
        )
    });
    // One statement must not touch a row twice.
    let mut best: BTreeMap<_, &Message> = BTreeMap::new();
    for message in new {
        let Subject { domain, kind, region, .. } = &message.subject;
        let place = (domain, *kind, row::region(*region) / 100);
        let held = best.entry((&message.source, &message.r#type, &message.key, place)).or_insert(message);
        if (message.time, &message.id) > (held.time, &held.id) {
            *held = message;
        }
    }
    let best: Vec<&Message> = best.into_values().collect();
    for messages in row::pieces(&best, 10) {
        let mut query = SAY.of(messages.len());
        for message in messages {
            let subject = &message.subject;
            query = query
                .bind(&message.source)
                .bind(&message.r#type)
                .bind(&message.key)
                .bind(&message.id)
                .bind(message.time.as_micros())
                .bind(&subject.domain)
                .bind(subject.kind.as_str())
                .bind(subject.detail.as_deref().unwrap_or("-"))
                .bind(row::region(subject.region))
                .bind(row::region(subject.region) / 100);
        }
        query.execute(transaction).await?;
    }
    Ok(())
}

async fn keep_causation(transaction: &mut Transaction, new: &[&Message]) -> Result<(), StoreError> {
    static LINK: Listed = Listed::new(|pairs| {
        format!(
            "INSERT INTO causation (cause, effect) VALUES {} ON CONFLICT DO NOTHING",
            row::rows(1, 2, pairs)
        )
    });
    let pairs: Vec<(&str, &str)> = new
        .iter()
        .flat_map(|message| message.causation.iter().map(|cause| (cause.as_str(), message.id.as_str())))
        .collect();
    for pairs in row::pieces(&pairs, 2) {
        let query = pairs
            .iter()
            .fold(LINK.of(pairs.len()), |query, (cause, effect)| query.bind(*cause).bind(*effect));
        query.execute(transaction).await?;
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
