//! A message at work in a transform or sink: from its lane, or from where it was parked.

use dongting_bus::{Delivery, cloudevents};
use dongting_manifest::{DeadLetter, Message, Origin, Timestamp};
use dongting_store::{Dispatched, Input, Parked};

use crate::installed::Installed;

pub struct Item {
    pub message: Message,
    pub origin: Origin,
    /// Tries so far, this one included.
    pub tries: u32,
    pub from: From,
}

pub enum From {
    Lane(Box<Delivery>),
    /// The row in which it is parked.
    Parked(i64),
    /// A timer that is due; the message's key and time are its name and deadline.
    Timer,
    /// A dead letter that is driven again.
    Dead,
}

/// What becomes of an item after a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    Done,
    /// It cannot be processed, for this reason.
    Dead(String),
    /// It is tried again, at the plugin's wish not before a pause.
    Later {
        reason: String,
        after: Option<std::time::Duration>,
    },
}

impl Item {
    /// A delivery that is a message of this bus; else the delivery and what is wrong with it.
    pub fn new(delivery: Box<Delivery>) -> Result<Self, (Box<Delivery>, String)> {
        let message = match &delivery.message {
            Ok(message) => message.clone(),
            Err(error) => {
                let reason = format!("not a message of this bus: {}", crate::installed::chain(error));
                return Err((delivery, reason));
            }
        };
        let origin = delivery.origin.clone();
        let tries = u32::try_from(delivery.delivered).unwrap_or(u32::MAX);
        Ok(Self { message, origin, tries, from: From::Lane(delivery) })
    }

    pub fn parked(row: Parked) -> Self {
        let tries = row.tries.saturating_add(1);
        Self { message: row.message, origin: row.origin, tries, from: From::Parked(row.position) }
    }

    pub fn input(&self) -> Input {
        input(&self.origin)
    }

    /// What an installation is told apart by to a receiver outside: the same for the same message, wherever it lies.
    pub fn idempotency_key(&self, installation: &str) -> String {
        dongting_manifest::message::hash([installation.as_bytes(), self.message.id.as_bytes()])
    }

    /// What a sink has done with it for good.
    pub fn dispatched(&self, sink: &Installed, end: &End) -> Option<Dispatched> {
        let reason = match end {
            End::Done => None,
            End::Dead(reason) => Some(reason.clone()),
            End::Later { .. } => return None,
        };
        Some(Dispatched {
            message: self.message.id.clone(),
            installation: sink.id().to_owned(),
            at: Timestamp::now(),
            plugin: sink.reference.clone(),
            key: self.idempotency_key(sink.id()),
            reason,
        })
    }

    pub fn dead_letter(&self, installed: &Installed, reason: String) -> DeadLetter {
        DeadLetter {
            installation: installed.id().to_owned(),
            reason,
            plugin: installed.reference.clone(),
            traceparent: self.message.traceparent.clone(),
            region: Some(self.message.subject.region),
            origin: Some(self.origin.clone()),
            attributes: match &self.from {
                From::Lane(delivery) => delivery.headers.clone(),
                // It was on a lane or is small, so it can be written; what cannot is told by its payload alone.
                From::Parked(_) | From::Timer | From::Dead => {
                    cloudevents::encode(&self.message).unwrap_or_default()
                }
            },
            document: None,
            content_type: self.message.content_type.clone(),
            payload: self.message.body.clone(),
        }
    }
}

/// A delivery that is no message.
pub fn undecodable(installed: &Installed, delivery: &Delivery, reason: String) -> DeadLetter {
    DeadLetter {
        installation: installed.id().to_owned(),
        reason,
        plugin: installed.reference.clone(),
        traceparent: String::new(),
        region: None,
        origin: Some(delivery.origin.clone()),
        attributes: delivery.headers.clone(),
        document: None,
        content_type: String::new(),
        payload: delivery.payload.to_vec(),
    }
}

pub fn input(origin: &Origin) -> Input {
    Input { stream: origin.stream.clone(), stream_created: origin.stream_created, sequence: origin.sequence }
}

/// When an item that is parked is due: a plugin or receiver that works again is noticed within ten seconds.
pub fn due(tries: u32, after: Option<std::time::Duration>, sequence: u64) -> Timestamp {
    Timestamp::now().saturating_add(crate::backoff::pause(tries.min(5), after, sequence))
}
