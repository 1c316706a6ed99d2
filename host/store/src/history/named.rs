//! Where messages are found by what has no order of time: their ids, and the ids of what they were made of. In SQLite that is an index of
//! FTS5, which writes what comes together in one place and merges it with what is there later (ADR 50); in PostgreSQL a table. Both are asked
//! in the same words.

use std::iter;

use super::Entry;
use crate::connections::Connections;
use crate::sql::{Listed, sql};
use crate::writer::Transaction;
use crate::{StoreError, row};

/// Letters of an id that a name has. Ids are hashes: so many are enough, but whoever reads compares the whole.
const LETTERS: usize = 16;
/// What FTS5 merges at most after each batch, in pages. Left to itself it does so in pieces of some thousand.
const MERGED: i64 = 32;

/// What a message is looked for by.
#[derive(Clone, Copy)]
pub enum By {
    Id,
    Cause,
}

/// Letters and digits alone, since SQLite takes it for a question.
fn name(by: By, id: &str) -> String {
    let first = match by {
        By::Id => 'i',
        By::Cause => 'c',
    };
    let plain = |letter: char| if letter.is_ascii_alphanumeric() { letter.to_ascii_lowercase() } else { 'x' };
    iter::once(first).chain(id.chars().take(LETTERS).map(plain)).collect()
}

/// The positions of what has these ids or was made of them, at most so many of each, in their order.
pub async fn positions(
    reader: &Connections,
    by: By,
    ids: &[impl AsRef<str>],
    most: usize,
) -> Result<Vec<i64>, StoreError> {
    static FIND: Listed = Listed::new(|ids| {
        let of_one = |at: usize| {
            format!(
                "SELECT * FROM (SELECT rowid FROM named WHERE named = ${at} ORDER BY rowid LIMIT ${}) AS n{at}",
                ids + 1
            )
        };
        (1..=ids).map(of_one).collect::<Vec<_>>().join(" UNION ALL ")
    });
    let mut found = Vec::new();
    for ids in row::lists(ids) {
        let query = ids.iter().fold(FIND.of(ids.len()), |query, id| query.bind(name(by, id.as_ref())));
        let query = query.bind(i64::try_from(most).unwrap_or(i64::MAX));
        found.extend(query.read(reader).await?.into_iter().map(|(position,): (i64,)| position));
    }
    found.sort_unstable();
    found.dedup();
    Ok(found)
}

pub(super) async fn add(transaction: &mut Transaction, new: &[(i64, &Entry)]) -> Result<(), StoreError> {
    static IN_SQLITE: Listed =
        Listed::new(|rows| format!("INSERT INTO named (rowid, names) VALUES {}", row::rows(1, 2, rows)));
    static IN_POSTGRESQL: Listed = Listed::new(|rows| {
        format!("INSERT INTO named (rowid, named) VALUES {} ON CONFLICT DO NOTHING", row::rows(1, 2, rows))
    });
    let names = |entry: &Entry| {
        let causes = entry.message.causation.iter().map(|cause| name(By::Cause, cause));
        iter::once(name(By::Id, &entry.message.id)).chain(causes).collect::<Vec<_>>()
    };
    let sqlite = matches!(transaction, Transaction::Sqlite(_));
    let rows: Vec<(i64, String)> = if sqlite {
        new.iter().map(|(position, entry)| (*position, names(entry).join(" "))).collect()
    } else {
        new.iter().flat_map(|(position, entry)| iter::repeat(*position).zip(names(entry))).collect()
    };
    let statement = if sqlite { &IN_SQLITE } else { &IN_POSTGRESQL };
    for rows in row::pieces(&rows, 2) {
        let query = statement.of(rows.len());
        let query = rows.iter().fold(query, |query, (position, name)| query.bind(*position).bind(name));
        query.execute(transaction).await?;
    }
    if sqlite {
        sql("INSERT INTO named (named, rank) VALUES ('merge', $1)").bind(MERGED).execute(transaction).await?;
    }
    Ok(())
}

pub(super) async fn remove(transaction: &mut Transaction, positions: &[i64]) -> Result<(), StoreError> {
    static REMOVE: Listed = Listed::new(|positions| {
        format!("DELETE FROM named WHERE rowid IN ({})", row::placeholders(1, positions))
    });
    for positions in row::lists(positions) {
        let query =
            positions.iter().fold(REMOVE.of(positions.len()), |query, position| query.bind(*position));
        query.execute(transaction).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_word_whatever_the_id() {
        assert_eq!(name(By::Id, "4824a5b05f99c99d1f22f535603252259b90c229"), "i4824a5b05f99c99d");
        assert_eq!(name(By::Cause, "4824a5b05f99c99d"), "c4824a5b05f99c99d");
        assert_eq!(name(By::Cause, "AND b*\"-"), "candxbxxx");
        assert_eq!(name(By::Id, "一二三"), "ixxx");
        assert_eq!(name(By::Id, ""), "i");
    }
}
