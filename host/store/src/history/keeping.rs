//! Writing messages down, in few statements, and which of them hold.

use std::collections::{HashMap, HashSet};

use dongting_manifest::{Lane, Message, Subject};

use super::{Entry, Tailed};
use super::{extent, named};
use crate::sql::{Listed, sql};
use crate::writer::Transaction;
use crate::{StoreError, row};

const COLUMNS: usize = 17;
/// So that one question asks for 64 keys at most.
const KEYS: usize = 8;

pub(crate) static KNOWN: Listed = Listed::new(|entries| {
    let of_one = |entry: usize| {
        let [source, time, id] = [1, 2, 3].map(|value| 3 * entry + value);
        format!("source = ${source} AND time = ${time} AND id = ${id}")
    };
    format!("SELECT id FROM message WHERE {}", (0..entries).map(of_one).collect::<Vec<_>>().join(" OR "))
});

/// What a statement is of: of these one holds.
type Of<'e> = (&'e str, &'e str, &'e str, &'e str, &'e str, i64);
/// Which of two holds: the one with the later time; at the same time that with the greater id, so that the order of arrival does not matter.
type Rank<'e> = (i64, &'e str);

pub(super) async fn tailed(
    transaction: &mut Transaction,
    lane: Lane,
    tailed: Tailed,
) -> Result<(), StoreError> {
    sql("INSERT INTO tail VALUES ($1, $2, $3)
         ON CONFLICT (lane) DO UPDATE SET stream_created = $2, sequence = $3")
    .bind(lane.as_str())
    .bind(tailed.stream_created.as_micros())
    .bind(row::sequence(tailed.sequence))
    .execute(transaction)
    .await?;
    Ok(())
}

/// Keeps what is new. On PostgreSQL no other host does meanwhile: the first statement holds the row of the extent.
pub(super) async fn all(transaction: &mut Transaction, entries: &[Entry]) -> Result<(), StoreError> {
    let (batch, last) = extent::next(transaction, entries.len()).await?;
    let known = known(transaction, entries).await?;
    let (mut new, mut seen) = (Vec::with_capacity(entries.len()), HashSet::with_capacity(entries.len()));
    for (position, entry) in (last - entries.len() as i64 + 1..).zip(entries) {
        let id = &entry.message.id;
        // It may stand twice on the lane.
        if !known.contains(id) && seen.insert(id) {
            new.push((position, entry));
        }
    }
    let holding = hold(transaction, &new).await?;
    let bytes = add(transaction, batch, &new, &holding).await?;
    named::add(transaction, &new).await?;
    extent::add(transaction, bytes).await
}

/// The ids of these that are there already. One that was said of another time as well is there for each: so it is looked for by its source
/// and time, near what was written last.
async fn known(transaction: &mut Transaction, entries: &[Entry]) -> Result<HashSet<String>, StoreError> {
    let mut known = HashSet::new();
    for entries in row::pieces(entries, 3) {
        let query = entries.iter().fold(KNOWN.of(entries.len()), |query, Entry { message, .. }| {
            query.bind(&message.source).bind(message.time.as_micros()).bind(&message.id)
        });
        let ids: Vec<(String,)> = query.rows(transaction).await?;
        known.extend(ids.into_iter().map(|(id,)| id));
    }
    Ok(known)
}

/// The positions of those of `new` that hold now. What held before them does not any more.
async fn hold(transaction: &mut Transaction, new: &[(i64, &Entry)]) -> Result<HashSet<i64>, StoreError> {
    static ENDS: Listed = Listed::new(|positions| {
        format!("UPDATE message SET holds = 0 WHERE position IN ({})", row::placeholders(1, positions))
    });
    let before = held(transaction, new).await?;
    let mut best: HashMap<Of<'_>, (Rank<'_>, i64)> = HashMap::with_capacity(new.len());
    for (position, Entry { message, .. }) in new {
        let rank = (message.time.as_micros(), message.id.as_str());
        let held = best.entry(of(message)).or_insert((rank, *position));
        if rank > held.0 {
            *held = (rank, *position);
        }
    }
    let mut ended = Vec::new();
    for held in &before {
        let Some((rank, _)) = best.get(&held.of()) else { continue };
        if *rank > (held.time, held.id.as_str()) {
            ended.push(held.position);
        } else {
            best.remove(&held.of());
        }
    }
    for ended in row::pieces(&ended, 1) {
        let query = ended.iter().fold(ENDS.of(ended.len()), |query, position| query.bind(*position));
        query.execute(transaction).await?;
    }
    Ok(best.into_values().map(|(_, position)| position).collect())
}

