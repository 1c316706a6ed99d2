//! What was stated of what and when: series, and what held at an instant.

use dongting_manifest::history::{Found, Query};
use dongting_manifest::{Message, Timestamp};
use futures::TryStreamExt;
use sqlx::{Any, AssertSqlSafe, Transaction};

use crate::{Store, StoreError, history, row};

/// Later statements of the same thing, as far as they had been received.
const HOLDS: &str = "NOT EXISTS (SELECT 1 FROM statement l
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
            "SELECT m.message, m.body FROM statement s JOIN message m ON m.id = s.id
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

/// Of messages that have just been kept, in one batch.
pub(crate) async fn write(
    transaction: &mut Transaction<'_, Any>,
    new: &[&Message],
    batch: i64,
) -> Result<(), StoreError> {
    for messages in new.chunks(row::at_once(11)) {
        let sql =
            format!("INSERT INTO statement VALUES {} ON CONFLICT DO NOTHING", row::rows(11, messages.len()));
        let mut query = sqlx::query(AssertSqlSafe(sql));
        for message in messages {
            let subject = &message.subject;
            query = query
                .bind(&message.id)
                .bind(&message.source)
                .bind(&message.r#type)
                .bind(&message.key)
                .bind(message.time.as_micros())
                .bind(message.received.as_micros())
                .bind(&subject.domain)
                .bind(subject.kind.as_str())
                .bind(subject.detail.as_deref().unwrap_or("-"))
                .bind(row::region(subject.region))
                .bind(batch);
        }
        query.execute(&mut **transaction).await.map_err(StoreError::sql)?;
    }
    Ok(())
}
