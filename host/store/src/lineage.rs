//! Beside the messages: what their makers were granted, and what was done with them outside.

use std::collections::BTreeMap;

use dongting_manifest::Timestamp;
use sqlx::AssertSqlSafe;

use crate::sql::{Listed, sql};
use crate::writer::Transaction;
use crate::{Commit, Store, StoreError, row};

/// What an installation was granted, as JSON text, with the release that it was granted to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Granted {
    pub since: Timestamp,
    pub plugin: String,
    pub grants: String,
}

/// What a sink has done with a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dispatched {
    pub message: String,
    pub installation: String,
    pub at: Timestamp,
    pub plugin: String,
    /// What the receiver was given to tell it apart.
    pub key: String,
    /// Why it was given up; none where it was delivered.
    pub reason: Option<String>,
}

impl Store {
    /// Remembers what a release is granted in an installation from now on.
    pub async fn keep_grants(&self, installation: &str, granted: &Granted) -> Result<(), StoreError> {
        let known = self.granted(installation, &granted.plugin).await?;
        if known.first().is_some_and(|last| last.grants == granted.grants) {
            return Ok(());
        }
        sql("INSERT INTO granted VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING")
            .bind(installation)
            .bind(granted.since.as_micros())
            .bind(&granted.plugin)
            .bind(&granted.grants)
            .execute_alone(&self.writer)
            .await?;
        Ok(())
    }

    /// What a release was granted in an installation, newest first, as far as that is still kept.
    pub async fn granted(&self, installation: &str, plugin: &str) -> Result<Vec<Granted>, StoreError> {
        let rows: Vec<(i64, String)> = sqlx::query_as(
            "SELECT since, grants FROM granted WHERE installation = $1 AND plugin = $2 ORDER BY since DESC",
        )
        .bind(installation)
        .bind(plugin)
        .fetch_all(&self.reader)
        .await
        .map_err(StoreError::sql)?;
        let granted = |(since, grants)| {
            Some(Granted { since: Timestamp::from_micros(since)?, plugin: plugin.to_owned(), grants })
        };
        Ok(rows.into_iter().filter_map(granted).collect())
    }

    /// What sinks have done with these messages, by message, oldest first.
    pub async fn dispatched(
        &self,
        messages: &[&str],
    ) -> Result<BTreeMap<String, Vec<Dispatched>>, StoreError> {
        type Row = (String, String, i64, String, String, Option<String>);
        let mut found: BTreeMap<String, Vec<Dispatched>> = BTreeMap::new();
        for messages in row::lists(messages) {
            let listed = row::placeholders(1, messages.len());
            let sql = format!(
                "SELECT message, installation, at, plugin, key, reason FROM delivery
                 WHERE message IN ({listed}) ORDER BY at, installation"
            );
            let query = messages.iter().fold(sqlx::query_as(AssertSqlSafe(sql)), |query, id| query.bind(*id));
            let rows: Vec<Row> = query.fetch_all(&self.reader).await.map_err(StoreError::sql)?;
            for (message, installation, at, plugin, key, reason) in rows {
                let Some(at) = Timestamp::from_micros(at) else { continue };
                let dispatched =
                    Dispatched { message: message.clone(), installation, at, plugin, key, reason };
                found.entry(message).or_default().push(dispatched);
            }
        }
        Ok(found)
    }
}

/// Of a sink's call.
pub(crate) async fn write(transaction: &mut Transaction, commit: &Commit) -> Result<(), StoreError> {
    static ADD: Listed = Listed::new(|dispatched| {
        format!("INSERT INTO delivery VALUES {} ON CONFLICT DO NOTHING", row::rows(1, 6, dispatched))
    });
    for dispatched in row::pieces(&commit.dispatched, 6) {
        let mut query = ADD.of(dispatched.len());
        for dispatched in dispatched {
            query = query
                .bind(&dispatched.message)
                .bind(&dispatched.installation)
                .bind(dispatched.at.as_micros())
                .bind(&dispatched.plugin)
                .bind(&dispatched.key)
                .bind(&dispatched.reason);
        }
        query.execute(transaction).await?;
    }
    Ok(())
}
