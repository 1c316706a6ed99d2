//! How far each lane was when it was last known.

use dongting_manifest::{Lane, Timestamp};

use crate::sql::sql;
use crate::{Store, StoreError, row};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Checkpoint {
    pub at: Timestamp,
    pub stream_created: Timestamp,
    pub sequence: u64,
    /// After an outage: what was published since then may be published again.
    pub held: Option<Held>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Held {
    pub since: Timestamp,
    /// When the outage was noticed.
    pub at: Timestamp,
}

impl Checkpoint {
    /// What it says, whenever it was said.
    #[must_use]
    pub fn said(&self) -> (Timestamp, u64, Option<Held>) {
        (self.stream_created, self.sequence, self.held)
    }
}

/// When, the stream's creation, the sequence, and what is held since when and as of when.
type Row = (i64, i64, i64, Option<i64>, Option<i64>);

impl Store {
    pub async fn checkpoint(&self, lane: Lane) -> Result<Option<Checkpoint>, StoreError> {
        let row: Option<Row> = sqlx::query_as(
            "SELECT taken_at, stream_created, sequence, held_since, held_at FROM checkpoint WHERE lane = $1",
        )
        .bind(lane.as_str())
        .fetch_optional(&self.reader)
        .await
        .map_err(StoreError::sql)?;
        Ok(row.and_then(|(at, created, sequence, held_since, held_at)| {
            let held =
                held_since.and_then(Timestamp::from_micros).zip(held_at.and_then(Timestamp::from_micros));
            Some(Checkpoint {
                held: held.map(|(since, at)| Held { since, at }),
                at: Timestamp::from_micros(at)?,
                stream_created: Timestamp::from_micros(created)?,
                sequence: u64::try_from(sequence).ok()?,
            })
        }))
    }

    /// The newest counts, whichever host has made it.
    pub async fn keep_checkpoint(&self, lane: Lane, checkpoint: &Checkpoint) -> Result<(), StoreError> {
        sql("INSERT INTO checkpoint VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (lane) DO UPDATE
             SET taken_at = $2, stream_created = $3, sequence = $4, held_since = $5, held_at = $6
             WHERE checkpoint.taken_at < $2")
        .bind(lane.as_str())
        .bind(checkpoint.at.as_micros())
        .bind(checkpoint.stream_created.as_micros())
        .bind(row::sequence(checkpoint.sequence))
        .bind(checkpoint.held.map(|held| held.since.as_micros()))
        .bind(checkpoint.held.map(|held| held.at.as_micros()))
        .execute_alone(&self.writer)
        .await?;
        Ok(())
    }
}
