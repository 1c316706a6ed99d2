//! Keys and values of installations. Written only by `commit`.

use crate::{Store, StoreError};

impl Store {
    pub async fn state(&self, installation: &str, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        sqlx::query_scalar("SELECT value FROM state WHERE installation = $1 AND key = $2")
            .bind(installation)
            .bind(key)
            .fetch_optional(&self.reader)
            .await
            .map_err(StoreError::sql)
    }

    /// The keys behind `after`, in the order of their bytes.
    pub async fn state_keys(
        &self,
        installation: &str,
        after: &str,
        limit: u32,
    ) -> Result<Vec<String>, StoreError> {
        sqlx::query_scalar("SELECT key FROM state WHERE installation = $1 AND key > $2 ORDER BY key LIMIT $3")
            .bind(installation)
            .bind(after)
            .bind(i64::from(limit))
            .fetch_all(&self.reader)
            .await
            .map_err(StoreError::sql)
    }
}
