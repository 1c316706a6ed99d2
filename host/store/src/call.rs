//! Calls as they were made, for replay. Kept for a bounded time.

use std::time::Duration;

use dongting_manifest::Timestamp;
use dongting_manifest::message::hash;
use dongting_manifest::record::Extent;
use serde::{Deserialize, Serialize};

use crate::answer::Asked;
use crate::given::{Given, GivenStep, GivenSteps, Said};
use crate::sql::sql;
use crate::writer::Transaction;
use crate::{Store, StoreError};

/// The instant of a call is seldom so long after that of what it was given.
const SOON: Duration = Duration::from_secs(1);
/// A call that is so long after is found by the instant of what it was given, and not by its own.
const LATE: Duration = Duration::from_secs(120);
/// Calls among which the one that made a message is looked for, and those of them that name it.
const LOOKED_AMONG: i64 = 20_000;
const NAMING: i64 = 64;

/// A call as far as it follows from more than the release.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallRecord {
    #[serde(skip)]
    pub made_at: Option<Timestamp>,
    /// `name@version#digest`.
    pub plugin: String,
    /// The settings as JSON text.
    pub settings: String,
    /// Hash of the attachments.
    pub attachments: String,
    /// Ids of the batch's messages, in order.
    pub inputs: Vec<String>,
    /// The timers that the batch was made of, by name and deadline, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub timers: Vec<(String, Timestamp)>,
    /// All of the installation's records together, where the call used them and there were any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub records: Option<Extent>,
    /// Up to which batch the history was read, where it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub history: Option<u64>,
    /// A source's call has no batch, and this instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub poll: Option<Poll>,
    /// A call of a decoder, a service or a view has no batch, and this instead; one of a sink has it beside its batch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub given: Option<Given>,
    /// Digest of what whoever gave it was told; none where that was nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub told: Option<String>,
    /// What a sink said of each of its messages.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub said: Vec<Said>,
    /// Behind which position the call saw what its installation keeps, where it was not written down in the transaction of a commit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seen: Option<i64>,
    /// The form of what the installation kept; none where it kept nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub form: Option<u32>,
    /// A migration's call has no batch, and this instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub migrated: Option<Migrated>,
    /// What it asked of the network, and was answered.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub asked: Vec<Asked>,
    /// Why the call cannot be made again, where something that it was given was not kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unkept: Option<String>,
    /// Why an input was rejected; none where it was not. Of a call without a batch, why each part was.
    pub rejects: Vec<Option<String>>,
    /// Digest of what the call wrote to what its installation keeps; none where it keeps nothing, and in records from before that was noted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kept: Option<String>,
    /// Ids of the messages made, each with a hash of what a plugin decides of it.
    pub outputs: Vec<(String, String)>,
}

/// What a poll began with and where it ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Poll {
    pub now: Timestamp,
    pub from: Option<String>,
    pub to: Option<String>,
    /// None in records from before it was said on the bus.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub complete: Option<Complete>,
}

/// How far the source was complete before the poll.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Complete {
    pub before: Option<Timestamp>,
}

/// From which form a migration brought what the installation kept. To which, says the record's `form`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Migrated {
    pub now: Timestamp,
    pub from: u32,
}

/// A recorded call with its place among all calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    pub position: i64,
    pub made_at: Timestamp,
    pub record: CallRecord,
}

/// A call's place among those of its installation in the order in which they saw what it keeps: behind which commit, and its position.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct CallPlace(i64, i64);

impl Recorded {
    #[must_use]
    pub fn place(&self) -> CallPlace {
        CallPlace(self.record.seen.unwrap_or(self.position), self.position)
    }

    /// What was kept just before this position is what the call saw.
    #[must_use]
    pub fn sees_before(&self) -> i64 {
        self.record.seen.map_or(self.position, |seen| seen.saturating_add(1))
    }
}

impl Store {
    /// The position of the newest call of any installation. Asked for in an installation's turn, all that the installation has committed is at
    /// or before it, and all that it commits later behind it.
    pub async fn last_call(&self) -> Result<i64, StoreError> {
        sqlx::query_scalar("SELECT position FROM last_call")
            .fetch_one(&self.reader)
            .await
            .map_err(StoreError::sql)
    }

