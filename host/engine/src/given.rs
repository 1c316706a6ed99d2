//! Calls that are given no message of a lane: a document, a request, a form. How each is written down, so that it can be made again.

use dongting_manifest::message::{Reject, hash};
use dongting_manifest::record::Extent;
use dongting_manifest::{Lane, Message, Timestamp};
use dongting_sandbox::views::{Context, Language};
use dongting_sandbox::{Call, Document, Outcome, Reply, Request, Response, Room, Unkept};
use dongting_store::answer::{asked, asked_with};
use dongting_store::{
    Asked, Body, CallRecord, Commit, Given, GivenDocument, GivenForm, GivenRequest, Input, Output,
};
use tokio::sync::OwnedMutexGuard;

use crate::installed::{Installed, chain};
use crate::outbox;
use crate::transform::Effects;
use crate::turn::Seen;
use crate::worker::Shared;

/// Messages that a view was shown of which a record names each.
const MAX_SHOWN: usize = 4_096;

/// What goes into a call, as its record will have it.
pub struct Note {
    given: Given,
    /// That the record names, where it has one.
    body: Option<Body>,
    unkept: Option<String>,
}

/// What a call heard of the world outside. Its record is made of it.
pub struct Heard {
    pub asked: Vec<Asked>,
    pub bodies: Vec<Body>,
    pub unkept: Option<Unkept>,
    pub history: Option<u64>,
    pub records: Option<Extent>,
}

/// A call as it is written down, with the bodies that the record names.
#[derive(Debug)]
pub struct Noted {
    pub call: CallRecord,
    pub bodies: Vec<Body>,
}

impl Heard {
    /// Takes it from an outcome, which needs it no more.
    pub fn of<T>(outcome: &mut Outcome<T>) -> Self {
        let asked = asked(std::mem::take(&mut outcome.exchanges));
        Self::and(outcome, asked)
    }

    /// Of a call that was made for what it sends.
    pub fn with_requests<T>(outcome: &mut Outcome<T>) -> Self {
        let asked = asked_with(std::mem::take(&mut outcome.exchanges));
        Self::and(outcome, asked)
    }

    fn and<T>(outcome: &Outcome<T>, (asked, bodies): (Vec<Asked>, Vec<Body>)) -> Self {
        let before = outcome.writes.records.before;
        Self {
            asked,
            bodies,
            unkept: outcome.unkept,
            history: outcome.history,
            records: Some(before).filter(|extent| *extent != Extent::default()),
        }
    }
}

impl Installed {
    pub fn note_document(&self, document: &Document) -> Note {
        let (body, unkept) = self.body("the document", &document.body);
        let given = Given::Document(GivenDocument {
            transport: document.transport.clone(),
            name: document.name.clone(),
            content_type: document.content_type.clone(),
            received: document.received,
            body: body.digest.clone(),
        });
        Note { given, body: Some(body), unkept }
    }

    pub fn note_request(&self, request: &Request) -> Note {
        let (body, unkept) = self.body("the request", &request.body);
        let given = Given::Request(GivenRequest {
            transport: request.transport.clone(),
            method: request.method.clone(),
            path: request.path.clone(),
            query: request.query.clone(),
            headers: request.headers.clone(),
            received: request.received,
            body: body.digest.clone(),
        });
        Note { given, body: Some(body), unkept }
    }

    pub fn note_form(
        &self,
        (view, action): (&str, &str),
        form: &[(String, String)],
        context: &Context,
    ) -> Note {
        let count: usize = context.messages.iter().map(Vec::len).sum();
        let ids = |messages: &Vec<Message>| messages.iter().map(|message| message.id.clone()).collect();
        let shown = if count <= MAX_SHOWN { context.messages.iter().map(ids).collect() } else { Vec::new() };
        let given = Given::Form(GivenForm {
            view: view.to_owned(),
            action: action.to_owned(),
            form: form.to_vec(),
            region: context.region,
            language: match context.language {
                Language::Zh => "zh".to_owned(),
                Language::En => "en".to_owned(),
            },
            now: context.now,
            shown,
        });
        let unkept = (count > MAX_SHOWN).then(|| {
            format!("the view was shown {count} messages, and a record names {MAX_SHOWN} at most: let the view read fewer")
        });
        Note { given, body: None, unkept }
    }

    /// A body with its digest; and why it is not to be kept, where that is so.
    fn body(&self, what: &str, body: &[u8]) -> (Body, Option<String>) {
        let (bytes, kib) = (body.len(), self.installation.limits.document_record_kib);
        let why = (bytes > kib as usize * 1024).then(|| {
            format!(
                "{what} has {} KiB, over {kib} KiB, and was not kept: the operator can raise limits.document_record_kib",
                bytes.div_ceil(1024)
            )
        });
        (Body::new(body.to_vec()), why)
    }

    /// The record of a call that came to `effects`, and of which whoever gave it was told `told`.
    pub fn noted(&self, note: Note, heard: Heard, effects: &Effects, told: Option<String>) -> Noted {
        let Note { given, body, unkept } = note;
        let Heard { asked, mut bodies, unkept: unheard, history, records } = heard;
        bodies.extend(body.filter(|_| unkept.is_none()));
        let call = CallRecord {
            given: Some(given),
            told,
            asked,
            unkept: unkept.or_else(|| self.unkept(unheard)),
            history,
            records,
            rejects: effects.rejects(),
            kept: self.kept(&effects.writes),
            outputs: effects.digests(),
            ..self.record_of_now()
        };
        Noted { call, bodies }
    }

