//! Deadlines of installations. Written only by `commit`.

use std::time::Duration;

use crate::commit::{Commit, CommitError};
use crate::sql::sql;
use crate::version::{self, Class};
use crate::writer::Transaction;
use crate::{Store, StoreError};
use dongting_manifest::Timestamp;
use dongting_manifest::timer::Timer;

/// A timer whose deadline has passed when it is set waits this long, so that one that sets itself again does not spin.
const SOONEST: Duration = Duration::from_secs(1);

/// A timer that is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    pub name: String,
    pub timer: Timer,
    /// So far.
    pub tries: u32,
}

/// A timer that was given to a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rung {
    pub name: String,
    pub at: Timestamp,
    /// When it is given again, and after how many tries; none where it is used up.
    pub again: Option<(Timestamp, u32)>,
}

impl Store {
    pub async fn timer(&self, installation: &str, name: &str) -> Result<Option<Timer>, StoreError> {
        let row: Option<(i64, Vec<u8>)> =
            sqlx::query_as("SELECT deadline, payload FROM timer WHERE installation = $1 AND name = $2")
                .bind(installation)
                .bind(name)
                .fetch_optional(&self.reader)
                .await
                .map_err(StoreError::sql)?;
        row.map(|(deadline, payload)| Ok(Timer { at: instant(deadline)?, payload })).transpose()
    }

    pub async fn count_timers(&self, installation: &str) -> Result<u64, StoreError> {
        let count: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM timer WHERE installation = $1")
            .bind(installation)
            .fetch_one(&self.reader)
            .await
            .map_err(StoreError::sql)?;
        Ok(u64::try_from(count).unwrap_or(0))
    }

    /// When the first of the installation's timers is due.
    pub async fn next_timer(&self, installation: &str) -> Result<Option<Timestamp>, StoreError> {
        let due: Option<i64> = sqlx::query_scalar("SELECT MIN(due) FROM timer WHERE installation = $1")
            .bind(installation)
            .fetch_one(&self.reader)
            .await
            .map_err(StoreError::sql)?;
        due.map(instant).transpose()
    }

    /// Those that are due, the oldest first.
    pub async fn due_timers(
        &self,
        installation: &str,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<Due>, StoreError> {
        let rows: Vec<(String, i64, Vec<u8>, i64)> = sqlx::query_as(
            "SELECT name, deadline, payload, tries FROM timer WHERE installation = $1 AND due <= $2
             ORDER BY due, name LIMIT $3",
        )
        .bind(installation)
        .bind(now.as_micros())
        .bind(i64::from(limit))
        .fetch_all(&self.reader)
        .await
        .map_err(StoreError::sql)?;
        rows.into_iter()
            .map(|(name, deadline, payload, tries)| {
                let timer = Timer { at: instant(deadline)?, payload };
                Ok(Due { name, timer, tries: u32::try_from(tries).unwrap_or(u32::MAX) })
            })
            .collect()
    }
}

fn instant(micros: i64) -> Result<Timestamp, StoreError> {
    Timestamp::from_micros(micros).ok_or_else(|| StoreError::Damaged(format!("a timer at {micros}")))
}

/// Name and deadline are the fence. False where one of them was used up or set anew meanwhile.
pub(crate) async fn ring(
    transaction: &mut Transaction,
    commit: &Commit,
    position: Option<i64>,
) -> Result<bool, StoreError> {
    for Rung { name, at, again } in &commit.rung {
        if again.is_none() {
            keep(transaction, &commit.installation, (name, None), position).await?;
        }
        let query = match again {
            None => sql("DELETE FROM timer WHERE installation = $1 AND name = $2 AND deadline = $3"),
            Some(_) => sql(
                "UPDATE timer SET due = $4, tries = $5 WHERE installation = $1 AND name = $2 AND deadline = $3",
            ),
        };
        let mut query = query.bind(&commit.installation).bind(name).bind(at.as_micros());
        if let Some((due, tries)) = again {
            query = query.bind(due.as_micros()).bind(i64::from(*tries));
        }
        if query.execute(transaction).await? != 1 {
            return Ok(false);
        }
    }
    Ok(true)
}

pub(crate) async fn write(
    transaction: &mut Transaction,
    commit: &Commit,
    position: Option<i64>,
) -> Result<(), CommitError> {
    if commit.timers.is_empty() {
        return Ok(());
    }
    let soonest = Timestamp::now().saturating_add(SOONEST);
    for (name, timer) in &commit.timers {
        keep(transaction, &commit.installation, (name, timer.as_ref()), position).await?;
        let query = match timer {
            Some(timer) => sql(
                "INSERT INTO timer VALUES ($1, $2, $3, $4, $5, 0)
                 ON CONFLICT (installation, name) DO UPDATE SET deadline = $3, payload = $4, due = $5, tries = 0",
            )
            .bind(&commit.installation)
            .bind(name)
            .bind(timer.at.as_micros())
            .bind(&timer.payload)
            .bind(timer.at.max(soonest).as_micros()),
            None => sql("DELETE FROM timer WHERE installation = $1 AND name = $2")
                .bind(&commit.installation)
                .bind(name),
        };
        query.execute(transaction).await?;
    }
    let (count,): (i64,) = sql("SELECT COUNT(*) FROM timer WHERE installation = $1")
        .bind(&commit.installation)
        .the_row(transaction)
        .await?;
    let (count, limit) = (u64::try_from(count).unwrap_or(0), u64::from(commit.timers_limit));
    let sets = commit.timers.values().any(Option::is_some);
    if sets && count > limit { Err(CommitError::TimersFull { count, limit }) } else { Ok(()) }
}

/// Before it is changed.
async fn keep(
    transaction: &mut Transaction,
    installation: &str,
    (name, after): (&str, Option<&Timer>),
    position: Option<i64>,
) -> Result<(), StoreError> {
    let Some(position) = position else { return Ok(()) };
    let before: Option<(i64, Vec<u8>)> =
        sql("SELECT deadline, payload FROM timer WHERE installation = $1 AND name = $2")
            .bind(installation)
            .bind(name)
            .row(transaction)
            .await?;
    let before = before.map(|(at, payload)| version::timer(at, &payload));
    let after = after.map(|timer| version::timer(timer.at.as_micros(), &timer.payload));
    let of = (installation, Class::Timer, name);
    version::keep(transaction, of, position, (before.as_deref(), after.as_deref())).await
}
