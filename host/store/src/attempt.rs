//! Attempts of sinks, written down before they are made.

use std::collections::BTreeMap;

use crate::input::{self, Input};
use crate::sql::Listed;
use crate::writer::Transaction;
use crate::{CommitError, Lease, Store, StoreError, lease, row};

/// An attempt as it begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Begun {
    /// 1 the first time.
    pub number: u32,
    /// An earlier one was begun and never ended: it may have arrived.
    pub open: bool,
}

impl Store {
    /// Writes down that an attempt is made for each input, in one transaction, and where the work is one host's, by that host.
    pub async fn begin_attempts(
        &self,
        installation: &str,
        lease: Option<Lease>,
        inputs: &[Input],
    ) -> Result<Vec<Begun>, CommitError> {
        let (installation, inputs) = (installation.to_owned(), inputs.to_vec());
        self.writer
            .transact(move |transaction| {
                Box::pin(async move {
                    if let Some(lease) = lease
                        && !lease::holds(transaction, &lease).await?
                    {
                        return Err(CommitError::LeaseLost);
                    }
                    Ok(begin(transaction, &installation, &inputs).await?)
                })
            })
            .await
    }
}

async fn begin(
    transaction: &mut Transaction,
    installation: &str,
    inputs: &[Input],
) -> Result<Vec<Begun>, StoreError> {
    static BEFORE: Listed = Listed::new(|inputs| {
        format!("SELECT sequence, number, is_open FROM attempt WHERE {}", input::among(inputs))
    });
    static BEGIN: Listed = Listed::new(|inputs| {
        format!(
            "INSERT INTO attempt VALUES {} ON CONFLICT (installation, stream, stream_created, sequence)
             DO UPDATE SET number = attempt.number + 1, is_open = 1",
            row::rows(1, 6, inputs)
        )
    });
    let mut earlier: BTreeMap<&Input, Begun> = BTreeMap::new();
    for piece in input::pieces(inputs.iter().collect()) {
        let rows: Vec<(i64, i64, i64)> = input::of(&BEFORE, installation, &piece).rows(transaction).await?;
        for (sequence, number, open) in rows {
            let of = piece.iter().find(|input| row::sequence(input.sequence) == sequence);
            let begun = Begun { number: u32::try_from(number).unwrap_or(u32::MAX), open: open != 0 };
            earlier.extend(of.map(|input| (*input, begun)));
        }
        for piece in row::pieces(&piece, 6) {
            let query = piece.iter().fold(BEGIN.of(piece.len()), |query, input| {
                query
                    .bind(installation)
                    .bind(&input.stream)
                    .bind(input.stream_created.as_micros())
                    .bind(row::sequence(input.sequence))
                    .bind(1)
                    .bind(1)
            });
            query.execute(transaction).await?;
        }
    }
    let begun = inputs.iter().map(|input| match earlier.get(input) {
        Some(Begun { number, open }) => Begun { number: number.saturating_add(1), open: *open },
        None => Begun { number: 1, open: false },
    });
    Ok(begun.collect())
}

/// Forgets attempts that are at their end; the others are known not to have arrived.
pub(crate) async fn end(
    transaction: &mut Transaction,
    installation: &str,
    attempts: &[(Input, bool)],
) -> Result<(), StoreError> {
    static DONE: Listed = Listed::new(|inputs| format!("DELETE FROM attempt WHERE {}", input::among(inputs)));
    static AGAIN: Listed =
        Listed::new(|inputs| format!("UPDATE attempt SET is_open = 0 WHERE {}", input::among(inputs)));
    for (statement, ended) in [(&DONE, true), (&AGAIN, false)] {
        let inputs = attempts.iter().filter(|(_, end)| *end == ended).map(|(input, _)| input);
        for piece in input::pieces(inputs.collect()) {
            input::of(statement, installation, &piece).execute(transaction).await?;
        }
    }
    Ok(())
}
