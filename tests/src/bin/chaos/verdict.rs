//! What a run's figures say: all that it is to be found wanting for.

use std::time::Duration;

use crate::ledger::{Figures, Letters};
use crate::run::Options;

/// What was done to the host and to those around it.
#[derive(Debug, Default)]
pub struct Done {
    pub hosts: u32,
    pub servers: u32,
    pub databases: u32,
    /// How long the host was down.
    pub outage: Duration,
}

/// Whether a run tells how good messages fare beside poison or after the receiver was down.
pub fn tells_the_rate(options: &Options) -> bool {
    options.poison > 0 || !options.receiver_down.is_zero()
}

/// And whether it is held against it. A kill near the end is no fault of the poison.
pub fn judges_the_rate(options: &Options) -> bool {
    tells_the_rate(options) && options.kills == 0 && options.outage.is_zero()
}

/// Nothing where all is as it should be.
pub fn failures(options: &Options, done: &Done, figures: &Figures, letters: Option<&Letters>) -> Vec<String> {
    let mut failures = Vec::new();
    let mut unless = |holds: bool, reason: String| {
        if !holds {
            failures.push(reason);
        }
    };
    let wrong = [figures.lost, figures.duplicated, figures.reordered, figures.miscounted, figures.invented];
    unless(wrong.iter().all(|count| *count == 0), "the effects are not those that were due".to_owned());
    unless(figures.expected > 0, "there was nothing to deliver".to_owned());
    unless(
        done.outage >= options.outage,
        format!("the host was to be down for {:?}, and was for {:?}", options.outage, done.outage),
    );
    unless(options.poison == 0 || figures.poison > 0, "no poison was due".to_owned());
    let exact = letters.is_some_and(|letters| letters.missing == 0 && letters.stray == 0);
    unless(exact, "the dead letters are not exactly the poison".to_owned());
    if judges_the_rate(options) {
        let Figures { end_due, end_kept, .. } = *figures;
        unless(
            end_due > 0,
            "the load was over before the receiver was back: it takes more --seconds".to_owned(),
        );
        unless(
            end_kept * 100 >= end_due * u64::from(options.keep),
            format!("good messages did not keep {} % of their rate", options.keep),
        );
    }
    failures
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options() -> Options {
        Options {
            kills: 0,
            load: Duration::from_secs(60),
            seed: 1,
            rate: 100,
            outage: Duration::ZERO,
            postgres: false,
            poison: 1,
            receiver_down: Duration::from_secs(30),
            keep: 90,
        }
    }

    fn figures() -> Figures {
        let (expected, poison) = (5_940, 60);
        let rate = Figures {
            end_millis: 10_000,
            end_due: 990,
            end_made: 4_000,
            end_kept: 891,
            ..Figures::default()
        };
        Figures { expected, arrived: expected, poison, refused: 4, ..rate }
    }

    const EXACT: Letters = Letters { letters: 60, missing: 0, stray: 0 };

    #[track_caller]
    fn check(options: &Options, done: &Done, figures: &Figures, letters: Option<&Letters>, found: &[&str]) {
        let failures = failures(options, done, figures, letters);
        assert_eq!(failures.len(), found.len(), "{failures:?}");
        assert!(failures.iter().zip(found).all(|(failure, found)| failure.contains(found)), "{failures:?}");
    }

    #[test]
    fn a_run_is_good_or_it_is_said_why_not() {
        let (options, done) = (options(), Done::default());
        check(&options, &done, &figures(), Some(&EXACT), &[]);
        let slow = Figures { end_kept: 890, ..figures() };
        check(&options, &done, &slow, Some(&EXACT), &["did not keep 90 %"]);
        check(&Options { keep: 89, ..options }, &done, &slow, Some(&EXACT), &[]);
        let lost = Figures { lost: 1, ..figures() };
        check(&options, &done, &lost, Some(&EXACT), &["the effects"]);
        let none = Figures { end_due: 0, end_kept: 0, ..figures() };
        check(&options, &done, &none, Some(&EXACT), &["--seconds"]);
        let harmless = Figures { poison: 0, ..figures() };
        check(&options, &done, &harmless, Some(&EXACT), &["no poison"]);
    }

    #[test]
    fn as_many_dead_letters_as_poison_are_not_enough() {
        let (options, done) = (options(), Done::default());
        let others = Letters { letters: 60, missing: 1, stray: 1 };
        check(&options, &done, &figures(), Some(&others), &["exactly the poison"]);
        check(&options, &done, &figures(), None, &["exactly the poison"]);
    }

    #[test]
    fn an_outage_that_did_not_take_place_is_told() {
        let outage = Duration::from_secs(12);
        let options = Options { outage, kills: 3, ..options() };
        // With kills the rate is not judged.
        let slow = Figures { end_kept: 0, ..figures() };
        check(&options, &Done::default(), &slow, Some(&EXACT), &["to be down for 12s"]);
        check(&options, &Done { outage, ..Done::default() }, &slow, Some(&EXACT), &[]);
    }
}
