//! Connections of the past, each from its beginning: a new instance is told the same bytes at the same instants, and what it comes to is compared
//! step by step. One connection after the other, so that a replay takes the room of a single one.

use std::sync::Arc;

use dongting_manifest::Timestamp;
use dongting_manifest::message::hash;
use dongting_sandbox::capability::config::Config;
use dongting_sandbox::{Call, Egress, Outcome, Refusal, Session, Step};
use dongting_store::{CallRecord, Given, GivenStep, GivenSteps, Recorded, Store, Told};

use super::again::{outputs, refused};
use super::{Host, MAX_CALLS, PAGE, ReplayError, Replayed, Tried};
use crate::difference::{self, Difference};
use crate::publish::{Inputs, messages};
use crate::session::transcript::{LONGEST, answered, origin, read};
use crate::transform::Effects;

/// Why steps cannot be made again whose connection's beginning is not there.
const NO_BEGINNING: &str = "not all that came before on a connection was recorded and is still kept";

/// A connection that is run again.
#[derive(Default)]
pub struct Connection {
    /// None before the beginning, after a fault, and where something is missing.
    session: Option<Session>,
    next: u64,
}

/// What making a step again comes to.
pub enum Stepped {
    /// Something that it was given, or that came before it, is not kept.
    Incomplete(String),
    /// It gives nothing by now; how that differs.
    Refused(Refusal, Vec<Difference>),
    Made(Vec<Difference>),
}

/// What is recorded of one step.
struct Was<'r> {
    given: &'r GivenSteps,
    step: &'r GivenStep,
    bytes: &'r [u8],
    outputs: &'r [(String, String)],
    rejects: &'r [Option<String>],
    record: &'r CallRecord,
}

impl Host {
    pub(super) async fn connections_again(
        &self,
        tried: &Tried,
        span: (Timestamp, Timestamp),
        replayed: &mut Replayed,
    ) -> Result<(), ReplayError> {
        let mut last = String::new();
        // A stretch is known by its first step, and may reach into the time.
        let wide = (span.0.saturating_sub(LONGEST), span.1);
        loop {
            let page = self.store().connections(tried.installed.id(), wide, &last, PAGE).await?;
            let Some(newest) = page.last().cloned() else { return Ok(()) };
            for connection in &page {
                self.connection_again(tried, connection, span, replayed).await?;
            }
            last = newest;
        }
    }

    async fn connection_again(
        &self,
        tried: &Tried,
        connection: &str,
        (from, to): (Timestamp, Timestamp),
        replayed: &mut Replayed,
    ) -> Result<(), ReplayError> {
        let (mut again, mut after) = (Connection::default(), 0);
        loop {
            let name = (tried.installed.id(), connection);
            let page = self.store().stretches(name, to, after, PAGE).await?;
            let Some(last) = page.last() else { return Ok(()) };
            after = last.position;
            for Recorded { record, .. } in &page {
                for (now, stepped) in again.stretch(self.store(), tried, record).await? {
                    if now < from || now >= to {
                        continue;
                    }
                    replayed.calls += 1;
                    match stepped {
                        Stepped::Incomplete(why) => {
                            replayed.incomplete += 1;
                            replayed.unkept.get_or_insert(why);
                        }
                        Stepped::Refused(_, differences) | Stepped::Made(differences) => {
                            replayed.otherwise += u64::from(tried.is_otherwise(record));
                            replayed.tell(now, differences);
                        }
                    }
                }
                if replayed.calls > MAX_CALLS {
                    return Err(ReplayError::TooLong);
                }
            }
        }
    }
}

