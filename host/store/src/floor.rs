//! Up to where the inputs of a stateful installation are used up, so that `applied` does not grow for ever.

use dongting_manifest::Timestamp;

use crate::input::Input;
use crate::sql::sql;
use crate::{Store, StoreError};

impl Store {
    /// The inputs before `floor` can be forgotten: whoever calls this must know that no consumer delivers them again. A floor never falls,
    /// unless the stream was made anew.
    pub async fn raise_floor(&self, installation: &str, floor: &Input) -> Result<(), StoreError> {
        let sequence = i64::try_from(floor.sequence).unwrap_or(i64::MAX);
        let created = floor.stream_created.as_micros();
        sql("INSERT INTO floor VALUES ($1, $2, $3, $4)
             ON CONFLICT (installation, stream) DO UPDATE SET stream_created = $3, sequence = $4
             WHERE floor.stream_created <> $3 OR floor.sequence < $4")
        .bind(installation)
        .bind(&floor.stream)
        .bind(created)
        .bind(sequence)
        .execute_alone(&self.writer)
        .await?;
        Ok(())
    }

    /// Where a consumer of the stream must begin; none where nothing was ever forgotten.
    pub async fn floor(
        &self,
        installation: &str,
        stream: &str,
        stream_created: Timestamp,
    ) -> Result<Option<u64>, StoreError> {
        let sequence: Option<i64> = sqlx::query_scalar(
            "SELECT sequence FROM floor WHERE installation = $1 AND stream = $2 AND stream_created = $3",
        )
        .bind(installation)
        .bind(stream)
        .bind(stream_created.as_micros())
        .fetch_optional(&self.reader)
        .await
        .map_err(StoreError::sql)?;
        Ok(sequence.and_then(|sequence| u64::try_from(sequence).ok()))
    }
}
