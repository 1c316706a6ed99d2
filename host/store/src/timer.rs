//! Deadlines of installations. Written only by `commit`.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::commit::{Commit, CommitError};
use crate::sql::{Listed, Sql, sql};
use crate::version::{self, Class, Kept};
use crate::writer::Transaction;
use crate::{Store, StoreError, row};
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
    static USE_UP: Listed = Listed::new(|timers| {
        format!(
            "DELETE FROM timer WHERE installation = $1 AND (name, deadline) IN (VALUES {})",
            row::rows(2, 2, timers)
        )
    });
    let used: Vec<(&str, Timestamp)> = commit
        .rung
        .iter()
        .filter(|Rung { again, .. }| again.is_none())
        .map(|Rung { name, at, .. }| (name.as_str(), *at))
        .collect();
    for used in row::lists(&used) {
        let changed: Vec<Change<'_>> = used.iter().map(|(name, _)| (*name, None)).collect();
        keep(transaction, &commit.installation, &changed, position).await?;
        let query = USE_UP.of(used.len()).bind(&commit.installation);
        let query = used.iter().fold(query, |query, (name, at)| query.bind(*name).bind(at.as_micros()));
        if query.execute(transaction).await? != used.len() as u64 {
            return Ok(false);
        }
    }
    for Rung { name, at, again } in &commit.rung {
        let Some((due, tries)) = again else { continue };
        let put_off = sql(
            "UPDATE timer SET due = $4, tries = $5 WHERE installation = $1 AND name = $2 AND deadline = $3",
        )
        .bind(&commit.installation)
        .bind(name)
        .bind(at.as_micros())
        .bind(due.as_micros())
        .bind(i64::from(*tries));
        if put_off.execute(transaction).await? != 1 {
            return Ok(false);
        }
    }
    Ok(true)
}

/// A timer by its name, and what it is to be.
type Change<'a> = (&'a str, Option<&'a Timer>);

pub(crate) async fn write(
    transaction: &mut Transaction,
    commit: &Commit,
    position: Option<i64>,
) -> Result<(), CommitError> {
    static SET: Listed = Listed::new(|timers| {
        format!(
            "INSERT INTO timer VALUES {} ON CONFLICT (installation, name) DO UPDATE
             SET deadline = excluded.deadline, payload = excluded.payload, due = excluded.due, tries = excluded.tries",
            row::rows(1, 6, timers)
        )
    });
    static CANCEL: Listed = Listed::new(|timers| {
        format!("DELETE FROM timer WHERE installation = $1 AND name IN ({})", row::placeholders(2, timers))
    });
    if commit.timers.is_empty() {
        return Ok(());
    }
    let installation = &commit.installation;
    let written: Vec<Change<'_>> =
        commit.timers.iter().map(|(name, timer)| (name.as_str(), timer.as_ref())).collect();
    for written in row::lists(&written) {
        keep(transaction, installation, written, position).await?;
    }
    let cancelled: Vec<Change<'_>> = written.iter().filter(|(_, timer)| timer.is_none()).copied().collect();
    for cancelled in row::lists(&cancelled) {
        named(&CANCEL, installation, cancelled).execute(transaction).await?;
    }
    let soonest = Timestamp::now().saturating_add(SOONEST);
    let set: Vec<(&str, &Timer)> =
        written.iter().filter_map(|(name, timer)| Some((*name, (*timer)?))).collect();
    for set in row::pieces(&set, 6) {
        let query = set.iter().fold(SET.of(set.len()), |query, (name, timer)| {
            query
                .bind(installation)
                .bind(*name)
                .bind(timer.at.as_micros())
                .bind(&timer.payload)
                .bind(timer.at.max(soonest).as_micros())
                .bind(0)
        });
        query.execute(transaction).await?;
    }
    let (count,): (i64,) = sql("SELECT COUNT(*) FROM timer WHERE installation = $1")
        .bind(installation)
        .the_row(transaction)
        .await?;
    let (count, limit) = (u64::try_from(count).unwrap_or(0), u64::from(commit.timers_limit));
    if !set.is_empty() && count > limit { Err(CommitError::TimersFull { count, limit }) } else { Ok(()) }
}

/// Before they are changed.
async fn keep(
    transaction: &mut Transaction,
    installation: &str,
    changed: &[Change<'_>],
    position: Option<i64>,
) -> Result<(), StoreError> {
    static BEFORE: Listed = Listed::new(|timers| {
        format!(
            "SELECT name, deadline, payload FROM timer WHERE installation = $1 AND name IN ({})",
            row::placeholders(2, timers)
        )
    });
    let Some(position) = position else { return Ok(()) };
    let before: Vec<(String, i64, Vec<u8>)> = named(&BEFORE, installation, changed).rows(transaction).await?;
    let mut before: BTreeMap<String, Vec<u8>> =
        before.into_iter().map(|(name, at, payload)| (name, version::timer(at, &payload))).collect();
    let kept: Vec<Kept> = changed
        .iter()
        .map(|(name, after)| Kept {
            key: (*name).to_owned(),
            before: before.remove(*name),
            after: after.map(|timer| version::timer(timer.at.as_micros(), &timer.payload)),
        })
        .collect();
    version::keep(transaction, (installation, Class::Timer), position, &kept).await
}

/// A statement about the timers of these names.
fn named<'q>(statement: &'static Listed, installation: &'q str, timers: &[Change<'q>]) -> Sql<'q> {
    let query = statement.of(timers.len()).bind(installation);
    timers.iter().fold(query, |query, (name, _)| query.bind(*name))
}
