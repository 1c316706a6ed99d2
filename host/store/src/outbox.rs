//! Outputs that are committed and not yet confirmed by the bus.

use crate::sql::Listed;
use crate::writer::Transaction;
use crate::{Store, StoreError, row};
use dongting_manifest::{DeadLetter, Message};
use serde::{Deserialize, Serialize};

/// What a call gives to the bus.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output {
    Message(Message),
    DeadLetter(DeadLetter),
}

/// Outputs of one commit, in their order, that lie in one row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pending {
    pub position: i64,
    pub outputs: Vec<Output>,
}

/// Where the rows of an installation lie.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct OutboxExtent {
    pub installation: String,
    pub first: i64,
    pub last: i64,
}

/// A row that an earlier version of this host has written: one message, or one dead letter.
const MESSAGE: &str = "message";
const DEAD_LETTER: &str = "dead-letter";
const SEVERAL: &str = "several";

/// What lies in one row: so many outputs, or of so many bytes but for the last. A call's are written and removed as one or two, and what is
/// read at once is bounded.
const OUTPUTS: usize = 64;
const BYTES: usize = 1 << 20;

/// An output as text, but for the bytes that it carries; with how many they are.
#[derive(Serialize, Deserialize)]
enum Part {
    Message(row::Attributes, usize),
    DeadLetter(row::LetterAttributes, usize),
}

impl Store {
    /// The oldest rows of the installation's pending outputs.
    pub async fn pending(&self, installation: &str, rows: u32) -> Result<Vec<Pending>, StoreError> {
        let rows: Vec<(i64, String, String, Vec<u8>)> = sqlx::query_as(
            "SELECT position, kind, message, body FROM outbox WHERE installation = $1 ORDER BY position LIMIT $2",
        )
        .bind(installation)
        .bind(i64::from(rows))
        .fetch_all(&self.reader)
        .await
        .map_err(StoreError::sql)?;
        rows.into_iter()
            .map(|(position, kind, text, body)| {
                let outputs = match kind.as_str() {
                    SEVERAL => unpacked(&text, &body)?,
                    DEAD_LETTER => {
                        let attributes: row::LetterAttributes = row::from_json(&text)?;
                        vec![Output::DeadLetter(attributes.with(body))]
                    }
                    MESSAGE => vec![Output::Message(row::message(&text, body)?)],
                    other => return Err(StoreError::Damaged(format!("an output of the kind `{other}`"))),
                };
                Ok(Pending { position, outputs })
            })
            .collect()
    }

    /// Of all installations that have rows in the outbox.
    pub async fn outboxes(&self) -> Result<Vec<OutboxExtent>, StoreError> {
        sqlx::query_as(
            "SELECT installation, MIN(position) AS first, MAX(position) AS last FROM outbox GROUP BY installation",
        )
        .fetch_all(&self.reader)
        .await
        .map_err(StoreError::sql)
    }

    /// The bus has stored these.
    pub async fn confirmed(&self, positions: &[i64]) -> Result<(), StoreError> {
        if positions.is_empty() {
            return Ok(());
        }
        let positions = positions.to_vec();
        self.writer
            .transact(|transaction| Box::pin(async move { remove(transaction, &positions).await }))
            .await
    }
}

/// The positions of their rows.
pub(crate) async fn write(
    transaction: &mut Transaction,
    installation: &str,
    outputs: &[Output],
) -> Result<Vec<i64>, StoreError> {
    static ADD: Listed = Listed::new(|packed| {
        format!(
            "INSERT INTO outbox (installation, kind, message, body) VALUES {} RETURNING position",
            row::rows(1, 4, packed)
        )
    });
    let mut positions = Vec::new();
    let packed: Vec<(String, Vec<u8>)> = together(outputs).map(packed).collect::<Result<_, _>>()?;
    for packed in row::pieces(&packed, 4) {
        let mut query = ADD.of(packed.len());
        for (text, body) in packed {
            query = query.bind(installation).bind(SEVERAL).bind(text).bind(body);
        }
        let added: Vec<(i64,)> = query.rows(transaction).await?;
        positions.extend(added.into_iter().map(|(position,)| position));
    }
    Ok(positions)
}

/// Cut into what lies in one row: of one kind, since a letter may have to wait while messages go.
fn together(mut outputs: &[Output]) -> impl Iterator<Item = &[Output]> {
    std::iter::from_fn(move || {
        let mut bytes = 0;
        let kind = outputs.first().map(std::mem::discriminant);
        let fits = |output: &&Output| {
            let begins = bytes < BYTES && kind == Some(std::mem::discriminant(*output));
            bytes += output.bytes().len();
            begins
        };
        let count = outputs.iter().take(OUTPUTS).take_while(fits).count();
        let (these, rest) = outputs.split_at_checked(count)?;
        outputs = rest;
        Some(these).filter(|these| !these.is_empty())
    })
}

fn packed(outputs: &[Output]) -> Result<(String, Vec<u8>), StoreError> {
    let parts: Vec<Part> = outputs
        .iter()
        .map(|output| match output {
            Output::Message(message) => Part::Message(row::Attributes::of(message), message.body.len()),
            Output::DeadLetter(letter) => {
                Part::DeadLetter(row::LetterAttributes::of(letter), letter.payload.len())
            }
        })
        .collect();
    let bodies: Vec<&[u8]> = outputs.iter().map(Output::bytes).collect();
    Ok((row::json(&parts)?, bodies.concat()))
}

fn unpacked(text: &str, mut bodies: &[u8]) -> Result<Vec<Output>, StoreError> {
    let parts: Vec<Part> = row::from_json(text)?;
    let mut outputs = Vec::with_capacity(parts.len());
    for part in parts {
        let (Part::Message(_, length) | Part::DeadLetter(_, length)) = &part;
        let damaged = || StoreError::Damaged("a row of the outbox has fewer bytes than it says".to_owned());
        let (body, rest) = bodies.split_at_checked(*length).ok_or_else(damaged)?;
        bodies = rest;
        outputs.push(match part {
            Part::Message(attributes, _) => Output::Message(attributes.with(body.to_vec())?),
            Part::DeadLetter(attributes, _) => Output::DeadLetter(attributes.with(body.to_vec())),
        });
    }
    Ok(outputs)
}

impl Output {
    /// The body of a message, the payload of a letter.
    fn bytes(&self) -> &[u8] {
        match self {
            Self::Message(message) => &message.body,
            Self::DeadLetter(letter) => &letter.payload,
        }
    }
}

/// Removes what the bus has stored.
pub(crate) async fn remove(transaction: &mut Transaction, positions: &[i64]) -> Result<(), StoreError> {
    static REMOVE: Listed = Listed::new(|positions| {
        format!("DELETE FROM outbox WHERE position IN ({})", row::placeholders(1, positions))
    });
    for positions in row::lists(positions) {
        let query = positions.iter().fold(REMOVE.of(positions.len()), |query, one| query.bind(*one));
        query.execute(transaction).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
