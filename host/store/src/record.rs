//! JSON documents of installations. Written only by `commit`, and indexed anew where a release declares other indexes.

use std::collections::{BTreeMap, BTreeSet};

use dongting_manifest::record::{self, Collections, Extent, Page, Query, Record, Written};
use futures::TryStreamExt;

use crate::commit::{Commit, CommitError};
use crate::sql::{Listed, Sql, sql};
use crate::version::{self, Class, Kept};
use crate::writer::Transaction;
use crate::{Store, StoreError, row};

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
        let mut lent = self.reader.acquire().await.map_err(StoreError::sql)?;
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
        .fetch(&mut lent);
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
        drop(rows);
        lent.give_back();
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
            let added: Vec<Key<'_>> = keys
                .iter()
                .map(|(index, key)| (collection.as_str(), index.as_str(), key.as_str(), id.as_str()))
                .collect();
            add_keys(transaction, installation, &added).await?;
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
    let written: Vec<Change<'_>> = writes
        .records
        .iter()
        .map(|((collection, id), to)| (collection.as_str(), id.as_str(), to.as_ref()))
        .collect();
    for written in written.chunk_by(|(a, ..), (b, ..)| a == b).flat_map(row::lists) {
        if let Some(position) = position {
            keep(transaction, &commit.installation, written, position).await?;
        }
        write_some(transaction, &commit.installation, written).await?;
    }
    Ok(())
}

/// A document by its collection and id, and what it is to be.
type Change<'a> = (&'a str, &'a str, Option<&'a Written>);

/// Before they are changed. They are of one collection.
async fn keep(
    transaction: &mut Transaction,
    installation: &str,
    written: &[Change<'_>],
    position: i64,
) -> Result<(), StoreError> {
    static BEFORE: Listed =
        Listed::new(|ids| format!("SELECT id, revision, body FROM record WHERE {}", among(ids)));
    let before: Vec<(String, i64, Vec<u8>)> = of(&BEFORE, installation, written).rows(transaction).await?;
    let mut before: BTreeMap<String, Vec<u8>> =
        before.into_iter().map(|(id, revision, body)| (id, version::record(revision, &body))).collect();
    let kept: Vec<Kept> = written
        .iter()
        .map(|(collection, id, to)| Kept {
            key: format!("{collection}/{id}"),
            before: before.remove(*id),
            after: to.map(|Written { record, .. }| version::record(column(record.revision), &record.body)),
        })
        .collect();
    version::keep(transaction, (installation, Class::Record), position, &kept).await
}

/// Those of one collection.
async fn write_some(
    transaction: &mut Transaction,
    installation: &str,
    written: &[Change<'_>],
) -> Result<(), StoreError> {
    static DELETE_KEYS: Listed = Listed::new(|ids| format!("DELETE FROM record_key WHERE {}", among(ids)));
    static DELETE: Listed = Listed::new(|ids| format!("DELETE FROM record WHERE {}", among(ids)));
    static SET: Listed = Listed::new(|records| {
        format!(
            "INSERT INTO record VALUES {} ON CONFLICT (installation, collection, id)
             DO UPDATE SET revision = excluded.revision, body = excluded.body, bytes = excluded.bytes",
            row::rows(1, 6, records)
        )
    });
    of(&DELETE_KEYS, installation, written).execute(transaction).await?;
    let deleted: Vec<Change<'_>> = written.iter().filter(|(.., to)| to.is_none()).copied().collect();
    for deleted in row::lists(&deleted) {
        of(&DELETE, installation, deleted).execute(transaction).await?;
    }
    let set: Vec<(&str, &str, &Written)> =
        written.iter().filter_map(|(collection, id, to)| Some((*collection, *id, (*to)?))).collect();
    for set in row::pieces(&set, 6) {
        let query = set.iter().fold(SET.of(set.len()), |query, (collection, id, Written { record, .. })| {
            query
                .bind(installation)
                .bind(*collection)
                .bind(*id)
                .bind(column(record.revision))
                .bind(&record.body)
                .bind(column(record.bytes))
        });
        query.execute(transaction).await?;
    }
    let keys: Vec<Key<'_>> = set
        .iter()
        .flat_map(|(collection, id, Written { keys, .. })| {
            keys.iter().map(|(index, key)| (*collection, index.as_str(), key.as_str(), *id))
        })
        .collect();
    add_keys(transaction, installation, &keys).await
}

/// What a statement says of the documents of one collection.
fn among(ids: usize) -> String {
    format!("installation = $1 AND collection = $2 AND id IN ({})", row::placeholders(3, ids))
}

/// A statement about the documents of one collection.
fn of<'q>(statement: &'static Listed, installation: &'q str, written: &[Change<'q>]) -> Sql<'q> {
    let collection = written.first().map_or("", |(collection, ..)| collection);
    let query = statement.of(written.len()).bind(installation).bind(collection);
    written.iter().fold(query, |query, (_, id, _)| query.bind(*id))
}

/// Collection, index, key and id.
type Key<'a> = (&'a str, &'a str, &'a str, &'a str);

async fn add_keys(
    transaction: &mut Transaction,
    installation: &str,
    keys: &[Key<'_>],
) -> Result<(), StoreError> {
    // A manifest may name an index twice.
    static ADD: Listed = Listed::new(|keys| {
        format!("INSERT INTO record_key VALUES {} ON CONFLICT DO NOTHING", row::rows(1, 5, keys))
    });
    for keys in row::pieces(keys, 5) {
        let query = keys.iter().fold(ADD.of(keys.len()), |query, (collection, index, key, id)| {
            query.bind(installation).bind(*collection).bind(*index).bind(*key).bind(*id)
        });
        query.execute(transaction).await?;
    }
    Ok(())
}

fn count(column: i64) -> u64 {
    u64::try_from(column).unwrap_or(0)
}

fn column(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
