//! Bodies that records name by their digests, kept for replay: HTTP answers, documents, requests. Each once, however often it comes.

use std::time::Duration;

use dongting_manifest::Timestamp;
use dongting_manifest::message::hash;

use crate::sql::{Listed, sql};
use crate::writer::Transaction;
use crate::{Store, StoreError, row};

/// Bodies removed in one transaction.
const AT_ONCE: i64 = 500;
/// When a body came last is noted this exactly: one that comes each second is not written each second. What is forgotten is older by as
/// much.
const FRESH: Duration = Duration::from_secs(3_600);

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Body {
    pub digest: String,
    pub bytes: Vec<u8>,
}

impl Body {
    #[must_use]
    pub fn new(bytes: Vec<u8>) -> Self {
        Self { digest: hash([bytes.as_slice()]), bytes }
    }
}

impl Store {
    pub async fn keep_bodies(&self, mut bodies: Vec<&Body>) -> Result<(), StoreError> {
        if bodies.is_empty() {
            return Ok(());
        }
        let now = Timestamp::now();
        // In one order, whoever keeps them: two that wait for each other's would both be stuck.
        bodies.sort_unstable_by(|a, b| a.digest.cmp(&b.digest));
        bodies.dedup_by(|a, b| a.digest == b.digest);
        let bodies: Vec<Body> = bodies.into_iter().cloned().collect();
        self.history_writer
            .transact(move |transaction| Box::pin(async move { keep(transaction, &bodies, now).await }))
            .await
    }

    /// None where it is no longer kept.
    pub async fn body(&self, digest: &str) -> Result<Option<Vec<u8>>, StoreError> {
        sqlx::query_scalar("SELECT body FROM answer WHERE digest = $1")
            .bind(digest)
            .fetch_optional(&self.history_reader)
            .await
            .map_err(StoreError::sql)
    }

    /// How many bytes a body has; none where it is no longer kept.
    pub async fn bytes_of_body(&self, digest: &str) -> Result<Option<u64>, StoreError> {
        let bytes: Option<i64> = sqlx::query_scalar("SELECT bytes FROM answer WHERE digest = $1")
            .bind(digest)
            .fetch_optional(&self.history_reader)
            .await
            .map_err(StoreError::sql)?;
        Ok(bytes.map(i64::unsigned_abs))
    }

    /// Forgets bodies that came last before `before`, and then the oldest until all together take `max_bytes` at most; how many.
    pub async fn forget_bodies(&self, before: Timestamp, max_bytes: u64) -> Result<u64, StoreError> {
        let mut gone = self.forget_bodies_before(before.saturating_sub(FRESH).as_micros()).await?;
        // Added up in the database: there may be millions of them.
        let full: Option<i64> = sqlx::query_scalar(
            "SELECT MAX(used_at) FROM (SELECT used_at, SUM(bytes) OVER (ORDER BY used_at DESC) AS held FROM answer) AS newest
             WHERE held > $1",
        )
        .bind(i64::try_from(max_bytes).unwrap_or(i64::MAX))
        .fetch_one(&self.history_reader)
        .await
        .map_err(StoreError::sql)?;
        if let Some(used_at) = full {
            gone += self.forget_bodies_before(used_at.saturating_add(1)).await?;
        }
        Ok(gone)
    }

    async fn forget_bodies_before(&self, used_at: i64) -> Result<u64, StoreError> {
        let mut gone = 0;
        loop {
            let some = sql("DELETE FROM answer WHERE digest IN
                 (SELECT digest FROM answer WHERE used_at < $1 ORDER BY used_at LIMIT $2)")
            .bind(used_at)
            .bind(AT_ONCE)
            .execute_alone(&self.history_writer)
            .await?;
            gone += some;
            if some < AT_ONCE.unsigned_abs() {
                return Ok(gone);
            }
        }
    }
}

async fn keep(transaction: &mut Transaction, bodies: &[Body], now: Timestamp) -> Result<(), StoreError> {
    static KEEP: Listed = Listed::new(|bodies| {
        format!(
            "INSERT INTO answer (digest, bytes, used_at, body) VALUES {}
             ON CONFLICT (digest) DO UPDATE SET used_at = excluded.used_at WHERE answer.used_at < $1",
            row::rows(2, 4, bodies)
        )
    });
    let stale = now.saturating_sub(FRESH).as_micros();
    for bodies in row::pieces(bodies, 4) {
        let query = bodies.iter().fold(KEEP.of(bodies.len()).bind(stale), |query, Body { digest, bytes }| {
            query
                .bind(digest)
                .bind(i64::try_from(bytes.len()).unwrap_or(i64::MAX))
                .bind(now.as_micros())
                .bind(bytes)
        });
        query.execute(transaction).await?;
    }
    Ok(())
}
