//! Where each source goes on.

use dongting_manifest::Timestamp;

use crate::{Store, StoreError};

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

    /// Compare and set: false where another poll has moved the cursor since `from` was read.
    pub async fn move_cursor(
        &self,
        installation: &str,
        from: Option<&str>,
        to: &Cursor,
    ) -> Result<bool, StoreError> {
        let changed = sqlx::query(
            "INSERT INTO cursor (installation, cursor, complete_until) VALUES ($1, $3, $4)
             ON CONFLICT (installation) DO UPDATE SET cursor = $3, complete_until = $4
             WHERE cursor.cursor IS NOT DISTINCT FROM $2",
        )
        .bind(installation)
        .bind(from)
        .bind(&to.text)
        .bind(to.complete_until.map(Timestamp::as_micros))
        .execute(&self.writer)
        .await
        .map_err(StoreError::sql)?;
        Ok(changed.rows_affected() == 1)
    }
}
