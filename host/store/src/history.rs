//! Messages at hand for views, the API and lineage, filled from the lanes' tails in batches.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use dongting_manifest::message::INSTALLATION;
use dongting_manifest::{Kind, Lane, Message, Region, Timestamp};
use sqlx::AssertSqlSafe;

use crate::{Store, StoreError, row};
use named::By;

mod extent;
pub(crate) mod keeping;
mod named;

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
    /// Whether there may be more than these.
    pub causes_truncated: bool,
    pub effects: Vec<Message>,
    pub effects_truncated: bool,
}

/// A lineage shows at most this many messages each way.
const MAX_LINEAGE: usize = 200;
/// And goes this far.
const MAX_DEPTH: usize = 32;
/// A body as lists have it: a thousand of them are held at once, so what is large is left out.
const LISTED: &str = "CASE WHEN LENGTH(body) <= 16384 THEN body END";

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
                    keeping::all(transaction, &entries).await?;
                    keeping::tailed(transaction, lane, tailed).await
                })
            })
            .await
    }

    /// The newest messages by arrival, of any topic where none is given. Bodies of over 16 KiB are left out.
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
            "SELECT message, {LISTED} FROM message
             WHERE ($1 = '' OR domain = $1) AND {of_kind}
               AND (region BETWEEN $3 AND $4 OR region IN ($5, $6, 0))
             ORDER BY received DESC, id LIMIT $7"
        );
        let rows: Vec<(String, Option<Vec<u8>>)> = sqlx::query_as(AssertSqlSafe(sql))
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
        let message =
            |(attributes, body): (String, Option<_>)| row::message(&attributes, body.unwrap_or_default());
        rows.into_iter().map(message).collect()
    }

    pub async fn newest_received(&self) -> Result<Option<Timestamp>, StoreError> {
        let newest: Option<i64> = sqlx::query_scalar("SELECT MAX(received) FROM message")
            .fetch_one(&self.history_reader)
            .await
            .map_err(StoreError::sql)?;
        Ok(newest.and_then(Timestamp::from_micros))
    }

    /// Those of the messages that are still kept, each once.
    pub async fn messages(&self, ids: &[String]) -> Result<Vec<Message>, StoreError> {
        self.named(ids, "body").await
    }

    async fn named(&self, ids: &[String], body: &str) -> Result<Vec<Message>, StoreError> {
        let positions = named::positions(&self.history_reader, By::Id, ids, usize::MAX).await?;
        let wanted: BTreeSet<&String> = ids.iter().collect();
        let mut found = BTreeMap::new();
        for message in self.at(&positions, body).await?.into_values().filter(|one| wanted.contains(&one.id)) {
            found.insert(message.id.clone(), message);
        }
        Ok(found.into_values().collect())
    }

    /// The messages at these positions, each with a body as this expression has it.
    pub(crate) async fn at(
        &self,
        positions: &[i64],
        body: &str,
    ) -> Result<BTreeMap<i64, Message>, StoreError> {
        let mut found = BTreeMap::new();
        for positions in row::lists(positions) {
            let listed = row::placeholders(1, positions.len());
            let sql = format!("SELECT position, message, {body} FROM message WHERE position IN ({listed})");
            let query =
                positions.iter().fold(sqlx::query_as(AssertSqlSafe(sql)), |query, at| query.bind(*at));
            let rows: Vec<(i64, String, Option<Vec<u8>>)> =
                query.fetch_all(&self.history_reader).await.map_err(StoreError::sql)?;
            for (position, attributes, body) in rows {
                found.insert(position, row::message(&attributes, body.unwrap_or_default())?);
            }
        }
        Ok(found)
    }

    /// Of these messages those of which an installation has made others, each with the release that made the first of them.
    pub async fn makers(
        &self,
        installation: &str,
        causes: &[&str],
    ) -> Result<BTreeMap<String, String>, StoreError> {
        let made = named::positions(&self.history_reader, By::Cause, causes, usize::MAX).await?;
        let causes: BTreeSet<&str> = causes.iter().copied().collect();
        let mut makers = BTreeMap::new();
        for made in row::lists(&made) {
            for made in self.at(made, LISTED).await?.into_values() {
                if made.extensions.iter().any(|(name, by)| name == INSTALLATION && by == installation) {
                    for cause in made.causation.iter().filter(|cause| causes.contains(cause.as_str())) {
                        makers.entry(cause.clone()).or_insert_with(|| made.plugin.clone());
                    }
                }
            }
        }
        Ok(makers)
    }

    /// What it was made of and what was made of it comes without bodies of over 16 KiB.
    pub async fn lineage(&self, id: &str) -> Result<Option<Lineage>, StoreError> {
        let Some(message) = self.messages(&[id.to_owned()]).await?.pop() else { return Ok(None) };
        let (causes, causes_truncated) = self.causes(&message).await?;
        let (effects, effects_truncated) = self.effects(&message).await?;
        Ok(Some(Lineage { message, causes, causes_truncated, effects, effects_truncated }))
    }

    /// What a message was made of, as far as it is still kept, nearest first, and whether there may be more.
    async fn causes(&self, message: &Message) -> Result<(Vec<Message>, bool), StoreError> {
        let (mut causes, mut truncated, mut seen) = (Vec::new(), false, BTreeSet::new());
        let mut next: Vec<String> = message.causation.clone();
        for depth in 0..=MAX_DEPTH {
            next.retain(|id| seen.insert(id.clone()));
            truncated |= next.len() > MAX_LINEAGE;
            next.truncate(MAX_LINEAGE);
            let mut found = self.named(&next, LISTED).await?;
            found.sort_unstable_by(|one, other| one.id.cmp(&other.id));
            truncated |= cut(&mut found, depth, causes.len());
            if found.is_empty() {
                break;
            }
            next = found.iter().flat_map(|message| message.causation.iter().cloned()).collect();
            causes.append(&mut found);
        }
        Ok((causes, truncated))
    }

    /// What was made of a message, nearest first, and whether there may be more.
    async fn effects(&self, message: &Message) -> Result<(Vec<Message>, bool), StoreError> {
        let (mut effects, mut truncated) = (Vec::new(), false);
        let mut seen = BTreeSet::from([message.id.clone()]);
        let mut next = vec![message.id.clone()];
        for depth in 0..=MAX_DEPTH {
            let most = MAX_LINEAGE + 1;
            let mut positions = named::positions(&self.history_reader, By::Cause, &next, most).await?;
            truncated |= positions.len() > MAX_LINEAGE;
            positions.truncate(MAX_LINEAGE);
            let mut found: Vec<Message> = self.at(&positions, LISTED).await?.into_values().collect();
            found.retain(|made| {
                made.causation.iter().any(|cause| next.contains(cause)) && seen.insert(made.id.clone())
            });
            found.sort_unstable_by(|one, other| one.id.cmp(&other.id));
            truncated |= cut(&mut found, depth, effects.len());
            if found.is_empty() {
                break;
            }
            next = found.iter().map(|made| made.id.clone()).collect();
            effects.append(&mut found);
        }
        Ok((effects, truncated))
    }
}

/// Leaves of what is found that far away as much as there is room for beside what is shown already. Whether that is not all of it.
fn cut(found: &mut Vec<Message>, depth: usize, shown: usize) -> bool {
    let room = if depth < MAX_DEPTH { MAX_LINEAGE - shown } else { 0 };
    let truncated = found.len() > room;
    found.truncate(room);
    truncated
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
