//! HTTP requests and answers as a call's record has them: their bodies by digest.

use dongting_manifest::exchange::{Answer, Exchange, Failure, Sent};
use serde::{Deserialize, Serialize};

use crate::{Body, Store, StoreError};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    pub method: String,
    pub url: String,
    /// What went with it, where that is what the call was made for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent: Option<Sending>,
    pub answer: Result<Head, Failure>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sending {
    /// Each byte of a value as the character of its number.
    pub headers: Vec<(String, String)>,
    /// Digest of the whole body; no body is kept under it.
    pub body: String,
    /// What is kept of it; none of an empty one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<String>,
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

/// The exchanges as a record has them, and the bodies that it names. Without what went with the requests.
#[must_use]
pub fn asked(mut exchanges: Vec<Exchange>) -> (Vec<Asked>, Vec<Body>) {
    for exchange in &mut exchanges {
        exchange.sent = None;
    }
    asked_with(exchanges)
}

/// With it.
#[must_use]
pub fn asked_with(exchanges: Vec<Exchange>) -> (Vec<Asked>, Vec<Body>) {
    let mut bodies = Vec::with_capacity(exchanges.len());
    let asked = exchanges
        .into_iter()
        .map(|Exchange { method, url, sent, answer }| {
            let sent = sent.map(|Sent { headers, body, start }| {
                let start = (!start.is_empty()).then(|| Body::new(start));
                let digest = start.as_ref().map(|start| start.digest.clone());
                bodies.extend(start);
                let headers = headers.into_iter().map(|(name, value)| (name, text(&value))).collect();
                Sending { headers, body, start: digest }
            });
            let answer = answer.map(|Answer { status, headers, body, broken }| {
                let body = Body::new(body);
                let digest = body.digest.clone();
                bodies.push(body);
                let headers = headers.into_iter().map(|(name, value)| (name, text(&value))).collect();
                Head { status, headers, body: digest, broken }
            });
            Asked { method, url, sent, answer }
        })
        .collect();
    (asked, bodies)
}

impl Store {
    /// Keeps the bodies; the exchanges as a record has them.
    pub async fn keep_answers(&self, exchanges: Vec<Exchange>) -> Result<Vec<Asked>, StoreError> {
        let (asked, bodies) = asked(exchanges);
        self.keep_bodies(bodies.iter().collect()).await?;
        Ok(asked)
    }

    /// The exchanges with their bodies; none where one is no longer kept.
    pub async fn answers(&self, asked: &[Asked]) -> Result<Option<Vec<Exchange>>, StoreError> {
        let mut exchanges = Vec::with_capacity(asked.len());
        for Asked { method, url, sent, answer } in asked {
            let sent = match sent {
                Some(Sending { headers, body, start }) => {
                    // Only shown: the call can be made again without it.
                    let start = match start {
                        Some(start) => self.body(start).await?.unwrap_or_default(),
                        None => Vec::new(),
                    };
                    let headers = headers.iter().map(|(name, value)| (name.clone(), bytes(value))).collect();
                    Some(Sent { headers, body: body.clone(), start })
                }
                None => None,
            };
            let answer = match answer {
                Err(failure) => Err(*failure),
                Ok(Head { status, headers, body, broken }) => {
                    let Some(body) = self.body(body).await? else { return Ok(None) };
                    let headers = headers.iter().map(|(name, value)| (name.clone(), bytes(value))).collect();
                    Ok(Answer { status: *status, headers, body, broken: *broken })
                }
            };
            exchanges.push(Exchange { method: method.clone(), url: url.clone(), sent, answer });
        }
        Ok(Some(exchanges))
    }
}

fn text(value: &[u8]) -> String {
    value.iter().map(|byte| char::from(*byte)).collect()
}

fn bytes(value: &str) -> Vec<u8> {
    value.chars().filter_map(|character| u8::try_from(u32::from(character)).ok()).collect()
}
