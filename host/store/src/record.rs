//! JSON documents of installations. Written only by `commit`, and indexed anew where a release declares other indexes.

use std::collections::BTreeSet;

use dongting_manifest::record::{self, Collections, Extent, Page, Query, Record, Written};
use futures::TryStreamExt;

use crate::commit::{Commit, CommitError};
use crate::sql::sql;
use crate::version::{self, Class};
use crate::writer::Transaction;
use crate::{Store, StoreError};

/// Documents that are indexed anew at a time.
const BATCH: i64 = 256;

impl Store {
    /// All of an installation's records together, and whether their keys were made for these declarations.
    pub async fn record_extent(
        &self,
        installation: &str,
        declared: &str,
    ) -> Result<(Extent, bool), StoreError> {
        let row: Option<(i64, i64, String)> =
            sqlx::query_as("SELECT revision, bytes, declared FROM record_extent WHERE installation = $1")
                .bind(installation)
                .fetch_optional(&self.reader)
                .await
                .map_err(StoreError::sql)?;
        Ok(row.map_or((Extent::default(), true), |(revision, bytes, before)| {
            (Extent { revision: count(revision), bytes: count(bytes) }, before == declared)
        }))
    }

    pub async fn record(
        &self,
        installation: &str,
        collection: &str,
        id: &str,
    ) -> Result<Option<Record>, StoreError> {
        let row: Option<(i64, Vec<u8>, i64)> = sqlx::query_as(
            "SELECT revision, body, bytes FROM record WHERE installation = $1 AND collection = $2 AND id = $3",
        )
        .bind(installation)
        .bind(collection)
        .bind(id)
        .fetch_optional(&self.reader)
        .await
        .map_err(StoreError::sql)?;
        Ok(row.map(|(revision, body, bytes)| Record {
            id: id.to_owned(),
            revision: count(revision),
            body,
            bytes: count(bytes),
        }))
    }

    /// What `query` asks for, without those of the ids in `without`; at most `max_bytes` of bodies, but one document in any case.
    pub async fn records(
        &self,
        installation: &str,
        query: &Query,
        without: &BTreeSet<String>,
        max_bytes: usize,
    ) -> Result<Page, StoreError> {
        let most = i64::from(query.limit) + i64::try_from(without.len()).unwrap_or(i64::MAX) + 1;
        let mut rows = sqlx::query_as::<_, (String, String, i64, Vec<u8>, i64)>(
            "SELECT k.key, r.id, r.revision, r.body, r.bytes FROM record_key k
             JOIN record r ON r.installation = k.installation AND r.collection = k.collection AND r.id = k.id
             WHERE k.installation = $1 AND k.collection = $2 AND k.index_name = $3 AND k.key >= $4 AND k.key <= $5
               AND k.key >= $6 AND (k.key > $6 OR k.id > $7)
             ORDER BY k.key, k.id LIMIT $8",
        )
        .bind(installation)
        .bind(&query.collection)
        .bind(&query.index)
        .bind(&query.first)
        .bind(&query.last)
        .bind(&query.after.0)
        .bind(&query.after.1)
        .bind(most)
        .fetch(&self.reader);
        let mut page = Page { records: Vec::new(), complete: true };
        let mut held = 0usize;
        while let Some((key, id, revision, body, bytes)) = rows.try_next().await.map_err(StoreError::sql)? {
            if without.contains(&id) {
                continue;
            }
            held = held.saturating_add(body.len());
            let over = held > max_bytes && !page.records.is_empty();
            if over || page.records.len() >= query.limit as usize {
                page.complete = false;
                break;
            }
            page.records.push((key, Record { id, revision: count(revision), body, bytes: count(bytes) }));
        }
        Ok(page)
    }

    /// Makes the keys of all documents anew.
    pub async fn index_records(
        &self,
        installation: &str,
        collections: &Collections,
    ) -> Result<(), StoreError> {
        let (installation, collections) = (installation.to_owned(), collections.clone());
        self.writer
            .transact(move |transaction| {
                Box::pin(async move { index(transaction, &installation, &collections).await })
            })
            .await
    }
}

