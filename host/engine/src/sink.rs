//! A sink's calls: each attempt is written down before it is made, so that after a crash it is known what may have gone out.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use dongting_manifest::Message;
use dongting_manifest::installation::OnUnknown;
use dongting_manifest::message::hash;
use dongting_sandbox::{Attempt, Delivered, Fault, Outcome, Refusal, Writes};
use dongting_store::{Asked, Begun, CallRecord, Given, GivenAttempt, Input, Said};

use crate::batch::FAULTS;
use crate::given::{Heard, Noted};
use crate::installed::{Installed, chain};
use crate::item::{End, From, Item};
use crate::transform::Effects;
use crate::worker::Shared;

/// Of calls that ended nothing and went alike one is recorded in this time, and of all of them one in the shorter one: the outage of a receiver does
/// not fill the database.
const ALIKE: Duration = Duration::from_secs(60);
const IN_VAIN: Duration = Duration::from_secs(1);

/// When a call that ended nothing was recorded last, and how it went.
#[derive(Default)]
pub struct InVain(Mutex<Option<(Instant, String)>>);

impl InVain {
    fn is_worth_a_record(&self, now: Instant, went: String) -> bool {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let due = last.as_ref().is_none_or(|(at, before)| {
            now.duration_since(*at) >= if *before == went { ALIKE } else { IN_VAIN }
        });
        if due {
            *last = Some((now, went));
        }
        due
    }
}

/// What was said and heard, however often and of whatever message.
fn went(call: &CallRecord) -> String {
    let answer = |asked: &Asked| match &asked.answer {
        Ok(head) => head.status.to_string(),
        Err(failure) => format!("{failure:?}"),
    };
    let said = call.said.iter().map(|said| format!("{said:?}"));
    let parts: BTreeSet<String> = said.chain(call.asked.iter().map(answer)).collect();
    hash(parts.iter().map(String::as_bytes))
}

impl Installed {
    /// Whether an attempt whose outcome is unknown waits for a person.
    pub fn holds_unknown(&self) -> bool {
        self.is_sink() && self.installation.on_unknown == OnUnknown::Hold
    }

    pub async fn deliver(&self, shared: &Shared, items: &[Item]) -> Result<Result<Effects, Refusal>, String> {
        let inputs: Vec<Input> = items.iter().map(Item::input).collect();
        let begun = shared.store.begin_attempts(self.id(), self.lease()?, &inputs).await;
        let begun = begun.map_err(|error| chain(&error))?;
        // One that was begun and not ended: the host was killed in between. Where that is held, a call has one message. Who re-drives
        // a dead letter has asked the receiver.
        let asked = items.iter().all(|item| matches!(item.from, From::Dead));
        if self.holds_unknown() && !asked && begun.iter().any(|begun| begun.open) {
            let said = "an attempt was begun and its end is not known".to_owned();
            return Ok(Ok(Effects { ends: vec![held(&said); items.len()], ..Effects::default() }));
        }
        let attempts: Vec<Attempt<'_>> = items
            .iter()
            .zip(&begun)
            .map(|(item, Begun { number, .. })| Attempt {
                message: &item.message,
                key: item.idempotency_key(self.id()),
                number: *number,
            })
            .collect();
        let batch: Vec<Message> = items.iter().map(|item| item.message.clone()).collect();
        let mut outcome = self.log(self.plugin.deliver(self.call_for(&batch), &attempts).await);
        let noted = self.note_attempts(&attempts, &mut outcome);
        let Outcome { result, writes, .. } = outcome;
        let ends = match result {
            Ok(delivered) => Ok(delivered.into_iter().map(|one| self.end(one)).collect()),
            Err(Refusal::Retry { reason, after }) => Ok(vec![End::Later { reason, after }; items.len()]),
            Err(Refusal::Other(reason)) => Ok(vec![End::Later { reason, after: None }; items.len()]),
            Err(Refusal::Fault(fault)) if self.holds_unknown() => {
                Ok(vec![held(&fault.to_string()); items.len()])
            }
            // The receiver is slow. That is no message's fault, so none is given up for it.
            Err(Refusal::Fault(fault @ Fault::Deadline(_))) => {
                Ok(vec![End::Later { reason: fault.to_string(), after: None }; items.len()])
            }
            Err(refusal) => Err(refusal),
        };
        let noted = self.recorded(shared, items, (&ends, &writes), noted).await.map(Box::new);
        Ok(ends.map(|ends| Effects { ends, writes, noted, ..Effects::default() }))
    }

