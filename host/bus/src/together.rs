//! Messages that JetStream stores together or not at all, with one wait for the disk (an atomic batch, ADR 43).

use async_nats::HeaderMap;
use async_nats::header::{NATS_BATCH_COMMIT, NATS_BATCH_COMMIT_FINAL, NATS_BATCH_ID, NATS_BATCH_SEQUENCE};
use bytes::Bytes;
use dongting_manifest::Message;

use crate::bus::{Bus, TIMEOUT};
use crate::cloudevents;
use crate::publish::{PublishError, Stored};
use crate::wire;

/// Fewer are as quick one by one, and the first of them much sooner: nats-server gives each batch a directory until it is stored.
const LEAST: usize = 32;
/// The server takes 1,000.
const MOST: usize = 256;
/// Of bodies. The server keeps them twice until they are stored.
const BYTES: usize = 4 << 20;

/// How many of these come next, and whether they go together.
pub fn next(messages: &[Message]) -> (usize, bool) {
    let mut alone = 0;
    while let (_, rest @ [_, ..]) = messages.split_at(alone) {
        match leading(rest) {
            many if many >= LEAST && alone == 0 => return (many, true),
            many if many >= LEAST => break,
            few => alone += few,
        }
    }
    (alone, false)
}

/// The first of these that are of one lane and not too much for a batch; one at least.
fn leading(messages: &[Message]) -> usize {
    let lane = |message: &Message| message.subject.kind.lane();
    let mut bytes = 0;
    let fits = messages.iter().take(MOST).take_while(|message| {
        bytes += message.body.len();
        bytes <= BYTES && messages.first().map(lane) == Some(lane(message))
    });
    fits.count().max(1)
}

impl Bus {
    /// None where JetStream has taken none of them and they are to go one by one, each to its own answer: one of them cannot be sent, or
    /// is there already.
    pub(crate) async fn together(&self, messages: &[Message]) -> Option<Vec<Result<Stored, PublishError>>> {
        let batch = self.client().new_inbox();
        let mut parts: Vec<(HeaderMap, &Message)> = Vec::with_capacity(messages.len());
        for (number, message) in (1_usize..).zip(messages) {
            let mut headers = wire::to_nats(&cloudevents::encode(message).ok()?);
            headers.insert(NATS_BATCH_ID, batch.as_str());
            headers.insert(NATS_BATCH_SEQUENCE, number.to_string());
            parts.push((headers, message));
        }
        let (mut headers, last) = parts.pop()?;
        let link = match self.link().await {
            Ok(link) => link,
            Err(error) => return Some(unavailable(messages, &error)),
        };
        for (headers, message) in parts {
            let body = Bytes::copy_from_slice(&message.body);
            tokio::select! {
                biased;
                sent = self.client().publish_with_headers(message.subject.to_string(), headers, body) => sent.ok()?,
                () = link.broken() => return Some(unavailable(messages, &"the connection broke")),
            }
        }
        headers.insert(NATS_BATCH_COMMIT, NATS_BATCH_COMMIT_FINAL);
        let (subject, lane) = (last.subject.to_string(), last.subject.kind.lane());
        let sent = self.send(&last.id, subject, lane, headers, Bytes::copy_from_slice(&last.body)).await;
        match sent.stored(&last.id, TIMEOUT).await {
            Ok(Stored { stream, sequence, .. }) => {
                let before = (0..messages.len() as u64).rev();
                let stored = before.map(|before| {
                    Ok(Stored { stream: stream.clone(), sequence: sequence - before, duplicate: false })
                });
                Some(stored.collect())
            }
            Err(error @ PublishError::Unavailable { .. }) => Some(unavailable(messages, &error)),
            Err(_) => None,
        }
    }
}

/// Each of a batch that may be stored or not.
fn unavailable(messages: &[Message], why: &dyn std::fmt::Display) -> Vec<Result<Stored, PublishError>> {
    let unavailable = |message: &Message| {
        let source = format!("the batch that it went with was not confirmed: {why}").into();
        Err(PublishError::Unavailable { id: message.id.clone(), source })
    };
    messages.iter().map(unavailable).collect()
}

#[cfg(test)]
mod tests;
