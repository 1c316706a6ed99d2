//! Outputs that are committed and not yet confirmed by the bus.

use dongting_manifest::Message;

use crate::{Store, StoreError, row};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pending {
    pub position: i64,
    pub message: Message,
}

impl Store {
    /// The oldest of the installation's pending outputs.
    pub async fn pending(&self, installation: &str, limit: u32) -> Result<Vec<Pending>, StoreError> {
        let rows: Vec<(i64, String, Vec<u8>)> = sqlx::query_as(
            "SELECT position, message, body FROM outbox WHERE installation = ? ORDER BY position LIMIT ?",
        )
        .bind(installation)
        .bind(limit)
        .fetch_all(&self.reader)
        .await
        .map_err(StoreError::sql)?;
        rows.into_iter()
            .map(|(position, attributes, body)| {
                Ok(Pending { position, message: row::message(&attributes, body)? })
            })
            .collect()
    }

    /// The bus has stored these.
    pub async fn confirmed(&self, positions: &[i64]) -> Result<(), StoreError> {
        let mut transaction = self.writer.begin().await.map_err(StoreError::sql)?;
        for position in positions {
            sqlx::query("DELETE FROM outbox WHERE position = ?")
                .bind(position)
                .execute(&mut *transaction)
                .await
                .map_err(StoreError::sql)?;
        }
        transaction.commit().await.map_err(StoreError::sql)
    }
}
