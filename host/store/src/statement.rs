//! What was stated of what and when: series, and what held at an instant. Each question is one that an index has in order, so that it takes as
//! long as its answer, not as the history.

use std::collections::BTreeSet;
use std::iter;

use dongting_manifest::history::{Found, Query};
use dongting_manifest::plugin::Topic;
use dongting_manifest::region::Level;
use dongting_manifest::{Message, Region, Timestamp};
use futures::TryStreamExt;
use sqlx::any::AnyArguments;
use sqlx::query::QueryAs;
use sqlx::{Any, AssertSqlSafe};

use crate::{Store, StoreError, history, row};

/// What of a topic concerns a region.
const CONCERNED: &str =
    "($3 = '' OR m.detail = $3) AND (m.region BETWEEN $4 AND $5 OR m.region IN ($6, $7, 0))";
/// The message that held of the key of `l`. It has no later time than the newest of the key, wherever that was said. That is looked for by the
/// key: of the bare column the databases would rather take the newest message of the source, and go back from there until the key comes.
const HELD: &str =
    "SELECT s.position FROM message s WHERE s.source = l.source AND s.type = l.type AND s.key = l.key
     AND s.time <= (SELECT MAX(n.time + 0) FROM message n
                    WHERE n.holds = 1 AND n.source = l.source AND n.key = l.key AND n.type = l.type)
     AND s.received <= $11 AND s.batch <= $12 ORDER BY s.time DESC, s.id DESC LIMIT 1";
/// Keys that are looked at once more where the first were not enough.
const MORE: i64 = 8;

/// The newest statement of a key, and the columns of [`Chosen`] of what held of it; no position where that is not what is asked for.
type KeyRow = (i64, String, Option<i64>, Option<String>, Option<i64>, Option<i64>);

/// A message as it is chosen, without its text: its place among the others and what its body takes.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Chosen {
    time: i64,
    id: String,
    position: i64,
    bytes: i64,
}

impl Store {
    /// The statements that hold, newest first: of `topic`, of what concerns `region`, not older than `since`.
    pub async fn latest(
        &self,
        topic: &Topic,
        region: Region,
        since: Option<Timestamp>,
        limit: u32,
    ) -> Result<Vec<Message>, StoreError> {
        let query = Query { topic: topic.clone(), region, source: None, key_prefix: None, span: None, limit };
        let now = (i64::MAX, i64::MAX);
        let chosen = self.holding(&query, now, since).await?;
        Ok(self.fetch(&query, chosen, usize::MAX).await?.messages)
    }

    /// What `query` asks for of the messages received until `until` and written until `batch`; bodies of at most `max_bytes` together, but one message in any case.
    pub async fn statements(
        &self,
        query: &Query,
        (until, batch): (Timestamp, u64),
        max_bytes: usize,
    ) -> Result<Found, StoreError> {
        let as_of = (until.as_micros(), row::sequence(batch));
        let chosen = match query.span {
            Some(span) => self.stated(query, as_of, span).await?,
            None => self.holding(query, as_of, None).await?,
        };
        self.fetch(query, chosen, max_bytes).await
    }

    /// The messages of what was chosen, as many as were asked for and fit.
    async fn fetch(
        &self,
        query: &Query,
        mut chosen: Vec<Chosen>,
        max_bytes: usize,
    ) -> Result<Found, StoreError> {
        let mut bytes = 0usize;
        let fits = chosen.iter().take(query.limit as usize).enumerate().take_while(|(at, one)| {
            bytes = bytes.saturating_add(usize::try_from(one.bytes).unwrap_or(usize::MAX));
            *at == 0 || bytes <= max_bytes
        });
        let fits = fits.count();
        let complete = fits == chosen.len();
        chosen.truncate(fits);
        let positions: Vec<i64> = chosen.into_iter().map(|one| one.position).collect();
        let mut found = self.at(&positions, "body").await?;
        Ok(Found { messages: positions.iter().filter_map(|at| found.remove(at)).collect(), complete })
    }

    /// Within a span, oldest first, and one more than is asked for.
    async fn stated(
        &self,
        query: &Query,
        as_of: (i64, i64),
        (begin, end): (Timestamp, Timestamp),
    ) -> Result<Vec<Chosen>, StoreError> {
        // SQLite would rather go by the topic, which is compared twice; but what is computed of a column it does not look for in an index.
        let (topic, cities) = match query.source {
            Some(_) => ("m.domain || '' = $1 AND m.kind || '' = $2 AND m.source = $8", None),
            None => ("m.domain = $1 AND m.kind = $2", cities(query.region)),
        };
        let sql = in_order(cities, "m.region / 100", "time, id", |city| {
            format!(
                "SELECT m.time, m.id, m.position, CAST(OCTET_LENGTH(m.body) AS BIGINT) AS bytes FROM message m
                 WHERE {topic} {city} AND {CONCERNED} AND ($8 = '' OR m.source = $8)
                   AND SUBSTR(m.key, 1, CAST($9 AS INTEGER)) = $10 AND m.received <= $11 AND m.batch <= $12
                   AND m.time >= $14 AND m.time < $15 ORDER BY m.time, m.id LIMIT $13"
            )
        });
        let rows: Vec<(i64, String, i64, i64)> = asking(sqlx::query_as(AssertSqlSafe(sql)), query, as_of)
            .bind(i64::from(query.limit) + 1)
            .bind(begin.as_micros())
            .bind(end.as_micros())
            .fetch_all(&self.history_reader)
            .await
            .map_err(StoreError::sql)?;
        let chosen = |(time, id, position, bytes)| Chosen { time, id, position, bytes };
        Ok(rows.into_iter().map(chosen).collect())
    }

