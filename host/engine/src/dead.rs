//! Dead letters: what cannot be processed is kept with its reason until a person re-drives or discards it.

use dongting_bus::{Bus, DeadLetter, Delivery, PublishError};
use dongting_manifest::message::Reject;

use crate::installed::Installed;

/// Part of a document that a source or decoder could not understand, or the whole of it.
pub async fn document(installed: &Installed, bus: &Bus, reject: Reject) -> Result<(), PublishError> {
    let letter = DeadLetter {
        installation: installed.id().to_owned(),
        reason: reject.reason,
        plugin: installed.reference.clone(),
        traceparent: String::new(),
        region: Some(installed.installation.region),
        origin: None,
        attributes: Vec::new(),
        content_type: "application/octet-stream".to_owned(),
        payload: reject.raw,
    };
    send(installed, bus, &letter).await
}

/// A message that a transform cannot process.
pub async fn message(
    installed: &Installed,
    bus: &Bus,
    delivery: &Delivery,
    reason: String,
) -> Result<(), PublishError> {
    let letter = DeadLetter {
        installation: installed.id().to_owned(),
        reason,
        plugin: installed.reference.clone(),
        traceparent: delivery.message.as_ref().map(|m| m.traceparent.clone()).unwrap_or_default(),
        region: delivery.message.as_ref().map(|m| m.subject.region).ok(),
        origin: Some(delivery.origin.clone()),
        attributes: delivery.headers.clone(),
        content_type: delivery.message.as_ref().map(|m| m.content_type.clone()).unwrap_or_default(),
        payload: delivery.payload.to_vec(),
    };
    send(installed, bus, &letter).await
}

async fn send(installed: &Installed, bus: &Bus, letter: &DeadLetter) -> Result<(), PublishError> {
    tracing::warn!(
        installation = installed.id(),
        reason = letter.reason,
        "A dead letter of `{}`",
        installed.id()
    );
    let stored = bus.dead_letter(letter).await?;
    if !stored.duplicate {
        installed.status.count(|counts| &counts.rejects, 1);
    }
    Ok(())
}
