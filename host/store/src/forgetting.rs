//! What the host's own tables hold longer than anybody needs it, removed in pieces: SQLite has one writer, and no commit, an alert's least of
//! all, waits longer than one piece takes. Each call removes one piece and says how much that was, or whether to go on.

use std::collections::BTreeMap;

use dongting_manifest::Timestamp;

use crate::sql::sql;
use crate::writer::Transaction;
use crate::{Store, StoreError};

/// Rows of a piece.
const PIECE: usize = 500;
/// What a version takes beside its key and value, about.
const ROW_BYTES: i64 = 64;
/// As many of an installation's oldest calls are looked at for the first one: their times follow their positions closely.
const OLDEST: i64 = 256;

/// Where the inputs of an installation are used up.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct UsedUp {
    installation: String,
    stream: String,
    stream_created: i64,
    sequence: i64,
}

/// A place among the versions of what installations keep.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, sqlx::FromRow)]
pub struct VersionPlace {
    installation: String,
    class: String,
    key: String,
    call: i64,
}

/// What a look at some versions came to.
#[derive(Debug, Default)]
pub struct Looked {
    /// Where to go on.
    pub next: Option<VersionPlace>,
    /// Installation, call and bytes of each that is kept for calls that read what was there.
    pub kept: Vec<(String, i64, u64)>,
}

#[derive(sqlx::FromRow)]
struct Version {
    #[sqlx(flatten)]
    place: VersionPlace,
    /// 1 where it says that nothing is there.
    is_gone: i64,
    bytes: i64,
}

impl VersionPlace {
    fn is_of_one_key(&self, other: &Self) -> bool {
        (&self.installation, &self.class, &self.key) == (&other.installation, &other.class, &other.key)
    }
}

