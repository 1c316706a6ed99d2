//! A transform's results do not depend on how its stream is cut into batches: the host cuts it by what has come when it looks.

use std::collections::BTreeMap;

use dongting_manifest::Message;
use dongting_manifest::plugin::Role;
use dongting_sandbox::Refusal;

use super::random::Random;
use super::{Check, Failure, Subject};
use crate::difference::{self, digest};
use crate::trial::{Applied, Trial, TrialError};

/// The host gives no call more.
const LARGEST: usize = 64;

/// Timers that a stream may set off, one after the other.
const RINGS: usize = 1_000;

/// What a stream came to.
#[derive(Default)]
struct Made {
    /// Ids and digests in the order in which they were first made. A message with an id that is known is dropped by the bus.
    outputs: Vec<(String, String)>,
    messages: Vec<Message>,
    /// Inputs that were rejected, with the reason.
    rejected: BTreeMap<String, String>,
}

pub async fn check(subject: &Subject<'_>) -> Result<Check, TrialError> {
    let mut check = Check::new(
        Role::Transform,
        "batches",
        "the same stream cut into other batches gives the same messages, by id and body",
    );
    let stream = subject.heard();
    if stream.is_empty() {
        let why = "put messages that the plugin subscribes to, one JSON object a line, into samples/messages";
        return Ok(check.skipped(why.to_owned()));
    }
    let mut random = Random::new(subject.bounds.seed, "batches");
    let alone = vec![1; stream.len()];
    let mut ways = vec![vec![LARGEST; stream.len().div_ceil(LARGEST)]];
    ways.extend((0..subject.bounds.cuts).map(|_| cut(stream.len(), &mut random)));

    let before = match stream_of(subject, &stream, &alone, &mut check).await? {
        Ok(made) => made,
        Err(failure) => {
            check.fail(failure);
            return Ok(check);
        }
    };
    let bodies: BTreeMap<String, Message> =
        before.messages.iter().map(|message| (message.id.clone(), message.clone())).collect();
    for way in ways {
        if check.full(subject.bounds) {
            break;
        }
        let after = match stream_of(subject, &stream, &way, &mut check).await? {
            Ok(made) => made,
            Err(failure) => {
                check.fail(failure);
                continue;
            }
        };
        if let Some(reason) = differ(&before, &bodies, &after) {
            let again = format!("the check `batches` with the seed {}", subject.bounds.seed);
            let case = format!("batches of {} instead of one message each", sizes(&way));
            check.fail(Failure { case, reason, reproduce: again, input: None });
        }
    }
    Ok(check)
}

/// Sizes of batches for so many messages.
fn cut(mut left: usize, random: &mut Random) -> Vec<usize> {
    let mut way = Vec::new();
    while left > 0 {
        let size = (1 + random.below(LARGEST)).min(left);
        // Small ones as often as large ones: a mistake may show in batches of two alone.
        let size = if random.below(2) == 0 { size.min(1 + random.below(4)) } else { size };
        way.push(size);
        left -= size;
    }
    way
}

async fn stream_of(
    subject: &Subject<'_>,
    stream: &[Message],
    way: &[usize],
    check: &mut Check,
) -> Result<Result<Made, Failure>, TrialError> {
    let trial = subject.trial()?;
    let mut made = Made::default();
    let mut rest = stream;
    for size in way {
        let (batch, behind) = rest.split_at((*size).min(rest.len()));
        rest = behind;
        if let Err(failure) = give(&trial, batch, &mut made, check).await {
            return Ok(Err(failure));
        }
    }
    for _ in 0..RINGS {
        let Some(due) = trial.next_due() else { break };
        let Some(tried) = trial.ring(due).await else { break };
        check.cases += 1;
        match tried.result {
            Ok(applied) => made.add(&[], applied),
            Err(refusal) => return Ok(Err(failed("timers that are due", &refusal))),
        }
    }
    Ok(Ok(made))
}

/// One batch; one that is rejected is halved until the bad message is alone, as the host does.
async fn give(trial: &Trial, batch: &[Message], made: &mut Made, check: &mut Check) -> Result<(), Failure> {
    let mut open = vec![batch];
    while let Some(batch) = open.pop() {
        if batch.is_empty() {
            continue;
        }
        check.cases += 1;
        match (trial.apply(batch).await.result, batch) {
            (Ok(applied), _) => made.add(batch, applied),
            (Err(Refusal::Reject(reason)), [one]) => {
                made.rejected.insert(one.id.clone(), reason);
            }
            (Err(Refusal::Reject(_)), _) => {
                let (first, second) = batch.split_at(batch.len() / 2);
                open.extend([second, first]);
            }
            (Err(refusal), _) => {
                let first = batch.first().map(|message| message.key.clone()).unwrap_or_default();
                return Err(failed(&format!("{} messages from `{first}` on", batch.len()), &refusal));
            }
        }
    }
    Ok(())
}

fn failed(case: &str, refusal: &Refusal) -> Failure {
    Failure {
        case: case.to_owned(),
        reason: refusal.to_string(),
        reproduce: "dongting try PLUGIN --role transform --input MESSAGES".to_owned(),
        input: None,
    }
}

impl Made {
    fn add(&mut self, batch: &[Message], applied: Applied) {
        for message in applied.messages {
            if !self.outputs.iter().any(|(id, _)| *id == message.id) {
                self.outputs.push((message.id.clone(), digest(&message)));
                self.messages.push(message);
            }
        }
        for rejected in applied.rejected {
            if let Some(input) = batch.get(rejected.input) {
                self.rejected.insert(input.id.clone(), rejected.reason);
            }
        }
    }
}

fn differ(before: &Made, bodies: &BTreeMap<String, Message>, after: &Made) -> Option<String> {
    let differences = difference::outputs(&before.outputs, bodies, &after.messages);
    if let Some(first) = differences.first() {
        let shown = |side: &Option<String>| side.as_deref().unwrap_or("nothing").chars().take(200).collect();
        let (was, is): (String, String) = (shown(&first.before), shown(&first.after));
        return Some(format!("{} messages differ, first: `{was}` became `{is}`", differences.len()));
    }
    if before.rejected != after.rejected {
        return Some(format!(
            "{} inputs were rejected, then {}, or for other reasons",
            before.rejected.len(),
            after.rejected.len()
        ));
    }
    None
}

/// The first few sizes.
fn sizes(way: &[usize]) -> String {
    let shown: Vec<String> = way.iter().take(8).map(ToString::to_string).collect();
    shown.join(", ") + if way.len() > 8 { ", …" } else { "" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_message_is_in_a_batch() {
        let mut random = Random::new(7, "test");
        for count in [1, 2, 63, 64, 65, 1000] {
            let way = cut(count, &mut random);
            assert_eq!(way.iter().sum::<usize>(), count);
            assert!(way.iter().all(|size| (1..=LARGEST).contains(size)));
        }
    }
}