    /// What is written down of such a call, and the bodies that it names.
    fn note_attempts(&self, attempts: &[Attempt<'_>], outcome: &mut Outcome<Vec<Delivered>>) -> Noted {
        let Heard { asked, bodies, unkept, history, records } = Heard::with_requests(outcome);
        let late = matches!(outcome.result, Err(Refusal::Fault(Fault::Deadline(_)))).then(|| {
            "the receiver had not answered when the time of the call was over, and what came of that depends on the time: the operator can raise limits.wall_ms".to_owned()
        });
        let given = |attempt: &Attempt<'_>| GivenAttempt { key: attempt.key.clone(), number: attempt.number };
        let call = CallRecord {
            inputs: attempts.iter().map(|attempt| attempt.message.id.clone()).collect(),
            given: Some(Given::Attempts(attempts.iter().map(given).collect())),
            said: said(&outcome.result, attempts.len()),
            asked,
            unkept: late.or_else(|| self.unkept(unkept)),
            kept: self.kept(&outcome.writes),
            history,
            records,
            ..self.record_of_now()
        };
        Noted { call, bodies }
    }

    /// Sees that a call is recorded: with the commit, where it has changed what the installation keeps, or may have; else beside the work. One
    /// that ended nothing is one of many while its receiver is away, of which some are enough.
    async fn recorded(
        &self,
        shared: &Shared,
        items: &[Item],
        (ends, writes): (&Result<Vec<End>, Refusal>, &Writes),
        noted: Noted,
    ) -> Option<Noted> {
        let ended = match ends {
            Ok(ends) => ends.iter().any(|end| !matches!(end, End::Later { .. })),
            Err(refusal) => {
                let last = |item: &Item| matches!(refusal, Refusal::Reject(_)) || item.tries >= FAULTS;
                matches!(items, [item] if last(item))
            }
        };
        if !ended && writes.is_empty() && !self.in_vain.is_worth_a_record(Instant::now(), went(&noted.call)) {
            return None;
        }
        if self.stateful && ends.is_ok() {
            return Some(noted);
        }
        self.record_beside(shared, noted).await;
        None
    }

    fn end(&self, delivered: Delivered) -> End {
        match delivered {
            Delivered::Done => End::Done,
            Delivered::Rejected(reason) => End::Dead(reason),
            Delivered::Retry { reason, after } => End::Later { reason, after },
            Delivered::Unknown(reason) if self.holds_unknown() => held(&reason),
            Delivered::Unknown(reason) => End::Later { reason, after: None },
        }
    }
}

fn held(reason: &str) -> End {
    End::Dead(format!(
        "held, since it may have arrived ({reason}): ask the receiver, then discard it, or re-drive it to send it again"
    ))
}

/// What a call said of each of its messages.
pub fn said(result: &Result<Vec<Delivered>, Refusal>, count: usize) -> Vec<Said> {
    let millis =
        |after: Option<Duration>| after.map(|after| u64::try_from(after.as_millis()).unwrap_or(u64::MAX));
    match result {
        Ok(delivered) => delivered
            .iter()
            .map(|one| match one.clone() {
                Delivered::Done => Said::Done,
                Delivered::Rejected(reason) => Said::Rejected(reason),
                Delivered::Retry { reason, after } => Said::Retry { reason, after_ms: millis(after) },
                Delivered::Unknown(reason) => Said::Unknown(reason),
            })
            .collect(),
        Err(refusal) => {
            let after_ms = match refusal {
                Refusal::Retry { after, .. } => millis(*after),
                _ => None,
            };
            vec![Said::Nothing { reason: refusal.to_string(), after_ms }; count]
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outage_is_recorded_now_and_then() {
        let (in_vain, start) = (InVain::default(), Instant::now());
        let worth = |millis: u64, went: &str| {
            in_vain.is_worth_a_record(start + Duration::from_millis(millis), went.to_owned())
        };
        assert!(worth(0, "refused") && !worth(2_000, "refused"));
        assert!(worth(2_500, "503"), "another trouble");
        assert!(!worth(3_000, "refused"), "however much they differ");
        assert!(worth(3_500, "refused") && !worth(63_000, "refused") && worth(63_500, "refused"));
    }
}
