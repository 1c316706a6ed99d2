//! What was stated of what and when: series, and what held at an instant.

use std::collections::BTreeMap;

use dongting_manifest::history::{Found, Query};
use dongting_manifest::{Message, Timestamp};
use futures::TryStreamExt;
use sqlx::any::AnyArguments;
use sqlx::query::QueryAs;
use sqlx::{Any, AssertSqlSafe};

use crate::{Store, StoreError, history, row};

/// What is asked for of the messages `m`.
const ASKED: &str = "m.domain = $1 AND m.kind = $2 AND ($3 = '' OR m.detail = $3)
     AND (m.region BETWEEN $4 AND $5 OR m.region IN ($6, $7, 0)) AND ($8 = '' OR m.source = $8)
     AND SUBSTR(m.key, 1, CAST($9 AS INTEGER)) = $10 AND m.received <= $11 AND m.batch <= $12";
/// Those that are looked at once more where the first were not enough.
const MORE: i64 = 8;

/// A message as it is chosen, without its text: its place among the others and what its body takes.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Chosen {
    time: i64,
    id: String,
    bytes: i64,
}

impl Store {
    /// What `query` asks for of the messages received until `until` and written until `batch`; bodies of at most `max_bytes` together, but one message in any case.
    pub async fn statements(
        &self,
        query: &Query,
        as_of: (Timestamp, u64),
        max_bytes: usize,
    ) -> Result<Found, StoreError> {
        let mut chosen = match query.span {
            Some(span) => self.stated(query, as_of, span).await?,
            None => self.holding(query, as_of).await?,
        };
        let mut bytes = 0usize;
        let fits = chosen.iter().take(query.limit as usize).enumerate().take_while(|(at, one)| {
            bytes = bytes.saturating_add(usize::try_from(one.bytes).unwrap_or(usize::MAX));
            *at == 0 || bytes <= max_bytes
        });
        let fits = fits.count();
        let complete = fits == chosen.len();
        chosen.truncate(fits);
        let ids: Vec<String> = chosen.into_iter().map(|one| one.id).collect();
        let found = self.messages(&ids).await?;
        let mut found: BTreeMap<String, Message> =
            found.into_iter().map(|message| (message.id.clone(), message)).collect();
        Ok(Found { messages: ids.iter().filter_map(|id| found.remove(id)).collect(), complete })
    }

    /// Within a span, oldest first, and one more than is asked for.
    async fn stated(
        &self,
        query: &Query,
        as_of: (Timestamp, u64),
        (begin, end): (Timestamp, Timestamp),
    ) -> Result<Vec<Chosen>, StoreError> {
        let sql = format!(
            "SELECT m.time, m.id, CAST(OCTET_LENGTH(m.body) AS BIGINT) FROM message m
             WHERE {ASKED} AND m.time >= $14 AND m.time < $15 ORDER BY m.time, m.id LIMIT $13"
        );
        let sql = asking(sqlx::query_as(AssertSqlSafe(sql)), query, as_of).bind(i64::from(query.limit) + 1);
        let rows: Vec<(i64, String, i64)> = sql
            .bind(begin.as_micros())
            .bind(end.as_micros())
            .fetch_all(&self.history_reader)
            .await
            .map_err(StoreError::sql)?;
        Ok(rows.into_iter().map(|(time, id, bytes)| Chosen { time, id, bytes }).collect())
    }

    /// What held, newest first, and one more than is asked for. Each key of the topic is looked at by what holds of it now, the newest first: as of
    /// before it was no newer. So when as many were found as are asked for, none of them older than the key looked at last, they are the newest.
    async fn holding(&self, query: &Query, as_of: (Timestamp, u64)) -> Result<Vec<Chosen>, StoreError> {
        let sql = format!(
            "SELECT l.time, l.id, m.time, m.id, CAST(OCTET_LENGTH(m.body) AS BIGINT)
             FROM latest l JOIN message m ON m.id =
                 (SELECT s.id FROM message s WHERE s.source = l.source AND s.type = l.type AND s.key = l.key
                  AND s.received <= $11 AND s.batch <= $12 ORDER BY s.time DESC, s.id DESC LIMIT 1)
             WHERE l.domain = $1 AND l.kind = $2 AND {ASKED} ORDER BY l.time DESC, l.id DESC LIMIT $13"
        );
        let wanted = query.limit as usize + 1;
        let mut looked_at = i64::from(query.limit) + 1;
        loop {
            let sql = asking(sqlx::query_as(AssertSqlSafe(sql.clone())), query, as_of).bind(looked_at);
            let mut rows = sql.fetch(&self.history_reader);
            let (mut newest, mut keys, mut last) = (Vec::with_capacity(2 * wanted), 0, None);
            while let Some(row) = rows.try_next().await.map_err(StoreError::sql)? {
                let (latest, latest_id, time, id, bytes): (i64, String, i64, String, i64) = row;
                newest.push(Chosen { time, id, bytes });
                if newest.len() >= 2 * wanted {
                    newest_first(&mut newest, wanted);
                }
                (keys, last) = (keys + 1, Some((latest, latest_id)));
            }
            newest_first(&mut newest, wanted);
            let settled = newest.get(wanted - 1).zip(last).is_some_and(|(oldest, (latest, latest_id))| {
                (oldest.time, &oldest.id) >= (latest, &latest_id)
            });
            if settled || keys < looked_at {
                return Ok(newest);
            }
            looked_at = looked_at.saturating_mul(MORE);
        }
    }
}

fn newest_first(chosen: &mut Vec<Chosen>, most: usize) {
    chosen.sort_unstable_by(|one, other| other.cmp(one));
    chosen.truncate(most);
}

type Asking<'q, T> = QueryAs<'q, Any, T, AnyArguments>;

/// Binds what `ASKED` has.
fn asking<'q, T>(sql: Asking<'q, T>, query: &'q Query, (until, batch): (Timestamp, u64)) -> Asking<'q, T> {
    let (first, last, above) = history::place(query.region);
    let prefix = query.key_prefix.as_deref().unwrap_or("");
    sql.bind(&query.topic.domain)
        .bind(query.topic.kind.as_str())
        .bind(query.topic.detail.as_deref().unwrap_or(""))
        .bind(first)
        .bind(last)
        .bind(above.0)
        .bind(above.1)
        .bind(query.source.as_deref().unwrap_or(""))
        .bind(i64::try_from(prefix.chars().count()).unwrap_or(i64::MAX))
        .bind(prefix)
        .bind(until.as_micros())
        .bind(row::sequence(batch))
}