async fn index(
    transaction: &mut Transaction,
    installation: &str,
    collections: &Collections,
) -> Result<(), StoreError> {
    sql("DELETE FROM record_key WHERE installation = $1").bind(installation).execute(transaction).await?;
    let mut after = (String::new(), String::new());
    let mut total = 0i64;
    loop {
        let rows: Vec<(String, String, Vec<u8>)> = sql("SELECT collection, id, body FROM record
             WHERE installation = $1 AND collection >= $2 AND (collection > $2 OR id > $3)
             ORDER BY collection, id LIMIT $4")
        .bind(installation)
        .bind(&after.0)
        .bind(&after.1)
        .bind(BATCH)
        .rows(transaction)
        .await?;
        for (collection, id, body) in &rows {
            let keys = record::keys(collections, collection, body);
            add_keys(transaction, installation, (collection, id), &keys).await?;
            let bytes = column(record::size(collection, id, body, &keys));
            total = total.saturating_add(bytes);
            sql("UPDATE record SET bytes = $4 WHERE installation = $1 AND collection = $2 AND id = $3")
                .bind(installation)
                .bind(collection)
                .bind(id)
                .bind(bytes)
                .execute(transaction)
                .await?;
        }
        match rows.into_iter().next_back() {
            Some((collection, id, _)) => after = (collection, id),
            None => break,
        }
    }
    sql("UPDATE record_extent SET bytes = $2, declared = $3 WHERE installation = $1")
        .bind(installation)
        .bind(total)
        .bind(record::declared(collections))
        .execute(transaction)
        .await?;
    Ok(())
}

pub(crate) async fn write(
    transaction: &mut Transaction,
    commit: &Commit,
    position: Option<i64>,
) -> Result<(), CommitError> {
    let writes = &commit.records;
    if writes.records.is_empty() {
        return Ok(());
    }
    // What the call read, and the sums it made of it, are right as long as nothing was written since.
    let moved = sql("INSERT INTO record_extent VALUES ($1, $2, $3, $4)
         ON CONFLICT (installation) DO UPDATE SET revision = $2, bytes = $3
         WHERE record_extent.revision = $5 AND record_extent.declared = $4")
    .bind(&commit.installation)
    .bind(column(writes.after.revision))
    .bind(column(writes.after.bytes))
    .bind(&commit.records_declared)
    .bind(column(writes.before.revision))
    .execute(transaction)
    .await?;
    if moved != 1 {
        return Err(CommitError::RecordsChanged);
    }
    for ((collection, id), written) in &writes.records {
        if let Some(position) = position {
            keep(transaction, &commit.installation, (collection, id), written.as_ref(), position).await?;
        }
        write_one(transaction, &commit.installation, (collection, id), written.as_ref()).await?;
    }
    Ok(())
}

/// Before it is changed.
async fn keep(
    transaction: &mut Transaction,
    installation: &str,
    (collection, id): (&str, &str),
    after: Option<&Written>,
    position: i64,
) -> Result<(), StoreError> {
    let before: Option<(i64, Vec<u8>)> =
        sql("SELECT revision, body FROM record WHERE installation = $1 AND collection = $2 AND id = $3")
            .bind(installation)
            .bind(collection)
            .bind(id)
            .row(transaction)
            .await?;
    let before = before.map(|(revision, body)| version::record(revision, &body));
    let after = after.map(|Written { record, .. }| version::record(column(record.revision), &record.body));
    let key = format!("{collection}/{id}");
    version::keep(
        transaction,
        (installation, Class::Record, &key),
        position,
        (before.as_deref(), after.as_deref()),
    )
    .await
}

async fn write_one(
    transaction: &mut Transaction,
    installation: &str,
    (collection, id): (&str, &str),
    written: Option<&Written>,
) -> Result<(), StoreError> {
    sql("DELETE FROM record_key WHERE installation = $1 AND collection = $2 AND id = $3")
        .bind(installation)
        .bind(collection)
        .bind(id)
        .execute(transaction)
        .await?;
    let query = match written {
        Some(Written { record, .. }) => sql("INSERT INTO record VALUES ($1, $2, $3, $4, $5, $6)
             ON CONFLICT (installation, collection, id) DO UPDATE SET revision = $4, body = $5, bytes = $6")
        .bind(installation)
        .bind(collection)
        .bind(id)
        .bind(column(record.revision))
        .bind(&record.body)
        .bind(column(record.bytes)),
        None => sql("DELETE FROM record WHERE installation = $1 AND collection = $2 AND id = $3")
            .bind(installation)
            .bind(collection)
            .bind(id),
    };
    query.execute(transaction).await?;
    match written {
        Some(Written { keys, .. }) => add_keys(transaction, installation, (collection, id), keys).await,
        None => Ok(()),
    }
}

async fn add_keys(
    transaction: &mut Transaction,
    installation: &str,
    (collection, id): (&str, &str),
    keys: &[(String, String)],
) -> Result<(), StoreError> {
    for (index, key) in keys {
        // A manifest may name an index twice.
        sql("INSERT INTO record_key VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING")
            .bind(installation)
            .bind(collection)
            .bind(index)
            .bind(key)
            .bind(id)
            .execute(transaction)
            .await?;
    }
    Ok(())
}

fn count(column: i64) -> u64 {
    u64::try_from(column).unwrap_or(0)
}

fn column(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
