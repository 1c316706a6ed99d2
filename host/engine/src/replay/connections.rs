//! Connections of the past, each from its beginning: a new instance is told the same bytes at the same instants, and what it comes to is compared
//! step by step. One connection after the other, so that a replay takes the room of a single one.

use std::collections::BTreeMap;

use dongting_manifest::Timestamp;
use dongting_manifest::message::hash;
use dongting_sandbox::capability::config::Config;
use dongting_sandbox::{Call, Outcome, Refusal, Session, Step};
use dongting_store::{CallRecord, Given, GivenStep, GivenSteps, Recorded, Told};

use super::{Host, Installed, Made, PAGE, ReplayError, Replayed, refused};
use crate::difference::{self, Difference};
use crate::publish::{Inputs, messages};
use crate::replay::MAX_CALLS;
use crate::session::transcript::{LONGEST, answered, origin, read};

/// Why steps cannot be made again whose connection's beginning is not there.
const NO_BEGINNING: &str = "not all that came before on a connection was recorded and is still kept";

/// A connection that is run again.
struct Again<'r> {
    installed: &'r Installed,
    made: &'r Made<'r>,
    /// None before the beginning, after a fault, and where something is missing.
    session: Option<Session>,
    next: u64,
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
        installed: &Installed,
        made: &Made<'_>,
        span: (Timestamp, Timestamp),
        replayed: &mut Replayed,
    ) -> Result<(), ReplayError> {
        let mut last = String::new();
        // A stretch is known by its first step, and may reach into the time.
        let wide = (span.0.saturating_sub(LONGEST), span.1);
        loop {
            let page = self.store().connections(installed.id(), wide, &last, PAGE).await?;
            let Some(newest) = page.last().cloned() else { return Ok(()) };
            for connection in &page {
                let again = Again { installed, made, session: None, next: 0 };
                self.connection_again(again, connection, span, replayed).await?;
            }
            last = newest;
        }
    }

    async fn connection_again(
        &self,
        mut again: Again<'_>,
        connection: &str,
        (from, to): (Timestamp, Timestamp),
        replayed: &mut Replayed,
    ) -> Result<(), ReplayError> {
        let mut after = 0;
        loop {
            let name = (again.installed.id(), connection);
            let page = self.store().stretches(name, to, after, PAGE).await?;
            let Some(last) = page.last() else { return Ok(()) };
            after = last.position;
            for Recorded { record, .. } in &page {
                let Some(Given::Steps(given)) = &record.given else { continue };
                let all: usize = given.steps.iter().map(|step| step.bytes).sum();
                let body = if all == 0 { Some(Vec::new()) } else { self.store().body(&given.body).await? };
                let complete = given.first == again.next && record.unkept.is_none();
                let body = body.filter(|body| body.len() == all);
                if !complete || body.is_none() {
                    again.session = None;
                }
                again.next = given.first.saturating_add(given.steps.len() as u64);
                let body = body.unwrap_or_else(|| vec![0; all]);
                let (mut bytes, mut outputs, mut rejects) =
                    (body.as_slice(), record.outputs.as_slice(), record.rejects.as_slice());
                for step in &given.steps {
                    let was = Was {
                        given,
                        step,
                        record,
                        bytes: cut(&mut bytes, step.bytes),
                        outputs: cut(&mut outputs, step.outputs),
                        rejects: cut(&mut rejects, step.rejects),
                    };
                    let within = step.now >= from && step.now < to;
                    let begins = complete && matches!(step.told, Told::Opened | Told::Resumed(_));
                    if again.session.is_none() && !begins {
                        if within {
                            replayed.calls += 1;
                            replayed.incomplete += 1;
                            let why = record.unkept.clone().unwrap_or_else(|| NO_BEGINNING.to_owned());
                            replayed.unkept.get_or_insert(why);
                        }
                        continue;
                    }
                    let differences = self.step_again(&mut again, &was).await?;
                    if within {
                        replayed.calls += 1;
                        let otherwise = record.plugin != *again.made.reference
                            || *record.attachments != *again.installed.attachments;
                        replayed.otherwise += u64::from(otherwise);
                        replayed.tell(step.now, differences);
                    }
                    if replayed.calls > MAX_CALLS {
                        return Err(ReplayError::TooLong);
                    }
                }
            }
        }
    }

    /// Makes one step again: how it differs.
    async fn step_again(&self, again: &mut Again<'_>, was: &Was<'_>) -> Result<Vec<Difference>, ReplayError> {
        let outcome = match again.outcome(was).await? {
            Some(Ok(outcome)) => outcome,
            Some(Err(difference)) => return Ok(difference.into_iter().collect()),
            None => return Ok(Vec::new()),
        };
        let made = again.made;
        let inputs = Inputs { messages: &[], received: was.step.now };
        let step = outcome.result.and_then(|mut step| {
            let drafts = std::mem::take(&mut step.drafts);
            Ok((messages(made.installation, (made.name, made.reference), &inputs, drafts)?, step))
        });
        let (outputs, step) = match step {
            Ok(step) => step,
            Err(refusal) => {
                again.session = None;
                return Ok(was.refused(&refusal));
            }
        };
        let rejects: Vec<Option<String>> =
            step.rejects.iter().map(|reject| Some(reject.reason.clone())).collect();
        let mut found = difference::rejects(was.rejects, &rejects);
        let told = String::from_utf8_lossy(&step.send);
        found.extend(difference::told(was.step.answer.as_ref(), (answered(&step), Some(&told))));
        if !difference::outputs(was.outputs, &BTreeMap::new(), &outputs).is_empty() {
            let ids: Vec<String> = was.outputs.iter().map(|(id, _)| id.clone()).collect();
            let before = self.store().messages(&ids).await?;
            let before = before.into_iter().map(|message| (message.id.clone(), message)).collect();
            found.extend(difference::outputs(was.outputs, &before, &outputs));
        }
        Ok(found)
    }
}