impl Connection {
    /// Tells its instance the next stretch. What becomes of each step, with its instant.
    pub async fn stretch(
        &mut self,
        store: &Store,
        tried: &Tried,
        record: &CallRecord,
    ) -> Result<Vec<(Timestamp, Stepped)>, ReplayError> {
        let Some(Given::Steps(given)) = &record.given else { return Ok(Vec::new()) };
        let all: usize = given.steps.iter().map(|step| step.bytes).sum();
        let body = if all == 0 { Some(Vec::new()) } else { store.body(&given.body).await? };
        let complete = given.first == self.next && record.unkept.is_none();
        let body = body.filter(|body| body.len() == all);
        if !complete || body.is_none() {
            self.session = None;
        }
        self.next = given.first.saturating_add(given.steps.len() as u64);
        let body = body.unwrap_or_else(|| vec![0; all]);
        let (mut bytes, mut outputs, mut rejects) =
            (body.as_slice(), record.outputs.as_slice(), record.rejects.as_slice());
        let mut stepped = Vec::with_capacity(given.steps.len());
        for step in &given.steps {
            let was = Was {
                given,
                step,
                record,
                bytes: cut(&mut bytes, step.bytes),
                outputs: cut(&mut outputs, step.outputs),
                rejects: cut(&mut rejects, step.rejects),
            };
            let begins = complete && matches!(step.told, Told::Opened | Told::Resumed(_));
            let one = if self.session.is_none() && !begins {
                Stepped::Incomplete(record.unkept.clone().unwrap_or_else(|| NO_BEGINNING.to_owned()))
            } else {
                self.step(store, tried, &was).await?
            };
            stepped.push((step.now, one));
        }
        Ok(stepped)
    }

    /// Whether there is an instance to tell more.
    pub fn goes_on(&self) -> bool {
        self.session.is_some()
    }

    /// Makes one step again.
    async fn step(&mut self, store: &Store, tried: &Tried, was: &Was<'_>) -> Result<Stepped, ReplayError> {
        let outcome = match self.outcome(tried, was).await? {
            Some(Ok(outcome)) => outcome,
            Some(Err(difference)) => return Ok(Stepped::Made(difference.into_iter().collect())),
            None => return Ok(Stepped::Made(Vec::new())),
        };
        let made = tried.made();
        let inputs = Inputs { messages: &[], received: was.step.now };
        let step = outcome.result.and_then(|mut step| {
            let drafts = std::mem::take(&mut step.drafts);
            Ok((messages(made.installation, (made.name, made.reference), &inputs, drafts)?, step))
        });
        let (made, step) = match step {
            Ok(step) => step,
            Err(refusal) => {
                self.session = None;
                let found = was.refused(&refusal);
                return Ok(Stepped::Refused(refusal, found));
            }
        };
        let rejects: Vec<Option<String>> =
            step.rejects.iter().map(|reject| Some(reject.reason.clone())).collect();
        let mut found = difference::rejects(was.rejects, &rejects);
        let told = String::from_utf8_lossy(&step.send);
        found.extend(difference::told(was.step.answer.as_ref(), (answered(&step), Some(&told))));
        let effects = Effects { outputs: made, ..Effects::default() };
        found.extend(outputs(store, was.outputs, &effects).await?);
        Ok(Stepped::Made(found))
    }

