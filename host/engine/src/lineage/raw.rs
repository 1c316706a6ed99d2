//! Where a lineage ends: what came from outside, of which a first message was made, as the record of the call has it.

use std::ops::Range;

use dongting_manifest::{Message, Timestamp};
use dongting_store::{Asked, CallRecord, Given, GivenSteps, Recorded, Store, StoreError};

use crate::session::transcript::LONGEST;

/// What a call was given that was no message, and what it was told of the network.
pub struct Raw {
    pub what: What,
    /// `http` or `nats`, of a document or a request.
    pub transport: Option<String>,
    /// A document's name, a request's method and path, a form's view and action.
    pub name: Option<String>,
    pub content_type: Option<String>,
    /// The device's address.
    pub peer: Option<String>,
    pub received: Timestamp,
    /// `name@version#digest` of the release that was called.
    pub plugin: String,
    /// What somebody filled in.
    pub fields: Vec<(String, String)>,
    /// Why something of it was never kept.
    pub unkept: Option<String>,
    pub pieces: Vec<Piece>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    Document,
    Request,
    Form,
    Poll,
    Connection,
    /// Timers, or messages that it named none of as a cause.
    Batch,
}

/// Bytes that came from outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// `document`, `GET https://catalogue.example/query → 200`, …
    pub what: String,
    /// None where there was no answer.
    pub digest: Option<String>,
    /// None where that is not known any more.
    pub bytes: Option<u64>,
    /// Which of the bytes came in the step that made the message, of those of a connection.
    pub part: Option<Range<u64>>,
    pub kept: bool,
}

/// What a first message of an installation was made of; none where no record tells.
pub(super) async fn of(
    store: &Store,
    installation: &str,
    message: &Message,
) -> Result<Option<Raw>, StoreError> {
    let made = (installation, message.id.as_str());
    let Some(call) = store.call_that_made(made, message.received, LONGEST).await? else { return Ok(None) };
    let mut raw = raw(&call.record, message);
    if let Some(Given::Steps(steps)) = &call.record.given {
        raw.pieces.splice(0..0, before(store, installation, (&call, steps), message).await?);
    }
    for piece in &mut raw.pieces {
        let Some(digest) = &piece.digest else { continue };
        let bytes = store.bytes_of_body(digest).await?;
        piece.kept = bytes.is_some();
        piece.bytes = bytes.or(piece.bytes);
    }
    Ok(Some(raw))
}

fn raw(record: &CallRecord, message: &Message) -> Raw {
    let mut raw = Raw {
        what: What::Batch,
        transport: None,
        name: None,
        content_type: None,
        peer: None,
        received: message.received,
        plugin: record.plugin.clone(),
        fields: Vec::new(),
        unkept: record.unkept.clone(),
        pieces: Vec::new(),
    };
    if let Some(poll) = &record.poll {
        (raw.what, raw.received) = (What::Poll, poll.now);
    }
    match &record.given {
        Some(Given::Document(document)) => {
            (raw.what, raw.received) = (What::Document, document.received);
            raw.transport = Some(document.transport.clone());
            raw.name.clone_from(&document.name);
            raw.content_type.clone_from(&document.content_type);
            raw.pieces.push(piece("document", &document.body));
        }
        Some(Given::Request(request)) => {
            (raw.what, raw.received) = (What::Request, request.received);
            raw.transport = Some(request.transport.clone());
            let query = if request.query.is_some() { "?…" } else { "" };
            raw.name = Some(format!("{} {}{query}", request.method, request.path));
            let is_type = |(name, _): &&(String, String)| name.eq_ignore_ascii_case("content-type");
            raw.content_type = request.headers.iter().find(is_type).map(|(_, value)| value.clone());
            raw.pieces.push(piece("request", &request.body));
        }
        Some(Given::Form(form)) => {
            (raw.what, raw.received) = (What::Form, form.now);
            raw.name = Some(format!("{} {}", form.view, form.action));
            raw.fields.clone_from(&form.form);
        }
        Some(Given::Steps(steps)) => {
            raw.what = What::Connection;
            raw.peer = Some(steps.peer.to_string());
            let step = record.step_that_made(steps, &message.id, message.received);
            raw.received = step.map_or(raw.received, |(step, _)| step.now);
            let part = step.map(|(step, from)| from as u64..(from + step.bytes) as u64);
            raw.pieces.extend(stretch("connection", steps, part));
        }
        Some(Given::Attempts(_)) | None => {}
    }
    raw.pieces.extend(record.asked.iter().map(answer));
    raw
}

/// The bytes of a device before a stretch, where the message's own may have begun there: of the stretch, none were made into anything before it.
async fn before(
    store: &Store,
    installation: &str,
    (call, steps): (&Recorded, &GivenSteps),
    message: &Message,
) -> Result<Option<Piece>, StoreError> {
    let own = call.record.step_that_made(steps, &message.id, message.received);
    let of_them = |step: &&_| own.is_none_or(|(own, _)| !std::ptr::eq(*step, own));
    if steps.steps.iter().take_while(of_them).any(|step| step.outputs > 0) {
        return Ok(None);
    }
    let connection = steps.connection();
    let found = store.stretch_before((installation, &connection), call.position).await?;
    Ok(match found.and_then(|call| call.record.given) {
        Some(Given::Steps(steps)) => stretch("connection, before", &steps, None),
        _ => None,
    })
}

/// None where no bytes came.
fn stretch(what: &str, steps: &GivenSteps, part: Option<Range<u64>>) -> Option<Piece> {
    let bytes: usize = steps.steps.iter().map(|step| step.bytes).sum();
    (bytes > 0).then(|| Piece { bytes: Some(bytes as u64), part, ..piece(what, &steps.body) })
}

fn piece(what: &str, digest: &str) -> Piece {
    let digest = Some(digest.to_owned());
    Piece { what: what.to_owned(), digest, bytes: None, part: None, kept: false }
}

/// What was asked of the network. The query is left out: some services want their key there.
fn answer(asked: &Asked) -> Piece {
    let url = match asked.url.split_once(['?', '#']) {
        Some((url, _)) => format!("{url}?…"),
        None => asked.url.clone(),
    };
    let (said, digest) = match &asked.answer {
        Ok(head) => (head.status.to_string(), Some(head.body.clone())),
        Err(failure) => (format!("{failure:?}"), None),
    };
    let what = format!("{} {url} → {said}", asked.method);
    Piece { what, digest, bytes: None, part: None, kept: false }
}

#[cfg(test)]
mod tests {
    use dongting_manifest::exchange::Failure;

    use super::*;

    #[test]
    fn a_question_to_the_network_is_told_without_its_query() {
        let url = |url: &str| Asked {
            method: "GET".to_owned(),
            url: url.to_owned(),
            sent: None,
            answer: Err(Failure::Refused),
        };
        assert_eq!(
            answer(&url("https://a.example/b?key=secret")).what,
            "GET https://a.example/b?… → Refused"
        );
        assert_eq!(answer(&url("https://a.example/b")).what, "GET https://a.example/b → Refused");
    }
}