impl Again<'_> {
    /// Tells its instance what was told then. Inside, a difference instead, where that is all there is to say; none where there is nothing to compare.
    async fn outcome(
        &mut self,
        was: &Was<'_>,
    ) -> Result<Option<Result<Outcome<Step>, Option<Difference>>>, ReplayError> {
        let (now, peer) = (was.step.now, was.given.peer);
        if let Told::Opened = was.step.told {
            let mut session = match self.open(was, 0).await? {
                Ok(session) => session,
                Err(refusal) => return Ok(Some(Err(was.refused(&refusal).pop()))),
            };
            let outcome = session.opened(peer, now).await;
            self.session = Some(session);
            return Ok(Some(Ok(outcome)));
        }
        if let Told::Resumed(moves) = was.step.told {
            return self.resumed(was, moves).await.map(Some);
        }
        let Some(session) = &mut self.session else { return Ok(None) };
        Ok(Some(match &was.step.told {
            Told::Received => Ok(session.received(was.bytes, now).await),
            Told::Tick => Ok(session.tick(now).await),
            Told::Closed(ending) => match read(ending) {
                Some(ending) => Ok(session.closed(&ending, now).await),
                None => return Ok(None),
            },
            Told::Left if !self.made.plugin.hands_over() => return Ok(None),
            Told::Left => {
                let left = session.leave(now).await.result;
                if matches!(left, Err(Refusal::Fault(_))) {
                    self.session = None;
                }
                let answer = left.ok().map(|state| hash([state.as_slice()]));
                // Another release may keep its state otherwise.
                let same = was.record.plugin == *self.made.reference;
                let differs = difference::told(was.step.answer.as_ref(), (answer, None));
                Err(differs.filter(|_| same))
            }
            Told::Opened | Told::Resumed(_) => return Ok(None),
        }))
    }

    /// A new instance with the state that was handed over then. Where it does not take that, the one before goes on, if there is one.
    async fn resumed(
        &mut self,
        was: &Was<'_>,
        moves: u32,
    ) -> Result<Result<Outcome<Step>, Option<Difference>>, ReplayError> {
        let why = match self.open(was, moves).await? {
            Ok(_) if !self.made.plugin.hands_over() => return Ok(Err(None)),
            Ok(mut session) => {
                let outcome = session.resume(was.given.peer, was.bytes, was.step.now).await;
                match outcome.result {
                    Ok(_) => {
                        self.session = Some(session);
                        return Ok(Ok(outcome));
                    }
                    Err(refusal) => refusal,
                }
            }
            Err(refusal) => refusal,
        };
        Ok(Err(Some(difference::nothing(format!("it does not take the connection: {why}")))))
    }

    async fn open(&mut self, was: &Was<'_>, moves: u32) -> Result<Result<Session, Refusal>, ReplayError> {
        let place = self.made.plugin.place().ok_or(ReplayError::NoRoom)?;
        let GivenSteps { peer, opened, .. } = *was.given;
        let inputs = origin(peer, opened, moves);
        let inputs: Vec<&str> = inputs.iter().map(String::as_str).collect();
        let now = if moves == 0 { opened } else { was.step.now };
        let call = self.installed.call(now, &inputs);
        let config = Config { settings: was.record.settings.as_str().into(), ..call.config };
        Ok(self.made.plugin.open(Call { config, ..call }, place).await.result)
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

/// Takes so many from the front.
fn cut<'a, T>(rest: &mut &'a [T], count: usize) -> &'a [T] {
    let (front, behind) = rest.split_at(count.min(rest.len()));
    *rest = behind;
    front
}
