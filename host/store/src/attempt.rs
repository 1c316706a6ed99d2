//! Attempts of sinks, written down before they are made.

use sqlx::{Any, Transaction};

use crate::commit::Input;
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
        let mut transaction = self.writer.begin().await.map_err(StoreError::sql)?;
        let mut begun = Vec::with_capacity(inputs.len());
        for input in inputs {
            let before: Option<(i64, i64)> = sqlx::query_as(
                "SELECT number, is_open FROM attempt
                 WHERE installation = $1 AND stream = $2 AND stream_created = $3 AND sequence = $4",
            )
            .bind(installation)
            .bind(&input.stream)
            .bind(input.stream_created.as_micros())
            .bind(row::sequence(input.sequence))
            .fetch_optional(&mut *transaction)
            .await
            .map_err(StoreError::sql)?;
            let (number, open) = before.unwrap_or((0, 0));
            let number = number.saturating_add(1);
            sqlx::query(
                "INSERT INTO attempt VALUES ($1, $2, $3, $4, $5, 1)
                 ON CONFLICT (installation, stream, stream_created, sequence) DO UPDATE SET number = $5, is_open = 1",
            )
            .bind(installation)
            .bind(&input.stream)
            .bind(input.stream_created.as_micros())
            .bind(row::sequence(input.sequence))
            .bind(number)
            .execute(&mut *transaction)
            .await
            .map_err(StoreError::sql)?;
            begun.push(Begun { number: u32::try_from(number).unwrap_or(u32::MAX), open: open != 0 });
        }
        transaction.commit().await.map_err(StoreError::sql)?;
        Ok(begun)
    }
}

/// Forgets attempts that are at their end; the others are known not to have arrived.
pub(crate) async fn end(
    transaction: &mut Transaction<'_, Any>,
    installation: &str,
    attempts: &[(Input, bool)],
) -> Result<(), StoreError> {
    const DONE: &str = "DELETE FROM attempt WHERE installation = $1 AND stream = $2 AND stream_created = $3 AND sequence = $4";
    const AGAIN: &str = "UPDATE attempt SET is_open = 0
         WHERE installation = $1 AND stream = $2 AND stream_created = $3 AND sequence = $4";
    for (input, ended) in attempts {
        sqlx::query(if *ended { DONE } else { AGAIN })
            .bind(installation)
            .bind(&input.stream)
            .bind(input.stream_created.as_micros())
            .bind(row::sequence(input.sequence))
            .execute(&mut **transaction)
            .await
            .map_err(StoreError::sql)?;
    }
    Ok(())
}