    /// Writes calls down that changed no state; their positions. Written again, because nobody has heard whether they were, they are there
    /// once, and have no position here.
    pub async fn record_calls(&self, calls: &[(&str, &CallRecord)]) -> Result<Vec<Option<i64>>, StoreError> {
        let row = |&(installation, record): &(&str, &CallRecord)| {
            row_of(record).map(|row| (installation.to_owned(), row, record.connection(), record.seen))
        };
        let rows = calls.iter().map(row).collect::<Result<Vec<_>, _>>()?;
        self.writer
            .transact(move |transaction| {
                Box::pin(async move {
                    let mut positions = Vec::with_capacity(rows.len());
                    for (installation, row, connection, seen) in rows {
                        positions.push(write_once(transaction, installation, row, (connection, seen)).await?);
                    }
                    Ok(positions)
                })
            })
            .await
    }

    /// The call at a position; none where it was forgotten.
    pub async fn call(&self, position: i64) -> Result<Option<Recorded>, StoreError> {
        let row: Option<(i64, i64, String)> =
            sqlx::query_as("SELECT position, made_at, record FROM call WHERE position = $1")
                .bind(position)
                .fetch_optional(&self.reader)
                .await
                .map_err(StoreError::sql)?;
        row.map(recorded).transpose()
    }

    /// The calls of an installation, other than of its connections, that were made from `from` until before `to`, in the order of their places, behind
    /// `after`.
    pub async fn calls(
        &self,
        installation: &str,
        (from, to): (Timestamp, Timestamp),
        CallPlace(place, position): CallPlace,
        limit: u32,
    ) -> Result<Vec<Recorded>, StoreError> {
        let committed: Vec<(i64, i64, String)> = sqlx::query_as(
            "SELECT position, made_at, record FROM call
             WHERE installation = $1 AND made_at >= $2 AND made_at < $3 AND position > $4 AND connection IS NULL AND seen IS NULL
             ORDER BY position LIMIT $5",
        )
        .bind(installation)
        .bind(from.as_micros())
        .bind(to.as_micros())
        .bind(place)
        .bind(i64::from(limit))
        .fetch_all(&self.reader)
        .await
        .map_err(StoreError::sql)?;
        let beside: Vec<(i64, i64, String)> = sqlx::query_as(
            "SELECT position, made_at, record FROM call
             WHERE installation = $1 AND made_at >= $2 AND made_at < $3 AND seen >= $4 AND (seen > $4 OR position > $5)
             ORDER BY seen, position LIMIT $6",
        )
        .bind(installation)
        .bind(from.as_micros())
        .bind(to.as_micros())
        .bind(place)
        .bind(position)
        .bind(i64::from(limit))
        .fetch_all(&self.reader)
        .await
        .map_err(StoreError::sql)?;
        let both = committed.into_iter().chain(beside).map(recorded);
        let mut calls: Vec<Recorded> = both.collect::<Result<_, _>>()?;
        calls.sort_by_key(Recorded::place);
        calls.truncate(limit as usize);
        Ok(calls)
    }

    /// The connections of an installation on which something was recorded from `from` until before `to`, in the order of their names, behind `after`.
    pub async fn connections(
        &self,
        installation: &str,
        (from, to): (Timestamp, Timestamp),
        after: &str,
        limit: u32,
    ) -> Result<Vec<String>, StoreError> {
        sqlx::query_scalar(
            "SELECT DISTINCT connection FROM call
             WHERE installation = $1 AND connection > $2 AND made_at >= $3 AND made_at < $4 ORDER BY connection LIMIT $5",
        )
        .bind(installation)
        .bind(after)
        .bind(from.as_micros())
        .bind(to.as_micros())
        .bind(i64::from(limit))
        .fetch_all(&self.reader)
        .await
        .map_err(StoreError::sql)
    }

    /// The stretches of a connection, from its beginning until before `to`, behind the position `after`.
    pub async fn stretches(
        &self,
        (installation, connection): (&str, &str),
        to: Timestamp,
        after: i64,
        limit: u32,
    ) -> Result<Vec<Recorded>, StoreError> {
        let rows: Vec<(i64, i64, String)> = sqlx::query_as(
            "SELECT position, made_at, record FROM call
             WHERE installation = $1 AND connection = $2 AND made_at < $3 AND position > $4 ORDER BY position LIMIT $5",
        )
        .bind(installation)
        .bind(connection)
        .bind(to.as_micros())
        .bind(after)
        .bind(i64::from(limit))
        .fetch_all(&self.reader)
        .await
        .map_err(StoreError::sql)?;
        rows.into_iter().map(recorded).collect()
    }

