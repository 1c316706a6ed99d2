//! How much the history has, and what is kept of it: by age and by size, the oldest going first. A statement that still holds stays.

use dongting_manifest::Timestamp;

use super::named;
use crate::sql::sql;
use crate::writer::Transaction;
use crate::{Store, StoreError};

/// Messages removed in one transaction: what arrives meanwhile waits for no more than this.
const AT_ONCE: i64 = 500;

/// The oldest that may go.
const FORGET: &str = "DELETE FROM message WHERE position IN
     (SELECT position FROM message WHERE received < $1 AND holds = 0 ORDER BY received LIMIT $2)
     RETURNING position, CAST(OCTET_LENGTH(message) + OCTET_LENGTH(body) AS BIGINT)";

impl Store {
    /// Removes messages that arrived before `before`; how many.
    pub async fn forget(&self, before: Timestamp) -> Result<u64, StoreError> {
        let mut gone = 0;
        loop {
            let (messages, _) = self.forget_some(before.as_micros()).await?;
            gone += messages;
            if messages < AT_ONCE.unsigned_abs() {
                return Ok(gone);
            }
        }
    }

    /// Removes the oldest messages until all together take `max_bytes` at most; how many, and whether that was enough.
    pub async fn forget_beyond(&self, max_bytes: u64) -> Result<(u64, bool), StoreError> {
        let mut gone = 0;
        let mut bytes = self.history_bytes().await?;
        while bytes > max_bytes {
            let (messages, freed) = self.forget_some(i64::MAX).await?;
            if messages == 0 {
                return Ok((gone, false));
            }
            gone += messages;
            bytes = bytes.saturating_sub(freed);
        }
        Ok((gone, true))
    }

    /// Bytes that the messages take.
    pub async fn history_bytes(&self) -> Result<u64, StoreError> {
        let bytes: i64 = sqlx::query_scalar("SELECT bytes FROM history_extent")
            .fetch_one(&self.history_reader)
            .await
            .map_err(StoreError::sql)?;
        Ok(u64::try_from(bytes).unwrap_or(0))
    }

    /// The batch of messages that was written last.
    pub async fn history_batch(&self) -> Result<u64, StoreError> {
        let batch: i64 = sqlx::query_scalar("SELECT batch FROM history_extent")
            .fetch_one(&self.history_reader)
            .await
            .map_err(StoreError::sql)?;
        Ok(u64::try_from(batch).unwrap_or(0))
    }

    async fn forget_some(&self, before: i64) -> Result<(u64, u64), StoreError> {
        self.history_writer.transact(move |transaction| Box::pin(forget_oldest(transaction, before))).await
    }
}

async fn forget_oldest(transaction: &mut Transaction, before: i64) -> Result<(u64, u64), StoreError> {
    let gone: Vec<(i64, i64)> = sql(FORGET).bind(before).bind(AT_ONCE).rows(transaction).await?;
    let positions: Vec<i64> = gone.iter().map(|(position, _)| *position).collect();
    named::remove(transaction, &positions).await?;
    let freed: i64 = gone.iter().map(|(_, bytes)| bytes).sum();
    add(transaction, -freed).await?;
    Ok((gone.len() as u64, freed.unsigned_abs()))
}

/// The number of a new batch, and the last position of so many messages. On PostgreSQL the row is held until the batch is committed, so that
/// batches are seen in their order.
pub(super) async fn next(transaction: &mut Transaction, messages: usize) -> Result<(i64, i64), StoreError> {
    sql("UPDATE history_extent SET batch = batch + 1, position = position + $1 RETURNING batch, position")
        .bind(messages as i64)
        .the_row(transaction)
        .await
}

/// Counts what was kept or removed.
pub(super) async fn add(transaction: &mut Transaction, bytes: i64) -> Result<(), StoreError> {
    sql("UPDATE history_extent SET bytes = bytes + $1").bind(bytes).execute(transaction).await?;
    Ok(())
}
