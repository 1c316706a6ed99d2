//! One call's effects in one transaction: state, outputs, and the inputs that are thereby used up.

use std::collections::BTreeMap;

use dongting_manifest::{Message, Timestamp};
use sqlx::{Sqlite, Transaction};

use crate::{Store, StoreError, row};

pub struct Commit<'c> {
    pub installation: &'c str,
    pub inputs: &'c [Input],
    /// Keys set, and keys deleted (none).
    pub state: &'c BTreeMap<String, Option<Vec<u8>>>,
    pub state_limit_bytes: u64,
    pub outputs: &'c [Message],
}

/// An input by its place on its stream. A stream that was deleted and made again counts from one again, so its
/// creation is part of the place.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Input {
    pub stream: String,
    pub stream_created: Timestamp,
    pub sequence: u64,
}

#[derive(Debug, thiserror::Error)]
pub enum CommitError {
    /// Nothing was committed. Some inputs were committed before; run the call again without them.
    #[error("some of the inputs were committed before")]
    Applied,
    #[error("the installation's state would have {bytes} bytes; {limit} are allowed")]
    StateFull { bytes: u64, limit: u64 },
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Store {
    /// Those of `inputs` whose effects are committed already.
    pub async fn applied(&self, installation: &str, inputs: &[Input]) -> Result<Vec<Input>, StoreError> {
        let mut found = Vec::new();
        for input in inputs {
            let hit: Option<i64> = sqlx::query_scalar(
                "SELECT 1 FROM applied WHERE installation = ? AND stream = ? AND stream_created = ? AND sequence = ?",
            )
            .bind(installation)
            .bind(&input.stream)
            .bind(input.stream_created.as_micros())
            .bind(sequence(input))
            .fetch_optional(&self.reader)
            .await
            .map_err(StoreError::sql)?;
            if hit.is_some() {
                found.push(input.clone());
            }
        }
        Ok(found)
    }

    pub async fn commit(&self, commit: Commit<'_>) -> Result<(), CommitError> {
        let mut transaction = self.writer.begin().await.map_err(StoreError::sql)?;
        for input in commit.inputs {
            let added = sqlx::query("INSERT OR IGNORE INTO applied VALUES (?, ?, ?, ?)")
                .bind(commit.installation)
                .bind(&input.stream)
                .bind(input.stream_created.as_micros())
                .bind(sequence(input))
                .execute(&mut *transaction)
                .await
                .map_err(StoreError::sql)?;
            if added.rows_affected() == 0 {
                transaction.rollback().await.map_err(StoreError::sql)?;
                return Err(CommitError::Applied);
            }
        }
        write_state(&mut transaction, &commit).await?;
        for message in commit.outputs {
            sqlx::query("INSERT INTO outbox (installation, message, body) VALUES (?, ?, ?)")
                .bind(commit.installation)
                .bind(row::attributes(message)?)
                .bind(&message.body)
                .execute(&mut *transaction)
                .await
                .map_err(StoreError::sql)?;
        }
        transaction.commit().await.map_err(StoreError::sql)?;
        Ok(())
    }
}

async fn write_state(
    transaction: &mut Transaction<'_, Sqlite>,
    commit: &Commit<'_>,
) -> Result<(), CommitError> {
    for (key, value) in commit.state {
        let query = match value {
            Some(value) => sqlx::query("INSERT OR REPLACE INTO state VALUES (?, ?, ?)")
                .bind(commit.installation)
                .bind(key)
                .bind(value),
            None => sqlx::query("DELETE FROM state WHERE installation = ? AND key = ?")
                .bind(commit.installation)
                .bind(key),
        };
        query.execute(&mut **transaction).await.map_err(StoreError::sql)?;
    }
    if commit.state.is_empty() {
        return Ok(());
    }
    let bytes: i64 = sqlx::query_scalar(
        "SELECT COALESCE(SUM(LENGTH(CAST(key AS BLOB)) + LENGTH(value)), 0) FROM state WHERE installation = ?",
    )
    .bind(commit.installation)
    .fetch_one(&mut **transaction)
    .await
    .map_err(StoreError::sql)?;
    let bytes = u64::try_from(bytes).unwrap_or(0);
    // Returning drops the transaction, which rolls it back.
    if bytes > commit.state_limit_bytes {
        return Err(CommitError::StateFull { bytes, limit: commit.state_limit_bytes });
    }
    Ok(())
}

fn sequence(input: &Input) -> i64 {
    i64::try_from(input.sequence).unwrap_or(i64::MAX)
}