    /// The stretch of a connection before the one at `position`.
    pub async fn stretch_before(
        &self,
        (installation, connection): (&str, &str),
        position: i64,
    ) -> Result<Option<Recorded>, StoreError> {
        let row: Option<(i64, i64, String)> = sqlx::query_as(
            "SELECT position, made_at, record FROM call
             WHERE installation = $1 AND connection = $2 AND position < $3 ORDER BY position DESC LIMIT 1",
        )
        .bind(installation)
        .bind(connection)
        .bind(position)
        .fetch_optional(&self.reader)
        .await
        .map_err(StoreError::sql)?;
        row.map(recorded).transpose()
    }

    /// The call of an installation that made a message of what came at `received`; one that made the same of what came a little later where that is
    /// not kept. No step of a connection is written down with an instant more than `stretch` before its own.
    ///
    /// No index leads from a message to its call, which would cost every call something. So this looks through those of that time.
    pub async fn call_that_made(
        &self,
        (installation, id): (&str, &str),
        received: Timestamp,
        stretch: Duration,
    ) -> Result<Option<Recorded>, StoreError> {
        // No id of a host's making has any of these.
        if id.contains(['%', '_', '\\', '"']) {
            return Ok(None);
        }
        let (from, soon) = (received.saturating_sub(stretch), received.saturating_add(SOON));
        let mut found = self.naming((installation, id), received, (from, soon)).await?;
        let exact = |found: &[Recorded]| found.iter().position(|call| call.record.made_of(id, received));
        if exact(&found).is_none() {
            let late = (soon, received.saturating_add(LATE));
            found.extend(self.naming((installation, id), received, late).await?);
        }
        if exact(&found).is_none() {
            found.extend(self.given_long_before((installation, id), received).await?);
        }
        let at = exact(&found).unwrap_or_default();
        Ok(found.into_iter().nth(at))
    }

    /// The calls from `from` until before `to` that made a message of this id. Those before `received` can only be of connections.
    async fn naming(
        &self,
        (installation, id): (&str, &str),
        received: Timestamp,
        (from, to): (Timestamp, Timestamp),
    ) -> Result<Vec<Recorded>, StoreError> {
        let rows: Vec<(i64, i64, String)> = sqlx::query_as(
            "SELECT position, made_at, record FROM
                 (SELECT position, made_at, record FROM call
                  WHERE installation = $1 AND made_at >= $2 AND made_at < $3
                    AND made_at >= CASE WHEN connection IS NULL THEN $4 ELSE $2 END
                  ORDER BY made_at, key LIMIT $5) AS near
             WHERE record LIKE $6 ORDER BY made_at, position LIMIT $7",
        )
        .bind(installation)
        .bind(from.as_micros())
        .bind(to.as_micros())
        .bind(received.as_micros())
        .bind(LOOKED_AMONG)
        .bind(format!("%\"{id}\"%"))
        .bind(NAMING)
        .fetch_all(&self.reader)
        .await
        .map_err(StoreError::sql)?;
        those_that_made(id, rows)
    }

    /// The calls that made a message of this id of what came at `received`, long before them.
    async fn given_long_before(
        &self,
        (installation, id): (&str, &str),
        received: Timestamp,
    ) -> Result<Vec<Recorded>, StoreError> {
        let rows: Vec<(i64, i64, String)> = sqlx::query_as(
            "SELECT position, made_at, record FROM call WHERE installation = $1 AND came = $2 ORDER BY position LIMIT $3",
        )
        .bind(installation)
        .bind(received.as_micros())
        .bind(NAMING)
        .fetch_all(&self.reader)
        .await
        .map_err(StoreError::sql)?;
        those_that_made(id, rows)
    }
}

fn those_that_made(id: &str, rows: Vec<(i64, i64, String)>) -> Result<Vec<Recorded>, StoreError> {
    let calls: Vec<Recorded> = rows.into_iter().map(recorded).collect::<Result<_, _>>()?;
    Ok(calls.into_iter().filter(|call| call.record.outputs.iter().any(|(made, _)| made == id)).collect())
}

