//! Outputs that are committed and not yet confirmed by the bus.

use dongting_manifest::{DeadLetter, Message};
use sqlx::{Any, AssertSqlSafe, Transaction};

use crate::{Store, StoreError, row};

/// What a call gives to the bus.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output {
    Message(Message),
    DeadLetter(DeadLetter),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pending {
    pub position: i64,
    pub output: Output,
}

const MESSAGE: &str = "message";
const DEAD_LETTER: &str = "dead-letter";

impl Store {
    /// The oldest of the installation's pending outputs.
    pub async fn pending(&self, installation: &str, limit: u32) -> Result<Vec<Pending>, StoreError> {
        let rows: Vec<(i64, String, String, Vec<u8>)> = sqlx::query_as(
            "SELECT position, kind, message, body FROM outbox WHERE installation = $1 ORDER BY position LIMIT $2",
        )
        .bind(installation)
        .bind(i64::from(limit))
        .fetch_all(&self.reader)
        .await
        .map_err(StoreError::sql)?;
        rows.into_iter()
            .map(|(position, kind, attributes, body)| {
                let output = match kind.as_str() {
                    DEAD_LETTER => Output::DeadLetter(row::dead_letter(&attributes, body)?),
                    _ => Output::Message(row::message(&attributes, body)?),
                };
                Ok(Pending { position, output })
            })
            .collect()
    }

    /// The bus has stored these.
    pub async fn confirmed(&self, positions: &[i64]) -> Result<(), StoreError> {
        if positions.is_empty() {
            return Ok(());
        }
        let mut transaction = self.writer.begin().await.map_err(StoreError::sql)?;
        remove(&mut transaction, positions).await?;
        transaction.commit().await.map_err(StoreError::sql)
    }
}

/// The positions, in the order of the outputs.
pub(crate) async fn write(
    transaction: &mut Transaction<'_, Any>,
    installation: &str,
    outputs: &[Output],
) -> Result<Vec<i64>, StoreError> {
    let mut positions = Vec::with_capacity(outputs.len());
    for outputs in outputs.chunks(row::at_once(4)) {
        let sql = format!(
            "INSERT INTO outbox (installation, kind, message, body) VALUES {} RETURNING position",
            row::rows(4, outputs.len())
        );
        let mut query = sqlx::query_scalar(AssertSqlSafe(sql));
        for output in outputs {
            let (kind, attributes, body) = match output {
                Output::Message(message) => (MESSAGE, row::attributes(message)?, &message.body),
                Output::DeadLetter(letter) => (DEAD_LETTER, row::letter_attributes(letter)?, &letter.payload),
            };
            query = query.bind(installation).bind(kind).bind(attributes).bind(body);
        }
        let added: Vec<i64> = query.fetch_all(&mut **transaction).await.map_err(StoreError::sql)?;
        positions.extend(added);
    }
    // Rows are numbered in their order; they need not be told in it.
    positions.sort_unstable();
    Ok(positions)
}

/// Removes what the bus has stored.
pub(crate) async fn remove(
    transaction: &mut Transaction<'_, Any>,
    positions: &[i64],
) -> Result<(), StoreError> {
    for positions in positions.chunks(row::VALUES) {
        let sql = format!("DELETE FROM outbox WHERE position IN ({})", row::placeholders(1, positions.len()));
        let query = positions.iter().fold(sqlx::query(AssertSqlSafe(sql)), |query, one| query.bind(*one));
        query.execute(&mut **transaction).await.map_err(StoreError::sql)?;
    }
    Ok(())
}
