//! Where each source goes on.

use crate::sql::sql;
use crate::writer::Transaction;
use crate::{Store, StoreError};
use dongting_manifest::Timestamp;

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Cursor {
    pub text: Option<String>,
    pub complete_until: Option<Timestamp>,
}

impl Store {
    pub async fn cursor(&self, installation: &str) -> Result<Cursor, StoreError> {
        let row: Option<(Option<String>, Option<i64>)> =
            sqlx::query_as("SELECT cursor, complete_until FROM cursor WHERE installation = $1")
                .bind(installation)
                .fetch_optional(&self.reader)
                .await
                .map_err(StoreError::sql)?;
        let (text, until) = row.unwrap_or_default();
        Ok(Cursor { text, complete_until: until.and_then(Timestamp::from_micros) })
    }
}

/// A cursor on its way, compared and set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Move {
    /// As it was read before the poll.
    pub from: Option<String>,
    pub to: Cursor,
}

/// False where another poll has moved the cursor since `from` was read.
pub(crate) async fn set(
    transaction: &mut Transaction,
    installation: &str,
    moved: &Move,
) -> Result<bool, StoreError> {
    let changed = sql("INSERT INTO cursor (installation, cursor, complete_until) VALUES ($1, $3, $4)
         ON CONFLICT (installation) DO UPDATE SET cursor = $3, complete_until = $4
         WHERE cursor.cursor IS NOT DISTINCT FROM $2")
    .bind(installation)
    .bind(&moved.from)
    .bind(&moved.to.text)
    .bind(moved.to.complete_until.map(Timestamp::as_micros))
    .execute(transaction)
    .await?;
    Ok(changed == 1)
}