fn recorded((position, made_at, record): (i64, i64, String)) -> Result<Recorded, StoreError> {
    let made_at = Timestamp::from_micros(made_at)
        .ok_or_else(|| StoreError::Damaged(format!("a call made at {made_at}")))?;
    let record =
        serde_json::from_str(&record).map_err(|error| StoreError::Damaged(format!("a call: {error}")))?;
    Ok(Recorded { position, made_at, record })
}

impl CallRecord {
    fn connection(&self) -> Option<String> {
        match &self.given {
            Some(Given::Steps(steps)) => Some(steps.connection()),
            _ => None,
        }
    }

    /// Whether what it made a message of this id of came at `received`.
    fn made_of(&self, id: &str, received: Timestamp) -> bool {
        match (&self.poll, &self.given) {
            (Some(poll), _) => poll.now == received,
            (None, Some(Given::Document(document))) => document.received == received,
            (None, Some(Given::Request(request))) => request.received == received,
            (None, Some(Given::Form(form))) => form.now == received,
            (None, Some(Given::Steps(steps))) => {
                self.step_that_made(steps, id, received).is_some_and(|(step, _)| step.now == received)
            }
            (None, Some(Given::Attempts(_)) | None) => true,
        }
    }

    /// Which of its steps made a message of this id, rather that at `received` than another; and how many bytes came with those before it.
    #[must_use]
    pub fn step_that_made<'s>(
        &self,
        steps: &'s GivenSteps,
        id: &str,
        received: Timestamp,
    ) -> Option<(&'s GivenStep, usize)> {
        let (mut outputs, mut bytes, mut found) = (self.outputs.iter(), 0, None);
        for step in &steps.steps {
            let made = outputs.by_ref().take(step.outputs).fold(false, |made, (one, _)| made | (one == id));
            if made && step.now == received {
                return Some((step, bytes));
            }
            if made && found.is_none() {
                found = Some((step, bytes));
            }
            bytes += step.bytes;
        }
        found
    }
}

struct Row {
    made_at: i64,
    text: String,
    /// When what it was given came, where that was long before.
    came: Option<i64>,
}

fn row_of(record: &CallRecord) -> Result<Row, StoreError> {
    let text = serde_json::to_string(record).map_err(|error| StoreError::Damaged(error.to_string()))?;
    let made_at = record.made_at.unwrap_or_else(Timestamp::now);
    let came = match &record.given {
        Some(Given::Document(document)) => Some(document.received),
        _ => None,
    };
    let came = came.filter(|came| made_at.since(*came) >= LATE);
    Ok(Row { made_at: made_at.as_micros(), text, came: came.map(Timestamp::as_micros) })
}

/// Writes a call down that was not committed. Its position, where it was not there yet.
async fn write_once(
    transaction: &mut Transaction,
    installation: String,
    Row { made_at, text, came }: Row,
    (connection, seen): (Option<String>, Option<i64>),
) -> Result<Option<i64>, StoreError> {
    let written: Option<(i64,)> =
        sql("INSERT INTO call (installation, made_at, key, record, connection, seen, came) VALUES ($1, $2, $3, $4, $5, $6, $7)
             ON CONFLICT DO NOTHING RETURNING position")
        .bind(installation)
        .bind(made_at)
        .bind(hash([text.as_bytes()]))
        .bind(text)
        .bind(&connection)
        .bind(seen)
        .bind(came)
        .row(transaction)
        .await?;
    Ok(written.map(|(position,)| position))
}

/// Writes a call down in the transaction of its commit, which is there once. Its position; and the form that is noted, which the commit needs
/// and would else ask for by itself.
pub(crate) async fn write(
    transaction: &mut Transaction,
    installation: &str,
    record: &CallRecord,
) -> Result<(i64, Option<i64>), StoreError> {
    let Row { made_at, text, came } = row_of(record)?;
    sql("INSERT INTO call (installation, made_at, record, came) VALUES ($1, $2, $3, $4)
         RETURNING position, (SELECT version FROM form WHERE installation = $1)")
    .bind(installation)
    .bind(made_at)
    .bind(text)
    .bind(came)
    .the_row(transaction)
    .await
}
