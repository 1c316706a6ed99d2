//! The form of what an installation keeps, as its plugin numbers it: `state_version` in the manifest. Written by `commit` alone, with what a
//! migration has changed.

use crate::sql::sql;
use crate::writer::Transaction;
use crate::{Store, StoreError};

/// The form that a commit has read, and the one that it leaves: the same, but for a migration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Form {
    pub from: u32,
    pub to: u32,
}

/// What an installation keeps by now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    /// Any release may begin.
    Nothing,
    Form(u32),
}

/// What has no number is of the first form: it was kept before forms were numbered, or by a release of that form.
const FIRST: u32 = 1;

impl Store {
    pub async fn kept_form(&self, installation: &str) -> Result<Kept, StoreError> {
        let noted: Option<i64> = sqlx::query_scalar("SELECT version FROM form WHERE installation = $1")
            .bind(installation)
            .fetch_optional(&self.reader)
            .await
            .map_err(StoreError::sql)?;
        if let Some(version) = noted {
            return Ok(Kept::Form(number(version)?));
        }
        let kept: i64 = sqlx::query_scalar(
            "SELECT CASE WHEN EXISTS (SELECT 1 FROM state WHERE installation = $1)
                           OR EXISTS (SELECT 1 FROM record WHERE installation = $1)
                           OR EXISTS (SELECT 1 FROM timer WHERE installation = $1) THEN 1 ELSE 0 END",
        )
        .bind(installation)
        .fetch_one(&self.reader)
        .await
        .map_err(StoreError::sql)?;
        Ok(if kept == 0 { Kept::Nothing } else { Kept::Form(FIRST) })
    }
}

/// What is noted, read in the transaction of a commit that does not write its call down.
pub(crate) async fn noted(
    transaction: &mut Transaction,
    installation: &str,
) -> Result<Option<i64>, StoreError> {
    let noted: Option<(i64,)> =
        sql("SELECT version FROM form WHERE installation = $1").bind(installation).row(transaction).await?;
    Ok(noted.map(|(version,)| version))
}

/// Leaves the form that the commit names, where `noted` is the one that it has read. That instead, where another release has brought it to
/// another one meanwhile.
pub(crate) async fn set(
    transaction: &mut Transaction,
    installation: &str,
    noted: Option<i64>,
    form: Form,
) -> Result<Result<(), u32>, StoreError> {
    let kept = noted.map_or(Ok(FIRST), number)?;
    if kept != form.from {
        return Ok(Err(kept));
    }
    if form.to != form.from {
        sql("INSERT INTO form VALUES ($1, $2) ON CONFLICT (installation) DO UPDATE SET version = $2")
            .bind(installation)
            .bind(i64::from(form.to))
            .execute(transaction)
            .await?;
    }
    Ok(Ok(()))
}

fn number(version: i64) -> Result<u32, StoreError> {
    u32::try_from(version).map_err(|_| StoreError::Damaged(format!("{version} is no state_version")))
}
