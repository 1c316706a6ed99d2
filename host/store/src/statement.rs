//! What was stated of what and when: series, and what held at an instant.

use dongting_manifest::Timestamp;
use dongting_manifest::history::{Found, Query};
use futures::TryStreamExt;
use sqlx::AssertSqlSafe;

use crate::{Store, StoreError, history, row};

/// Later statements of the same thing, as far as they had been received.
const HOLDS: &str = "NOT EXISTS (SELECT 1 FROM message l
     WHERE l.source = s.source AND l.type = s.type AND l.key = s.key AND l.received <= $9 AND l.batch <= $13
       AND (l.time > s.time OR (l.time = s.time AND l.id > s.id)))
     ORDER BY s.time DESC, s.id DESC";
const WITHIN: &str = "s.time >= $14 AND s.time < $15 ORDER BY s.time, s.id";

impl Store {
    /// What `query` asks for of the messages received until `until` and written until `batch`; bodies of at most `max_bytes` together, but one message in any case.
    pub async fn statements(
        &self,
        query: &Query,
        (until, batch): (Timestamp, u64),
        max_bytes: usize,
    ) -> Result<Found, StoreError> {
        let (first, last, above) = history::place(query.region);
        let wanted = if query.span.is_some() { WITHIN } else { HOLDS };
        let sql = format!(
            "SELECT s.message, s.body FROM message s
             WHERE s.domain = $1 AND s.kind = $2 AND ($3 = '' OR s.detail = $3)
               AND (s.region BETWEEN $4 AND $5 OR s.region IN ($6, $7, 0))
               AND ($8 = '' OR s.source = $8) AND s.received <= $9 AND s.batch <= $13
               AND SUBSTR(s.key, 1, CAST($10 AS INTEGER)) = $11 AND {wanted} LIMIT $12"
        );
        let prefix = query.key_prefix.as_deref().unwrap_or("");
        let mut sql = sqlx::query_as::<_, (String, Vec<u8>)>(AssertSqlSafe(sql))
            .bind(&query.topic.domain)
            .bind(query.topic.kind.as_str())
            .bind(query.topic.detail.as_deref().unwrap_or(""))
            .bind(first)
            .bind(last)
            .bind(above.0)
            .bind(above.1)
            .bind(query.source.as_deref().unwrap_or(""))
            .bind(until.as_micros())
            .bind(i64::try_from(prefix.chars().count()).unwrap_or(i64::MAX))
            .bind(prefix)
            .bind(i64::from(query.limit) + 1)
            .bind(row::sequence(batch));
        if let Some((begin, end)) = query.span {
            sql = sql.bind(begin.as_micros()).bind(end.as_micros());
        }
        let mut rows = sql.fetch(&self.history_reader);
        let mut found = Found { messages: Vec::new(), complete: true };
        let mut bytes = 0usize;
        while let Some((attributes, body)) = rows.try_next().await.map_err(StoreError::sql)? {
            bytes = bytes.saturating_add(body.len());
            let over = bytes > max_bytes && !found.messages.is_empty();
            if over || found.messages.len() >= query.limit as usize {
                found.complete = false;
                break;
            }
            found.messages.push(row::message(&attributes, body)?);
        }
        Ok(found)
    }
}
