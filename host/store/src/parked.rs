//! Messages that wait in their order, so that they hold back no others on their lane.

use dongting_manifest::{Message, Origin, Timestamp};
use sqlx::AssertSqlSafe;

use crate::commit::Commit;
use crate::input::Input;
use crate::sql::sql;
use crate::writer::Transaction;
use crate::{Store, StoreError, row};

/// A message to be parked, or parked on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Park {
    /// Its row, where it is parked already.
    pub position: Option<i64>,
    pub message: Message,
    pub origin: Origin,
    pub tries: u32,
    pub due: Timestamp,
    pub reason: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parked {
    pub position: i64,
    pub message: Message,
    pub origin: Origin,
    pub tries: u32,
}

/// A partition of which messages are parked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParkedPartition {
    pub name: String,
    pub messages: u64,
    /// When its first message is due.
    pub due: Timestamp,
}

/// A partition that waits, told by its first message, which holds back the others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    pub stream: String,
    pub partition: String,
    pub messages: u64,
    /// Id of the first.
    pub message: String,
    /// When the first arrived.
    pub received: Timestamp,
    pub tries: u32,
    /// When it is tried again.
    pub due: Timestamp,
    pub reason: String,
}

/// All that an installation has parked: counted, and the partitions that wait longest.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Parkings {
    pub partitions: u64,
    pub messages: u64,
    pub first: Vec<Waiting>,
}

impl Park {
    pub(crate) fn input(&self) -> Input {
        Input {
            stream: self.origin.stream.clone(),
            stream_created: self.origin.stream_created,
            sequence: self.origin.sequence,
        }
    }
}

type WaitingRow = (String, String, i64, String, i64, i64, String);
type Row = (i64, i64, i64, String, String, Vec<u8>, i64);

impl Store {
    pub async fn parked_partitions(
        &self,
        installation: &str,
        stream: &str,
    ) -> Result<Vec<ParkedPartition>, StoreError> {
        let rows: Vec<(String, i64, i64)> = sqlx::query_as(
            "SELECT p.partition, g.messages, p.due FROM parked p
             JOIN (SELECT MIN(position) AS position, COUNT(*) AS messages FROM parked
                   WHERE installation = $1 AND stream = $2 GROUP BY partition) g ON g.position = p.position",
        )
        .bind(installation)
        .bind(stream)
        .fetch_all(&self.reader)
        .await
        .map_err(StoreError::sql)?;
        Ok(rows
            .into_iter()
            .map(|(name, messages, due)| ParkedPartition {
                name,
                messages: u64::try_from(messages).unwrap_or(0),
                due: Timestamp::from_micros(due).unwrap_or_else(Timestamp::now),
            })
            .collect())
    }

    /// What an installation has parked on every lane; of its partitions at most `limit`.
    pub async fn parkings(&self, installation: &str, limit: u32) -> Result<Parkings, StoreError> {
        let (partitions, messages): (i64, i64) = sqlx::query_as(
            "SELECT COUNT(*), CAST(COALESCE(SUM(messages), 0) AS BIGINT) FROM
             (SELECT COUNT(*) AS messages FROM parked WHERE installation = $1 GROUP BY stream, partition) g",
        )
        .bind(installation)
        .fetch_one(&self.reader)
        .await
        .map_err(StoreError::sql)?;
        let rows: Vec<WaitingRow> = sqlx::query_as(
            "SELECT p.stream, p.partition, g.messages, p.message, p.tries, p.due, p.reason FROM parked p
             JOIN (SELECT MIN(position) AS position, COUNT(*) AS messages FROM parked
                   WHERE installation = $1 GROUP BY stream, partition) g ON g.position = p.position
             ORDER BY p.position LIMIT $2",
        )
        .bind(installation)
        .bind(i64::from(limit))
        .fetch_all(&self.reader)
        .await
        .map_err(StoreError::sql)?;
        let first = rows.into_iter().map(|(stream, partition, messages, attributes, tries, due, reason)| {
            let head = row::message(&attributes, Vec::new())?;
            Ok(Waiting {
                stream,
                partition,
                messages: u64::try_from(messages).unwrap_or(0),
                message: head.id,
                received: head.received,
                tries: u32::try_from(tries).unwrap_or(u32::MAX),
                due: Timestamp::from_micros(due).unwrap_or_else(Timestamp::now),
                reason,
            })
        });
        Ok(Parkings {
            partitions: u64::try_from(partitions).unwrap_or(0),
            messages: u64::try_from(messages).unwrap_or(0),
            first: first.collect::<Result<_, StoreError>>()?,
        })
    }

    /// The oldest parked messages of these partitions.
    pub async fn parked(
        &self,
        installation: &str,
        stream: &str,
        partitions: &[String],
        limit: u32,
    ) -> Result<Vec<Parked>, StoreError> {
        let listed = row::placeholders(4, partitions.len());
        let sql = format!(
            "SELECT position, stream_created, sequence, subject, message, body, tries FROM parked
             WHERE installation = $1 AND stream = $2 AND partition IN ({listed}) ORDER BY position LIMIT $3"
        );
        let mut query =
            sqlx::query_as(AssertSqlSafe(sql)).bind(installation).bind(stream).bind(i64::from(limit));
        for partition in partitions {
            query = query.bind(partition);
        }
        let rows: Vec<Row> = query.fetch_all(&self.reader).await.map_err(StoreError::sql)?;
        rows.into_iter()
            .map(|(position, created, sequence, subject, attributes, body, tries)| {
                let stream_created = Timestamp::from_micros(created)
                    .ok_or_else(|| StoreError::Damaged(format!("a stream made at {created}")))?;
                let sequence = u64::try_from(sequence).unwrap_or(0);
                let origin = Origin { stream: stream.to_owned(), stream_created, sequence, subject };
                let tries = u32::try_from(tries).unwrap_or(u32::MAX);
                Ok(Parked { position, message: row::message(&attributes, body)?, origin, tries })
            })
            .collect()
    }
}

/// False where a row that is to go is not there: somebody else has used it up.
pub(crate) async fn write(transaction: &mut Transaction, commit: &Commit) -> Result<bool, StoreError> {
    for position in &commit.unparked {
        let gone = sql("DELETE FROM parked WHERE position = $1 AND installation = $2")
            .bind(*position)
            .bind(&commit.installation)
            .execute(transaction)
            .await?;
        if gone == 0 {
            return Ok(false);
        }
    }
    for park in &commit.parks {
        let query = match park.position {
            Some(position) => sql(
                "UPDATE parked SET tries = $1, due = $2, reason = $3 WHERE position = $4 AND installation = $5",
            )
            .bind(i64::from(park.tries))
            .bind(park.due.as_micros())
            .bind(&park.reason)
            .bind(position)
            .bind(&commit.installation),
            None => sql(
                "INSERT INTO parked (installation, stream, stream_created, sequence, subject, partition, message, body, tries, due, reason)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
            )
            .bind(&commit.installation)
            .bind(&park.origin.stream)
            .bind(park.origin.stream_created.as_micros())
            .bind(row::sequence(park.origin.sequence))
            .bind(&park.origin.subject)
            .bind(&park.message.partition)
            .bind(row::attributes(&park.message)?)
            .bind(&park.message.body)
            .bind(i64::from(park.tries))
            .bind(park.due.as_micros())
            .bind(&park.reason),
        };
        if query.execute(transaction).await? == 0 {
            return Ok(false);
        }
    }
    Ok(true)
}
