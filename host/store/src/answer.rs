//! Bodies of HTTP answers, kept for replay: each once, however often a feed says the same.

use dongting_manifest::Timestamp;
use dongting_manifest::exchange::{Answer, Exchange, Failure};
use serde::{Deserialize, Serialize};

use crate::{Store, StoreError};

/// An exchange as a call's record has it: the body by its digest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    pub method: String,
    pub url: String,
    pub answer: Result<Head, Failure>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    pub status: u16,
    /// Each byte of a value as the character of its number.
    pub headers: Vec<(String, String)>,
    pub body: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub broken: Option<Failure>,
}

impl Store {
    /// Keeps the bodies; the exchanges as a record has them.
    pub async fn keep_answers(&self, exchanges: Vec<Exchange>) -> Result<Vec<Asked>, StoreError> {
        let mut asked = Vec::with_capacity(exchanges.len());
        let mut transaction = self.history_writer.begin().await.map_err(StoreError::sql)?;
        for Exchange { method, url, answer } in exchanges {
            let answer = match answer {
                Err(failure) => Err(failure),
                Ok(Answer { status, headers, body, broken }) => {
                    let digest = dongting_manifest::message::hash([body.as_slice()]);
                    sqlx::query(
                        "INSERT INTO answer (digest, bytes, used_at, body) VALUES ($1, $2, $3, $4)
                         ON CONFLICT (digest) DO UPDATE SET used_at = $3",
                    )
                    .bind(&digest)
                    .bind(i64::try_from(body.len()).unwrap_or(i64::MAX))
                    .bind(Timestamp::now().as_micros())
                    .bind(body)
                    .execute(&mut *transaction)
                    .await
                    .map_err(StoreError::sql)?;
                    let headers = headers.into_iter().map(|(name, value)| (name, text(&value))).collect();
                    Ok(Head { status, headers, body: digest, broken })
                }
            };
            asked.push(Asked { method, url, answer });
        }
        transaction.commit().await.map_err(StoreError::sql)?;
        Ok(asked)
    }

    /// The exchanges with their bodies; none where one is no longer kept.
    pub async fn answers(&self, asked: &[Asked]) -> Result<Option<Vec<Exchange>>, StoreError> {
        let mut exchanges = Vec::with_capacity(asked.len());
        for Asked { method, url, answer } in asked {
            let answer = match answer {
                Err(failure) => Err(*failure),
                Ok(Head { status, headers, body, broken }) => {
                    let body: Option<Vec<u8>> =
                        sqlx::query_scalar("SELECT body FROM answer WHERE digest = $1")
                            .bind(body)
                            .fetch_optional(&self.history_reader)
                            .await
                            .map_err(StoreError::sql)?;
                    let Some(body) = body else { return Ok(None) };
                    let headers = headers.iter().map(|(name, value)| (name.clone(), bytes(value))).collect();
                    Ok(Answer { status: *status, headers, body, broken: *broken })
                }
            };
            exchanges.push(Exchange { method: method.clone(), url: url.clone(), answer });
        }
        Ok(Some(exchanges))
    }

    /// Forgets bodies that were last given before `before`, and then the oldest until all together take `max_bytes` at most; how many.
    pub async fn forget_answers(&self, before: Timestamp, max_bytes: u64) -> Result<u64, StoreError> {
        let mut gone = self.forget_answers_before(before.as_micros()).await?;
        let held: Vec<(i64, i64)> = sqlx::query_as("SELECT used_at, bytes FROM answer ORDER BY used_at DESC")
            .fetch_all(&self.history_reader)
            .await
            .map_err(StoreError::sql)?;
        let mut bytes = 0u64;
        let full = held.iter().find(|(_, size)| {
            bytes = bytes.saturating_add(size.unsigned_abs());
            bytes > max_bytes
        });
        if let Some((used_at, _)) = full {
            gone += self.forget_answers_before(used_at.saturating_add(1)).await?;
        }
        Ok(gone)
    }

    async fn forget_answers_before(&self, used_at: i64) -> Result<u64, StoreError> {
        let gone = sqlx::query("DELETE FROM answer WHERE used_at < $1")
            .bind(used_at)
            .execute(&self.history_writer)
            .await
            .map_err(StoreError::sql)?;
        Ok(gone.rows_affected())
    }
}

fn text(value: &[u8]) -> String {
    value.iter().map(|byte| char::from(*byte)).collect()
}

fn bytes(value: &str) -> Vec<u8> {
    value.chars().filter_map(|character| u8::try_from(u32::from(character)).ok()).collect()
}
