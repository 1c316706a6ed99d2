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
}
