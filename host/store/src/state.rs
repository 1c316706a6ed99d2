//! Keys and values of installations. Written only by `commit`.

use crate::commit::{Commit, CommitError};
use crate::sql::Listed;
use crate::writer::Transaction;
use crate::{Store, StoreError, row, version};

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

/// All keys of a commit by a few statements: a batch writes as many as it has messages.
pub(crate) async fn write(
    transaction: &mut Transaction,
    commit: &Commit,
    position: Option<i64>,
) -> Result<(), CommitError> {
    static SET: Listed = Listed::new(|keys| {
        format!(
            "INSERT INTO state VALUES {} ON CONFLICT (installation, key) DO UPDATE SET value = excluded.value",
            row::rows(1, 3, keys)
        )
    });
    static DELETE: Listed = Listed::new(|keys| {
        format!("DELETE FROM state WHERE installation = $1 AND key IN ({})", row::placeholders(2, keys))
    });
    if commit.state.is_empty() {
        return Ok(());
    }
    let installation = commit.installation.as_str();
    let written: Vec<(&str, Option<&[u8]>)> =
        commit.state.iter().map(|(key, value)| (key.as_str(), value.as_deref())).collect();
    let mut bytes = 0;
    for written in row::lists(&written) {
        bytes = resized(transaction, installation, written).await?;
        if let Some(position) = position {
            version::keep_state(transaction, installation, position, written).await?;
        }
    }
    if bytes > commit.state_limit_bytes {
        return Err(CommitError::StateFull { bytes, limit: commit.state_limit_bytes });
    }
    let set: Vec<(&str, &[u8])> = written.iter().filter_map(|(key, value)| Some((*key, (*value)?))).collect();
    for set in row::pieces(&set, 3) {
        let query = set
            .iter()
            .fold(SET.of(set.len()), |query, (key, value)| query.bind(installation).bind(*key).bind(*value));
        query.execute(transaction).await?;
    }
    let deleted: Vec<&str> =
        written.iter().filter(|(_, value)| value.is_none()).map(|(key, _)| *key).collect();
    for deleted in row::lists(&deleted) {
        let query = DELETE.of(deleted.len()).bind(installation);
        let query = deleted.iter().fold(query, |query, key| query.bind(*key));
        query.execute(transaction).await?;
    }
    Ok(())
}

/// Before they are written: the bytes of all keys as they are to be then.
async fn resized(
    transaction: &mut Transaction,
    installation: &str,
    written: &[(&str, Option<&[u8]>)],
) -> Result<u64, StoreError> {
    static RESIZE: Listed = Listed::new(|keys| {
        format!(
            "INSERT INTO state_size VALUES ($1, $2 -
                 (SELECT CAST(COALESCE(SUM(OCTET_LENGTH(key) + OCTET_LENGTH(value)), 0) AS BIGINT) FROM state
                  WHERE installation = $1 AND key IN ({})))
             ON CONFLICT (installation) DO UPDATE SET bytes = state_size.bytes + excluded.bytes RETURNING bytes",
            row::placeholders(3, keys)
        )
    });
    let added = written.iter().map(|(key, value)| value.map_or(0, |value| key.len() + value.len()));
    let added = i64::try_from(added.sum::<usize>()).unwrap_or(i64::MAX);
    let query = RESIZE.of(written.len()).bind(installation).bind(added);
    let query = written.iter().fold(query, |query, (key, _)| query.bind(*key));
    let (bytes,): (i64,) = query.the_row(transaction).await?;
    Ok(u64::try_from(bytes).unwrap_or(0))
}