    /// What held, newest first, and one more than is asked for. Each key is looked at by what holds of it now, the newest first: as of before it was
    /// no newer. So when as many were found as are asked for, none of them older than the key looked at last, nothing behind is newer.
    async fn holding(
        &self,
        query: &Query,
        as_of: (i64, i64),
        since: Option<Timestamp>,
    ) -> Result<Vec<Chosen>, StoreError> {
        // First the keys that are looked at, no more, and what held of each by its position alone: left to choose, PostgreSQL finds out for
        // all keys what held, or goes through a city's messages for one.
        let sql = in_order(cities(query.region), "l.region / 100", "latest DESC, latest_id DESC", |city| {
            // As the index says it. PostgreSQL would rather go through the province's keys until one of the city comes.
            let holds = if city.is_empty() { "l.holds = 1" } else { "l.holds > 0" };
            format!(
                "SELECT l.time AS latest, l.id AS latest_id, m.time, m.id, CAST(OCTET_LENGTH(m.body) AS BIGINT) AS bytes,
                   CASE WHEN m.time >= $14 AND m.domain = l.domain AND m.kind = l.kind AND m.region / 100 = l.region / 100
                     AND {CONCERNED} THEN m.position END AS position
                 FROM (SELECT l.time, l.id, l.domain, l.kind, l.region, ({HELD}) AS held FROM message l
                       WHERE {holds} AND l.domain = $1 AND l.kind = $2 {city} AND ($8 = '' OR l.source = $8)
                         AND SUBSTR(l.key, 1, CAST($9 AS INTEGER)) = $10 AND l.time >= $14
                       ORDER BY l.time DESC, l.id DESC LIMIT $13) AS l
                 LEFT JOIN message m ON m.position = l.held ORDER BY l.time DESC, l.id DESC"
            )
        });
        let since = since.map_or(i64::MIN, Timestamp::as_micros);
        let wanted = query.limit as usize + 1;
        let mut looked_at = i64::from(query.limit) + 1;
        let mut lent = self.history_reader.acquire().await.map_err(StoreError::sql)?;
        loop {
            let sql = asking(sqlx::query_as(AssertSqlSafe(sql.clone())), query, as_of);
            let mut rows = sql.bind(looked_at).bind(since).fetch(&mut lent);
            let (mut newest, mut keys, mut last) = (Vec::new(), 0, None);
            while let Some(row) = rows.try_next().await.map_err(StoreError::sql)? {
                let (latest, latest_id, time, id, bytes, position): KeyRow = row;
                (keys, last) = (keys + 1, Some((latest, latest_id)));
                let (Some(time), Some(id), Some(bytes), Some(position)) = (time, id, bytes, position) else {
                    continue;
                };
                newest.push(Chosen { time, id, position, bytes });
                if newest.len() >= 2 * wanted {
                    newest_first(&mut newest, wanted);
                }
            }
            newest_first(&mut newest, wanted);
            let settled = newest.get(wanted - 1).zip(last).is_some_and(|(oldest, (latest, latest_id))| {
                (oldest.time, &oldest.id) >= (latest, &latest_id)
            });
            drop(rows);
            if settled || keys < looked_at {
                lent.give_back();
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

/// The codes, without their last two digits, of all that may concern a city or a county; none for the province, which everything concerns.
fn cities(region: Region) -> Option<BTreeSet<i64>> {
    let codes = iter::once(region).chain(region.ancestors()).chain([Region::OUTSIDE]);
    (region.level() != Level::Province).then(|| codes.map(|region| row::region(region) / 100).collect())
}

/// A choice of some first rows, made for each city from what an index has in order.
fn in_order(
    cities: Option<BTreeSet<i64>>,
    column: &str,
    order: &str,
    choice: impl Fn(&str) -> String,
) -> String {
    let Some(cities) = cities else { return choice("") };
    let choices = cities
        .into_iter()
        .map(|city| format!("SELECT * FROM ({}) AS city_{city}", choice(&format!("AND {column} = {city}"))));
    format!("{} ORDER BY {order} LIMIT $13", choices.collect::<Vec<_>>().join(" UNION ALL "))
}

type Asking<'q, T> = QueryAs<'q, Any, T, AnyArguments>;

/// Binds what is asked for of the messages, and as of when.
fn asking<'q, T>(sql: Asking<'q, T>, query: &'q Query, (until, batch): (i64, i64)) -> Asking<'q, T> {
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
        .bind(until)
        .bind(batch)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Database;
    use crate::history::keeping;

    #[tokio::test]
    async fn sqlite_finds_what_held_by_its_key_and_what_it_knows_by_its_time() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&Database::Sqlite(folder.path().join("a.db"))).await.unwrap();
        let held = HELD.replace("$11", "0").replace("$12", "0");
        let held =
            format!("SELECT ({held}) FROM message l WHERE l.holds = 1 AND l.domain = 'd' AND l.kind = 'k'");
        let known = keeping::KNOWN.text(2);
        let known = (1..=6).fold(known.to_owned(), |known, n| known.replace(&format!("${n}"), "'a'"));
        for (asked, index) in [
            (held, "holding_by_key (source=? AND key=?)"),
            (known, "message_by_source (source=? AND time=? AND id=?)"),
        ] {
            let plan = sqlx::query_as(AssertSqlSafe(format!("EXPLAIN QUERY PLAN {asked}")));
            let plan: Vec<(i64, i64, i64, String)> = plan.fetch_all(&store.history_reader).await.unwrap();
            assert!(plan.iter().any(|(.., step)| step.contains(index)), "{index} is not in {plan:?}");
        }
        store.close().await;
    }
}
