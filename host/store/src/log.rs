//! SQLite's write-ahead logs.

use crate::{Store, StoreError};

impl Store {
    /// Brings what was committed from the logs to its place in the files, beside the commits. The commit that finds a log long does so
    /// itself, with the writer in its hand and everybody behind it; done each second, little is left for it. Nothing for PostgreSQL.
    pub async fn settle(&self) -> Result<(), StoreError> {
        for log in &self.logs {
            sqlx::query("PRAGMA wal_checkpoint(PASSIVE)").execute(log).await.map_err(StoreError::sql)?;
        }
        Ok(())
    }
}
