//! A decoder's checks: whatever it is given, it answers within its limits and publishes nothing that its manifest does not name.

use dongting_manifest::plugin::Role;
use dongting_sandbox::{Document, Refusal};

use super::hostile::{self, Case};
use super::{Check, Failure, Golden, Subject, noon};
use crate::trial::{Trial, TrialError};

const GIVE: &str =
    "there is no golden document: put some that the decoder understands into samples/documents";

pub async fn checks(subject: &Subject<'_>) -> Result<Vec<Check>, TrialError> {
    let trial = subject.trial()?;
    let Subject { samples, bounds, .. } = subject;
    let goldens = &samples.documents;
    let new = |name, asks| Check::new(Role::Decoder, name, asks);
    let mut checks = Vec::new();

    let mut check = new("empty", "nothing is answered without a fault");
    bear(subject, &trial, &mut check, std::iter::once(hostile::empty()), None).await;
    checks.push(check);

    let mut check = new("one-byte", "every single byte is answered without a fault");
    bear(subject, &trial, &mut check, hostile::one_byte(), None).await;
    checks.push(check);

    checks.push(understood(subject, &trial, new("golden", "golden documents are understood")).await);

    let skip = |check: Check| if goldens.is_empty() { check.skipped(GIVE.to_owned()) } else { check };
    let asks = "a document that breaks off anywhere is answered without a fault";
    let mut check = skip(new("truncated", asks));
    for golden in goldens {
        bear(subject, &trial, &mut check, hostile::truncated(golden, bounds), Some(golden)).await;
    }
    checks.push(check);

    let asks = "a document with a wrong byte anywhere is answered without a fault";
    let mut check = skip(new("flipped", asks));
    for golden in goldens {
        bear(subject, &trial, &mut check, hostile::flipped(golden, bounds), Some(golden)).await;
    }
    checks.push(check);

    let mut check = new("noise", "noise is answered without a fault");
    bear(subject, &trial, &mut check, hostile::noise(goldens, bounds), goldens.first()).await;
    checks.push(check);
    Ok(checks)
}

/// Gives each case as a document; a fault is a failure, any other answer is not.
async fn bear(
    subject: &Subject<'_>,
    trial: &Trial,
    check: &mut Check,
    cases: impl Iterator<Item = Case>,
    like: Option<&Golden>,
) {
    for case in cases {
        if check.full(subject.bounds) {
            return;
        }
        check.cases += 1;
        let document = document(like, case.body.clone());
        if let Err(Refusal::Fault(fault)) = trial.decode_anywhere(document).await.result {
            check.fail(Failure {
                case: case.name,
                reason: fault.to_string(),
                reproduce: format!("{} && {}", case.recipe, subject.try_line(Role::Decoder)),
                input: Some(case.body),
            });
        }
    }
}

/// Golden documents must not fault either, and one at least must come to a message: else the other checks have tried nothing.
async fn understood(subject: &Subject<'_>, trial: &Trial, mut check: Check) -> Check {
    let goldens = &subject.samples.documents;
    if goldens.is_empty() {
        return check.skipped(GIVE.to_owned());
    }
    let mut messages = 0;
    let mut said = Vec::new();
    for golden in goldens {
        check.cases += 1;
        match trial.decode_anywhere(document(Some(golden), golden.body.clone())).await.result {
            Ok(decoded) => messages += decoded.messages.len(),
            Err(Refusal::Fault(fault)) => check.fail(Failure {
                case: golden.name.clone(),
                reason: fault.to_string(),
                reproduce: format!("cp {} input.bin && {}", golden.quoted(), subject.try_line(Role::Decoder)),
                input: Some(golden.body.clone()),
            }),
            Err(refusal) => said.push(format!("{}: {refusal}", golden.name)),
        }
    }
    if messages == 0 && check.failures.is_empty() {
        said.truncate(3);
        let said = if said.is_empty() { "they have none in them".to_owned() } else { said.join("; ") };
        check.fail(Failure {
            case: format!("{} golden documents", goldens.len()),
            reason: format!("none came to a message ({said})"),
            reproduce: "give a document that the decoder understands".to_owned(),
            input: None,
        });
    }
    check
}

/// A document as it would be delivered; a bad one comes as what the good one was.
pub fn document(like: Option<&Golden>, body: Vec<u8>) -> Document {
    Document {
        transport: "http".to_owned(),
        name: like.map(|golden| golden.name.clone()),
        content_type: like.and_then(|golden| golden.content_type.clone()),
        received: noon(),
        body,
    }
}
