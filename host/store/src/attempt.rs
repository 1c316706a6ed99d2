//! Attempts of sinks, written down before they are made.

use crate::commit::Input;
use crate::sql::sql;
use crate::writer::Transaction;
use crate::{Store, StoreError, row};

/// An attempt as it begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Begun {
    /// 1 the first time.
    pub number: u32,
    /// An earlier one was begun and never ended: it may have arrived.
    pub open: bool,
}

impl Store {
    /// Writes down that an attempt is made for each input, in one transaction.
    pub async fn begin_attempts(
        &self,
        installation: &str,
        inputs: &[Input],
    ) -> Result<Vec<Begun>, StoreError> {
        let (installation, inputs) = (installation.to_owned(), inputs.to_vec());
        self.writer
            .transact(move |transaction| {
                Box::pin(async move {
                    let mut begun = Vec::with_capacity(inputs.len());
                    for input in &inputs {
                        begun.push(begin(transaction, &installation, input).await?);
                    }
                    Ok(begun)
                })
            })
            .await
    }
}

async fn begin(
    transaction: &mut Transaction,
    installation: &str,
    input: &Input,
) -> Result<Begun, StoreError> {
    let of = |text| {
        sql(text)
            .bind(installation)
            .bind(&input.stream)
            .bind(input.stream_created.as_micros())
            .bind(row::sequence(input.sequence))
    };
    let before: Option<(i64, i64)> = of("SELECT number, is_open FROM attempt
         WHERE installation = $1 AND stream = $2 AND stream_created = $3 AND sequence = $4")
    .row(transaction)
    .await?;
    let (number, open) = before.unwrap_or((0, 0));
    let number = number.saturating_add(1);
    of(
        "INSERT INTO attempt VALUES ($1, $2, $3, $4, $5, 1)
         ON CONFLICT (installation, stream, stream_created, sequence) DO UPDATE SET number = $5, is_open = 1",
    )
    .bind(number)
    .execute(transaction)
    .await?;
    Ok(Begun { number: u32::try_from(number).unwrap_or(u32::MAX), open: open != 0 })
}

/// Forgets attempts that are at their end; the others are known not to have arrived.
pub(crate) async fn end(
    transaction: &mut Transaction,
    installation: &str,
    attempts: &[(Input, bool)],
) -> Result<(), StoreError> {
    const DONE: &str = "DELETE FROM attempt WHERE installation = $1 AND stream = $2 AND stream_created = $3 AND sequence = $4";
    const AGAIN: &str = "UPDATE attempt SET is_open = 0
         WHERE installation = $1 AND stream = $2 AND stream_created = $3 AND sequence = $4";
    for (input, ended) in attempts {
        sql(if *ended { DONE } else { AGAIN })
            .bind(installation)
            .bind(&input.stream)
            .bind(input.stream_created.as_micros())
            .bind(row::sequence(input.sequence))
            .execute(transaction)
            .await?;
    }
    Ok(())
}
