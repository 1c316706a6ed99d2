//! A session's checks: whatever a device sends, no step faults, and what a stream comes to does not depend on how the network cuts it.

use dongting_manifest::plugin::Role;
use dongting_sandbox::Refusal;

use super::hostile::{self, Case};
use super::random::Random;
use super::{Check, Failure, Golden, Subject, noon};
use crate::difference::digest;
use crate::trial::{Conversed, Trial, TrialError};

const GIVE: &str = "there is no stream: put what a device sends over one connection into samples/streams";

pub async fn checks(subject: &Subject<'_>) -> Result<Vec<Check>, TrialError> {
    let trial = subject.trial()?;
    let Subject { samples, bounds, .. } = subject;
    let goldens = &samples.streams;
    let new = |name, asks| Check::new(Role::Session, name, asks);
    let skip = |check: Check| if goldens.is_empty() { check.skipped(GIVE.to_owned()) } else { check };
    let mut checks = Vec::new();

    let mut check = new("one-byte", "a device that sends nothing or any single byte meets no fault");
    bear(subject, &trial, &mut check, std::iter::once(hostile::empty()).chain(hostile::one_byte())).await;
    checks.push(check);

    checks.push(understood(subject, &trial, skip(new("golden", "golden streams are understood"))).await);
    let check =
        new("cuts", "the same stream cut into other pieces gives the same messages and the same answers");
    checks.push(cuts(subject, &trial, skip(check)).await);

    let mut check = skip(new("truncated", "a stream that breaks off anywhere meets no fault"));
    for golden in goldens {
        bear(subject, &trial, &mut check, hostile::truncated(golden, bounds)).await;
    }
    checks.push(check);

    let mut check = skip(new("flipped", "a stream with a wrong byte anywhere meets no fault"));
    for golden in goldens {
        bear(subject, &trial, &mut check, hostile::flipped(golden, bounds)).await;
    }
    checks.push(check);

    let mut check = new("noise", "noise meets no fault");
    bear(subject, &trial, &mut check, hostile::noise(goldens, bounds)).await;
    checks.push(check);
    Ok(checks)
}

/// Sends each case over a connection of its own; a fault is a failure, any other end is not.
async fn bear(subject: &Subject<'_>, trial: &Trial, check: &mut Check, cases: impl Iterator<Item = Case>) {
    for case in cases {
        if check.full(subject.bounds) {
            return;
        }
        check.cases += 1;
        if let Err(refusal) = trial.converse(&case.body, &[], noon()).await.result {
            check.fail(Failure {
                case: case.name,
                reason: refusal.to_string(),
                reproduce: format!("{} && {}", case.recipe, subject.try_line(Role::Session)),
                input: Some(case.body),
            });
        }
    }
}

/// One golden stream at least must come to a message: else the other checks have tried nothing.
async fn understood(subject: &Subject<'_>, trial: &Trial, mut check: Check) -> Check {
    let goldens = &subject.samples.streams;
    let mut messages = 0;
    for golden in goldens {
        check.cases += 1;
        match trial.converse(&golden.body, &[], noon()).await.result {
            Ok(made) => messages += made.messages.len(),
            Err(refusal) => check.fail(failed(subject, golden, golden.name.clone(), &refusal)),
        }
    }
    if messages == 0 && check.failures.is_empty() && !goldens.is_empty() {
        check.fail(Failure {
            case: format!("{} golden streams", goldens.len()),
            reason: "none came to a message".to_owned(),
            reproduce: "give a stream that the plugin understands".to_owned(),
            input: None,
        });
    }
    check
}

async fn cuts(subject: &Subject<'_>, trial: &Trial, mut check: Check) -> Check {
    for golden in &subject.samples.streams {
        let length = golden.body.len();
        let mut random = Random::new(subject.bounds.seed, &golden.name);
        let mut ways = vec![("single bytes".to_owned(), vec![1; length])];
        for number in 1..=subject.bounds.cuts {
            ways.push((format!("pieces at random, the way {number}"), cut(length, &mut random)));
        }
        check.cases += 1;
        let Ok(whole) = trial.converse(&golden.body, &[], noon()).await.result else { continue };
        let whole = told(&whole);
        for (name, sizes) in ways {
            if check.full(subject.bounds) {
                return check;
            }
            check.cases += 1;
            let case = format!("{} in {name}", golden.name);
            match trial.converse(&golden.body, &sizes, noon()).await.result {
                Ok(made) if told(&made) == whole => {}
                Ok(made) => check.fail(Failure {
                    case,
                    reason: format!("it came to {}, and to {whole} at once", told(&made)),
                    reproduce: format!("the check `cuts` with the seed {}", subject.bounds.seed),
                    input: None,
                }),
                Err(refusal) => check.fail(failed(subject, golden, case, &refusal)),
            }
        }
    }
    check
}

/// Sizes of pieces; small ones as often as large ones.
fn cut(mut left: usize, random: &mut Random) -> Vec<usize> {
    let mut sizes = Vec::new();
    while left > 0 {
        let most = if random.below(2) == 0 { 8 } else { left };
        let size = (1 + random.below(most)).min(left);
        sizes.push(size);
        left -= size;
    }
    sizes
}

/// What leaves the plugin.
fn told(made: &Conversed) -> String {
    let messages: Vec<String> =
        made.messages.iter().map(|message| format!("{} {}", message.id, digest(message))).collect();
    let sent = dongting_manifest::message::hash([made.sent.as_slice()]);
    format!(
        "{} messages ({}) and {} bytes sent ({sent}){}",
        messages.len(),
        dongting_manifest::message::hash([messages.join("\n").as_bytes()]),
        made.sent.len(),
        if made.closed { ", closed" } else { "" }
    )
}

fn failed(subject: &Subject<'_>, golden: &Golden, case: String, refusal: &Refusal) -> Failure {
    Failure {
        case,
        reason: refusal.to_string(),
        reproduce: format!("cp {} input.bin && {}", golden.quoted(), subject.try_line(Role::Session)),
        input: Some(golden.body.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cuts_cover_the_stream() {
        let mut random = Random::new(1, "x");
        for length in [0, 1, 7, 5000] {
            let sizes = cut(length, &mut random);
            assert_eq!(sizes.iter().sum::<usize>(), length);
            assert!(sizes.iter().all(|size| *size > 0));
        }
    }
}