    /// Tells its instance what was told then. Inside, a difference instead, where that is all there is to say; none where there is nothing to compare.
    async fn outcome(
        &mut self,
        tried: &Tried,
        was: &Was<'_>,
    ) -> Result<Option<Result<Outcome<Step>, Option<Difference>>>, ReplayError> {
        let (now, peer) = (was.step.now, was.given.peer);
        if let Told::Opened = was.step.told {
            let session = match open(tried, was, 0).await? {
                Ok(session) => session,
                Err(refusal) => return Ok(Some(Err(was.refused(&refusal).pop()))),
            };
            self.session = Some(session);
            let outcome = self
                .told(tried, |mut session| async move {
                    let outcome = session.opened(peer, now).await;
                    (session, outcome)
                })
                .await?;
            return Ok(Some(Ok(outcome)));
        }
        if let Told::Resumed(moves) = was.step.told {
            return self.resumed(tried, was, moves).await.map(Some);
        }
        if self.session.is_none() {
            return Ok(None);
        }
        Ok(Some(match &was.step.told {
            Told::Received => {
                let bytes = was.bytes.to_vec();
                Ok(self
                    .told(tried, |mut session| async move {
                        let outcome = session.received(&bytes, now).await;
                        (session, outcome)
                    })
                    .await?)
            }
            Told::Tick => Ok(self
                .told(tried, |mut session| async move {
                    let outcome = session.tick(now).await;
                    (session, outcome)
                })
                .await?),
            Told::Closed(ending) => match read(ending) {
                Some(ending) => {
                    let outcome = self
                        .told(tried, |mut session| async move {
                            let outcome = session.closed(&ending, now).await;
                            (session, outcome)
                        })
                        .await?;
                    self.session = None;
                    Ok(outcome)
                }
                None => return Ok(None),
            },
            Told::Left if !tried.plugin.hands_over() => return Ok(None),
            Told::Left => {
                let left = self
                    .told(tried, |mut session| async move {
                        let outcome = session.leave(now).await;
                        (session, outcome)
                    })
                    .await?
                    .result;
                if matches!(left, Err(Refusal::Fault(_))) {
                    self.session = None;
                }
                let answer = left.ok().map(|state| hash([state.as_slice()]));
                // Another release may keep its state otherwise.
                let same = was.record.plugin == *tried.reference;
                let differs = difference::told(was.step.answer.as_ref(), (answer, None));
                Err(differs.filter(|_| same))
            }
            Told::Opened | Told::Resumed(_) => return Ok(None),
        }))
    }
    /// Asks the instance, where it is to compute.
    async fn told<T, F>(&mut self, tried: &Tried, ask: impl FnOnce(Session) -> F) -> Result<T, ReplayError>
    where
        T: Send + 'static,
        F: Future<Output = (Session, T)> + Send + 'static,
    {
        let session = self.session.take().ok_or(ReplayError::Interrupted)?;
        let (session, outcome) = tried.computed(ask(session)).await.ok_or(ReplayError::Interrupted)?;
        self.session = Some(session);
        Ok(outcome)
    }

    /// A new instance with the state that was handed over then. Where it does not take that, the one before goes on, if there is one.
    async fn resumed(
        &mut self,
        tried: &Tried,
        was: &Was<'_>,
        moves: u32,
    ) -> Result<Result<Outcome<Step>, Option<Difference>>, ReplayError> {
        let why = match open(tried, was, moves).await? {
            Ok(_) if !tried.plugin.hands_over() => return Ok(Err(None)),
            Ok(session) => {
                let mut next = Self { session: Some(session), next: self.next };
                let (peer, now, state) = (was.given.peer, was.step.now, was.bytes.to_vec());
                let outcome = next
                    .told(tried, |mut session| async move {
                        let outcome = session.resume(peer, &state, now).await;
                        (session, outcome)
                    })
                    .await?;
                match outcome.result {
                    Ok(_) => {
                        *self = next;
                        return Ok(Ok(outcome));
                    }
                    Err(refusal) => refusal,
                }
            }
            Err(refusal) => refusal,
        };
        Ok(Err(Some(difference::nothing(format!("it does not take the connection: {why}")))))
    }
}

impl Was<'_> {
    /// How a step that gives nothing by now differs from what it came to.
    fn refused(&self, refusal: &Refusal) -> Vec<Difference> {
        let record = CallRecord {
            rejects: self.rejects.to_vec(),
            outputs: self.outputs.to_vec(),
            ..CallRecord::default()
        };
        refused(&record, refusal)
    }
}

async fn open(tried: &Tried, was: &Was<'_>, moves: u32) -> Result<Result<Session, Refusal>, ReplayError> {
    let place = tried.plugin.place().ok_or(ReplayError::NoRoom)?;
    let GivenSteps { peer, opened, .. } = *was.given;
    let inputs = origin(peer, opened, moves);
    let inputs: Vec<&str> = inputs.iter().map(String::as_str).collect();
    let now = if moves == 0 { opened } else { was.step.now };
    let call = tried.installed.call(now, &inputs);
    let config = Config { settings: was.record.settings.as_str().into(), ..call.config };
    let (call, plugin) = (Call { config, egress: Egress::Closed, ..call }, Arc::clone(&tried.plugin));
    let opened = tried.computed(async move { plugin.open(call, place).await }).await;
    Ok(opened.ok_or(ReplayError::Interrupted)?.result)
}

/// Takes so many from the front.
fn cut<'a, T>(rest: &mut &'a [T], count: usize) -> &'a [T] {
    let (front, behind) = rest.split_at(count.min(rest.len()));
    *rest = behind;
    front
}
