//! What is done to the host and to those around it, and when: the same for the same options.

use std::time::Duration;

use crate::random::Random;
use crate::run::Options;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    KillHost,
    KillNats,
    RestartPostgres,
    /// The host is down for as long as the options say.
    HostDown,
    ReceiverDown,
    ReceiverBack,
}

/// In its order, each from the beginning of the load on.
pub fn plan(options: &Options) -> Vec<(Duration, Event)> {
    let mut random = Random(options.seed);
    let load = u64::try_from(options.load.as_millis()).unwrap_or(u64::MAX);
    let mut instants: Vec<u64> = (0..options.kills).map(|_| random.below(load)).collect();
    instants.sort_unstable();
    let kills = instants.into_iter().zip(0..);
    let mut plan: Vec<(Duration, Event)> =
        kills.map(|(at, number)| (Duration::from_millis(at), killed(number, options.postgres))).collect();
    if !options.outage.is_zero() {
        plan.push((options.load / 2, Event::HostDown));
    }
    if !options.receiver_down.is_zero() {
        plan.push((options.load / 3, Event::ReceiverDown));
        plan.push((options.load / 3 + options.receiver_down, Event::ReceiverBack));
    }
    plan.sort_by_key(|(at, _)| *at);
    plan
}

/// Every fifth is PostgreSQL's turn where there is one, of the others every third nats-server's.
fn killed(number: u32, postgres: bool) -> Event {
    match (number % 3, number % 5) {
        (_, 4) if postgres => Event::RestartPostgres,
        (2, _) => Event::KillNats,
        _ => Event::KillHost,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(kills: u32, outage: u64) -> Options {
        Options {
            kills,
            load: Duration::from_secs(60),
            seed: 1,
            rate: 100,
            outage: Duration::from_secs(outage),
            postgres: false,
            poison: 0,
            receiver_down: Duration::ZERO,
            keep: 90,
        }
    }

    fn count(plan: &[(Duration, Event)], event: Event) -> usize {
        plan.iter().filter(|(_, one)| *one == event).count()
    }

    #[test]
    fn kills_are_dealt_out_as_the_help_says() {
        let all = [Event::KillHost, Event::KillNats, Event::RestartPostgres];
        let mut options = options(15, 0);
        assert_eq!(all.map(|event| count(&plan(&options), event)), [10, 5, 0]);
        options.postgres = true;
        assert_eq!(all.map(|event| count(&plan(&options), event)), [8, 4, 3]);
        assert_eq!(plan(&options), plan(&options), "a seed repeats");
    }

    #[test]
    fn an_outage_is_in_the_middle_whatever_the_kills_are() {
        for kills in [0, 1, 3, 100] {
            let plan = plan(&options(kills, 12));
            assert_eq!(count(&plan, Event::HostDown), 1);
            assert!(plan.contains(&(Duration::from_secs(30), Event::HostDown)));
            assert!(plan.is_sorted_by_key(|(at, _)| *at));
        }
    }

    #[test]
    fn the_receiver_is_down_from_a_third_on() {
        let options = Options { receiver_down: Duration::from_secs(30), ..options(0, 0) };
        let expected = [(20, Event::ReceiverDown), (50, Event::ReceiverBack)];
        assert_eq!(plan(&options), expected.map(|(at, event)| (Duration::from_secs(at), event)));
    }
}