    /// The surroundings of a call with a document of this digest. A replay gives it the same.
    pub fn call_to_decode(&self, received: Timestamp, digest: &str) -> Call {
        self.call(received, &["decode", digest])
    }

    pub fn call_to_handle(&self, request: &Request) -> Call {
        let seed = hash([request.path.as_bytes(), request.body.as_slice()]);
        self.call(request.received, &["handle", &request.method, &seed])
    }

    pub fn call_to_act(&self, view: &str, action: &str, now: Timestamp) -> Call {
        self.call(now, &["act", view, action, &now.to_string()])
    }

    /// What a call takes that somebody waits for: room, the installation's turn, and an outbox in which nothing was left.
    pub async fn entered(&self, shared: &Shared) -> Result<(Room, Option<OwnedMutexGuard<Seen>>), String> {
        let place = self.plugin.asked().await;
        let turn = self.turn_for(self.lane(), shared).await.map_err(|error| chain(&error))?;
        outbox::ready(self, shared).await?;
        Ok((place, turn))
    }

    /// Stores what such a call came to, and that it has used up an input, where it has: with its record in one transaction, where the
    /// installation keeps something; else on the bus at once, and the record beside the work. The turn ends with the commit.
    pub async fn store(
        &self,
        shared: &Shared,
        turn: Option<OwnedMutexGuard<Seen>>,
        (effects, rejects, used): (Effects, Vec<Reject>, Option<Input>),
        Noted { call, bodies }: Noted,
    ) -> Result<(), String> {
        if !self.stateful {
            for reject in rejects {
                let letter = self.letter_of(call.given.as_ref(), reject);
                self.dead_letter(&shared.publisher, &letter).await.map_err(|error| chain(&error))?;
            }
            self.publish(&shared.publisher, &effects.outputs).await.map_err(|error| chain(&error))?;
            shared.recorder.record_with(self, call, bodies);
            return Ok(());
        }
        let mut commit = Commit::new(self.id());
        commit.lease = self.lease()?;
        if turn.as_ref().is_some_and(|turn| !turn.is_of(commit.lease.as_ref())) {
            return Err(
                "another host has worked for the installation since the call began: give it again".to_owned()
            );
        }
        commit.inputs.extend(used);
        self.write(&mut commit, effects.writes);
        commit.outputs = effects.outputs.into_iter().map(Output::Message).collect();
        let letter = |reject| Output::DeadLetter(self.letter_of(call.given.as_ref(), reject));
        commit.outputs.extend(rejects.into_iter().map(letter));
        // A document of which nothing was made is worth a commit, since another release may make something of it. Whoever only asked is not
        // to wait for one.
        if !commit.holds_something() && !matches!(call.given, Some(Given::Document(_))) {
            self.record_beside(shared, Noted { call, bodies }).await;
            return Ok(());
        }
        commit.call = Some(call);
        let bulk =
            |output: &Output| matches!(output, Output::Message(one) if one.subject.kind.lane() == Lane::Bulk);
        let stored = async {
            tokio::select! {
                biased;
                () = outbox::keep_rate(self, &commit) => {}
                // Not with the turn in its hand, until it may be published.
                () = self.turn.wanted(), if self.lane() == Lane::Bulk => return Err("it publishes more than it was granted, and a more urgent call waits: give it again".to_owned()),
            }
            let _urgent = (!commit.outputs.iter().all(bulk)).then(|| shared.courtesy.urgent());
            let mut committed =
                outbox::committed(self, shared, commit).await.map_err(|error| chain(&error))?;
            let shadow = committed.shadow.take();
            drop(turn);
            // It is committed, and gets out: who gave it must not give it again.
            if let Err(reason) = committed.publish(self, shared).await {
                let installation = self.id();
                tracing::warn!(
                    installation,
                    reason,
                    "What was committed is not on the bus yet; it is tried again"
                );
            }
            Ok(shadow)
        };
        let ((), stored) = tokio::join!(self.keep(shared, &bodies), stored);
        // The shadow is told by this, and finds the bodies.
        stored.map(drop)
    }

    /// Keeps the bodies that a record names, beside its commit: what was made of them does not wait for the history's writer. Where that
    /// fails the work goes on, and the replay finds that they are missing.
    pub async fn keep(&self, shared: &Shared, bodies: &[Body]) {
        if let Err(error) = shared.store.keep_bodies(bodies.iter().collect()).await {
            let id = self.id();
            tracing::warn!(
                installation = id,
                "A call of `{id}` cannot be replayed, since what it was given could not be kept: {}",
                chain(&error)
            );
        }
    }
}

impl Note {
    /// Digest of the body that it was given; empty where there was none.
    pub fn digest(&self) -> &str {
        self.body.as_ref().map_or("", |body| &body.digest)
    }

    /// The body that it was given, as it came.
    pub fn raw(&self) -> Vec<u8> {
        self.body.as_ref().map(|body| body.bytes.clone()).unwrap_or_default()
    }
}

/// What the deliverer of a document was told, in short.
pub fn told_in_reply(reply: Option<&Reply>) -> Option<String> {
    reply.map(|reply| hash([reply.content_type.as_bytes(), reply.body.as_slice()]))
}

/// What who asked a service was told, in short.
pub fn told_in_response(response: &Response) -> String {
    let status = response.status.to_be_bytes();
    let mut parts: Vec<&[u8]> = vec![&status, &response.body];
    parts.extend(response.headers.iter().flat_map(|(name, value)| [name.as_bytes(), value.as_bytes()]));
    hash(parts)
}

/// What who submitted a form was told, in short.
pub fn told_in_text(text: &str) -> String {
    hash([text.as_bytes()])
}
