//! A migration is called once in an installation's life, when nobody looks, so what it does where little is kept is tried before.

use super::{Check, Failure, Subject, noon};
use crate::trial::TrialError;

const ROLE: &str = "migration";
/// Earlier forms that are tried, the newest of them.
const FORMS: u32 = 16;

pub async fn checks(subject: &Subject<'_>) -> Result<Vec<Check>, TrialError> {
    let mut begins = Check::of(
        ROLE,
        "nothing-kept",
        "an installation that keeps nothing yet is brought along from every earlier state_version",
    );
    let mut repeat = Check::of(ROLE, "repeat", "the same migration twice leaves the same bytes");
    let to = subject.release.manifest.state_version;
    for from in (1..to).rev().take(FORMS as usize) {
        let case = format!("from state_version {from}");
        let mut left = Vec::with_capacity(2);
        for _ in 0..2 {
            let trial = subject.trial()?;
            let tried = trial.migrate(from, noon()).await;
            left.push(format!("{:?} {:?} {:?}", tried.result, tried.log, trial.kept()));
            if let (Err(why), 1) = (&tried.result, left.len()) {
                begins.fail(failure(&case, why.to_string()));
            }
        }
        begins.cases += 1;
        repeat.cases += 1;
        if left.first() != left.last() {
            repeat.fail(failure(&case, left.join("; then ")));
        }
        if begins.full(subject.bounds) {
            break;
        }
    }
    Ok(vec![begins, repeat])
}

fn failure(case: &str, reason: String) -> Failure {
    let reproduce = "dongting plugin check with the same component".to_owned();
    Failure { case: case.to_owned(), reason, reproduce, input: None }
}