fn of(message: &Message) -> Of<'_> {
    let Subject { domain, kind, region, .. } = &message.subject;
    (&message.source, &message.r#type, &message.key, domain, kind.as_str(), row::region(*region) / 100)
}

/// The columns of [`Held`].
type HeldRow = (i64, String, i64, String, String, String, String, String, i64);

/// A statement that holds.
struct Held {
    position: i64,
    id: String,
    time: i64,
    source: String,
    r#type: String,
    key: String,
    domain: String,
    kind: String,
    city: i64,
}

impl Held {
    fn of(&self) -> Of<'_> {
        (&self.source, &self.r#type, &self.key, &self.domain, &self.kind, self.city)
    }
}

/// What holds of the keys of these.
async fn held(transaction: &mut Transaction, new: &[(i64, &Entry)]) -> Result<Vec<Held>, StoreError> {
    // Each key looked for by itself: one question with all of them is one that PostgreSQL, while it has no statistics, answers by reading all.
    static HELD: Listed = Listed::new(|keys| {
        let of_one = |key: usize| {
            format!(
                "SELECT position, id, time, source, type, key, domain, kind, region / 100 FROM message
                 WHERE holds = 1 AND source = ${} AND key = ${}",
                2 * key + 1,
                2 * key + 2
            )
        };
        (0..keys).map(of_one).collect::<Vec<_>>().join(" UNION ALL ")
    });
    let keys: HashSet<(&str, &str)> = new
        .iter()
        .map(|(_, Entry { message, .. })| (message.source.as_str(), message.key.as_str()))
        .collect();
    let keys: Vec<(&str, &str)> = keys.into_iter().collect();
    let mut held = Vec::new();
    for keys in row::pieces(&keys, KEYS) {
        let query = HELD.of(keys.len());
        let query = keys.iter().fold(query, |query, (source, key)| query.bind(*source).bind(*key));
        let rows: Vec<HeldRow> = query.rows(transaction).await?;
        held.extend(rows.into_iter().map(|(position, id, time, source, r#type, key, domain, kind, city)| {
            Held { position, id, time, source, r#type, key, domain, kind, city }
        }));
    }
    Ok(held)
}

/// Adds them, and tells what they take.
async fn add(
    transaction: &mut Transaction,
    batch: i64,
    new: &[(i64, &Entry)],
    holding: &HashSet<i64>,
) -> Result<i64, StoreError> {
    static ADD: Listed = Listed::new(|entries| {
        format!(
            "INSERT INTO message (position, id, lane, sequence, batch, time, received, domain, kind, detail, region, holds, source, type, key, message, body)
             VALUES {}",
            row::rows(1, COLUMNS, entries)
        )
    });
    let mut bytes = 0;
    for entries in row::pieces(new, COLUMNS) {
        let mut query = ADD.of(entries.len());
        for (position, Entry { lane, sequence, message }) in entries {
            let (subject, attributes) = (&message.subject, row::attributes(message)?);
            bytes += attributes.len() + message.body.len();
            query = query
                .bind(*position)
                .bind(&message.id)
                .bind(lane.as_str())
                .bind(row::sequence(*sequence))
                .bind(batch)
                .bind(message.time.as_micros())
                .bind(message.received.as_micros())
                .bind(&subject.domain)
                .bind(subject.kind.as_str())
                .bind(subject.detail.as_deref().unwrap_or("-"))
                .bind(row::region(subject.region))
                .bind(i64::from(holding.contains(position)))
                .bind(&message.source)
                .bind(&message.r#type)
                .bind(&message.key)
                .bind(attributes)
                .bind(&message.body);
        }
        query.execute(transaction).await?;
    }
    Ok(i64::try_from(bytes).unwrap_or(i64::MAX))
}