impl Store {
    /// Installations that have rows of `applied` below their floors.
    pub async fn used_up(&self) -> Result<Vec<UsedUp>, StoreError> {
        sqlx::query_as(
            "SELECT installation, stream, stream_created, sequence FROM floor WHERE EXISTS (
                 SELECT 1 FROM applied
                 WHERE applied.installation = floor.installation AND applied.stream = floor.stream
                   AND (applied.stream_created, applied.sequence) < (floor.stream_created, floor.sequence))",
        )
        .fetch_all(&self.reader)
        .await
        .map_err(StoreError::sql)
    }

    /// Forgets some of an installation's inputs that no consumer delivers again.
    pub async fn forget_used_up(&self, below: &UsedUp) -> Result<u64, StoreError> {
        // Where a piece ends is asked first: PostgreSQL, while it has no statistics of the table, looks for each of many rows in a list that
        // it makes anew for each.
        let piece_ends: Option<(i64, i64)> = sqlx::query_as(
            "SELECT stream_created, sequence FROM applied
             WHERE installation = $1 AND stream = $2 AND (stream_created, sequence) < ($3, $4)
             ORDER BY stream_created, sequence LIMIT 1 OFFSET $5",
        )
        .bind(&below.installation)
        .bind(&below.stream)
        .bind(below.stream_created)
        .bind(below.sequence)
        .bind(PIECE as i64)
        .fetch_optional(&self.reader)
        .await
        .map_err(StoreError::sql)?;
        let (stream_created, sequence) = piece_ends.unwrap_or((below.stream_created, below.sequence));
        sql("DELETE FROM applied
             WHERE installation = $1 AND stream = $2 AND (stream_created, sequence) < ($3, $4)")
        .bind(&below.installation)
        .bind(&below.stream)
        .bind(stream_created)
        .bind(sequence)
        .execute_alone(&self.writer)
        .await
    }

    /// Forgets some calls made before `before`, in the order in which they were written down.
    pub async fn forget_calls(&self, before: Timestamp) -> Result<u64, StoreError> {
        sql("DELETE FROM call WHERE made_at < $1 AND position <=
             (SELECT MAX(position) FROM (SELECT position FROM call ORDER BY position LIMIT $2) AS oldest)")
        .bind(before.as_micros())
        .bind(PIECE as i64)
        .execute_alone(&self.writer)
        .await
    }

    /// Forgets some of an installation's calls up to a position, the oldest first. Whether more may be left.
    pub async fn forget_calls_up_to(&self, installation: &str, position: i64) -> Result<bool, StoreError> {
        // Looked for beside the writer: where few are left, all that stay are looked at.
        let gone: Vec<i64> = sqlx::query_scalar(
            "SELECT position FROM call WHERE installation = $1 AND position <= $2 ORDER BY made_at LIMIT $3",
        )
        .bind(installation)
        .bind(position)
        .bind(PIECE as i64)
        .fetch_all(&self.reader)
        .await
        .map_err(StoreError::sql)?;
        let more = gone.len() == PIECE;
        if !gone.is_empty() {
            self.writer.transact(|transaction| Box::pin(forget_these_calls(transaction, gone))).await?;
        }
        Ok(more)
    }

    /// Looks at some of the versions after a place, and forgets those that no recorded call can read any more; where none is left, all but
    /// the newest, and that as well where it says that nothing is there.
    pub async fn forget_versions(&self, after: &VersionPlace) -> Result<Looked, StoreError> {
        let mut versions: Vec<Version> = sqlx::query_as(
            "SELECT installation, class, key, call, CASE WHEN value IS NULL THEN 1 ELSE 0 END AS is_gone,
                 CAST(COALESCE(LENGTH(value), 0) + LENGTH(key) + $6 AS BIGINT) AS bytes
             FROM version
             WHERE (installation, class, key, call) > ($1, $2, $3, $4)
             ORDER BY installation, class, key, call LIMIT $5",
        )
        .bind(&after.installation)
        .bind(&after.class)
        .bind(&after.key)
        .bind(after.call)
        .bind(PIECE as i64)
        .bind(ROW_BYTES)
        .fetch_all(&self.reader)
        .await
        .map_err(StoreError::sql)?;
        let more = versions.len() == PIECE;
        let mut first: BTreeMap<&str, i64> = BTreeMap::new();
        let (mut gone, mut kept) = (Vec::new(), Vec::new());
        for (at, Version { place, is_gone, bytes }) in versions.iter().enumerate() {
            let first = match first.get(place.installation.as_str()) {
                Some(first) => *first,
                None => {
                    *first.entry(&place.installation).or_insert(self.first_call(&place.installation).await?)
                }
            };
            if place.call >= first {
                // The last one is looked at again.
                if at + 1 < versions.len() || !more {
                    kept.push((place.installation.clone(), place.call, bytes.unsigned_abs()));
                }
                continue;
            }
            // Each call that is kept reads this one or a newer one.
            if at
                .checked_sub(1)
                .and_then(|at| versions.get(at))
                .is_some_and(|one| one.place.is_of_one_key(place))
            {
                gone.push(place.clone());
            }
            let newest = match versions.get(at + 1) {
                Some(next) => !next.place.is_of_one_key(place),
                None => !more,
            };
            if newest && *is_gone == 1 {
                gone.push(VersionPlace { call: place.call + 1, ..place.clone() });
            }
        }
        if !gone.is_empty() {
            self.writer.transact(|transaction| Box::pin(forget_before(transaction, gone))).await?;
        }
        // The last one is looked at again, with the one behind it.
        versions.pop();
        Ok(Looked { next: versions.pop().map(|version| version.place).filter(|_| more), kept })
    }

    /// Up to which position nothing is read by a call that is still kept.
    async fn first_call(&self, installation: &str) -> Result<i64, StoreError> {
        let first: Option<i64> = sqlx::query_scalar(
            "SELECT MIN(COALESCE(seen + 1, position)) FROM
                 (SELECT seen, position FROM call WHERE installation = $1 ORDER BY made_at LIMIT $2) AS oldest",
        )
        .bind(installation)
        .bind(OLDEST)
        .fetch_one(&self.reader)
        .await
        .map_err(StoreError::sql)?;
        Ok(first.unwrap_or(i64::MAX))
    }

    /// Forgets some of what was dispatched before `before`.
    pub async fn forget_dispatched(&self, before: Timestamp) -> Result<u64, StoreError> {
        sql("DELETE FROM delivery WHERE at < $1
             AND at <= COALESCE((SELECT at FROM delivery ORDER BY at LIMIT 1 OFFSET $2), $1)")
        .bind(before.as_micros())
        .bind(PIECE as i64 - 1)
        .execute_alone(&self.writer)
        .await
    }

    /// Forgets grants of a release that others had replaced before `before`. There are few; the last of each stay.
    pub async fn forget_grants(&self, before: Timestamp) -> Result<(), StoreError> {
        sql("DELETE FROM granted WHERE EXISTS (SELECT 1 FROM granted later
             WHERE later.installation = granted.installation AND later.plugin = granted.plugin
               AND later.since > granted.since AND later.since < $1)")
        .bind(before.as_micros())
        .execute_alone(&self.writer)
        .await?;
        Ok(())
    }
}

async fn forget_these_calls(transaction: &mut Transaction, positions: Vec<i64>) -> Result<(), StoreError> {
    for position in positions {
        sql("DELETE FROM call WHERE position = $1").bind(position).execute(transaction).await?;
    }
    Ok(())
}

/// What was kept before each of these, under its key.
async fn forget_before(transaction: &mut Transaction, places: Vec<VersionPlace>) -> Result<(), StoreError> {
    for VersionPlace { installation, class, key, call } in places {
        sql("DELETE FROM version WHERE installation = $1 AND class = $2 AND key = $3 AND call < $4")
            .bind(installation)
            .bind(class)
            .bind(key)
            .bind(call)
            .execute(transaction)
            .await?;
    }
    Ok(())
}
