//! How far each lane was when it was last known.

use dongting_manifest::{Lane, Timestamp};

use crate::{Store, StoreError, row};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Checkpoint {
    pub at: Timestamp,
    pub stream_created: Timestamp,
    pub sequence: u64,
}

impl Checkpoint {
    /// What it says of the lane, whenever it was said.
    #[must_use]
    pub fn place(&self) -> (Timestamp, u64) {
        (self.stream_created, self.sequence)
    }
}

impl Store {
    pub async fn checkpoint(&self, lane: Lane) -> Result<Option<Checkpoint>, StoreError> {
        let row: Option<(i64, i64, i64)> =
            sqlx::query_as("SELECT taken_at, stream_created, sequence FROM checkpoint WHERE lane = $1")
                .bind(lane.as_str())
                .fetch_optional(&self.reader)
                .await
                .map_err(StoreError::sql)?;
        Ok(row.and_then(|(at, created, sequence)| {
            Some(Checkpoint {
                at: Timestamp::from_micros(at)?,
                stream_created: Timestamp::from_micros(created)?,
                sequence: u64::try_from(sequence).ok()?,
            })
        }))
    }

    /// The newest counts, whichever host has made it.
    pub async fn keep_checkpoint(&self, lane: Lane, checkpoint: &Checkpoint) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO checkpoint VALUES ($1, $2, $3, $4) ON CONFLICT (lane) DO UPDATE
             SET taken_at = $2, stream_created = $3, sequence = $4 WHERE checkpoint.taken_at < $2",
        )
        .bind(lane.as_str())
        .bind(checkpoint.at.as_micros())
        .bind(checkpoint.stream_created.as_micros())
        .bind(row::sequence(checkpoint.sequence))
        .execute(&self.writer)
        .await
        .map_err(StoreError::sql)?;
        Ok(())
    }
}
