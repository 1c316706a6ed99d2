//! The dead letters that the host's API tells, beside the poison that was said.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};

use crate::load::Reading;

/// As many as the API lists at once.
const PAGE: usize = 1_000;
/// The installation that poison makes trap.
const COUNTS: &str = "count";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct List {
    dead_letters: Vec<Listed>,
}

#[derive(Deserialize)]
struct Listed {
    sequence: u64,
    installation: String,
}

#[derive(Deserialize)]
struct Whole {
    text: Option<String>,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Compared {
    pub letters: u64,
    /// Poison without a dead letter.
    pub missing: u64,
    /// Dead letters of what is no poison, of another installation, or of poison that has one already.
    pub stray: u64,
}

/// All that the host at `url` has, each as the poison it is of.
pub fn read(url: &str) -> Result<Vec<Option<(String, u64)>>> {
    let agent = ureq::Agent::config_builder().timeout_global(Some(Duration::from_secs(10))).build();
    let agent = agent.new_agent();
    let ask = |path: String| -> Result<String> {
        let mut answer = agent.get(format!("{url}api/v1/dead-letters{path}")).call()?;
        Ok(answer.body_mut().read_to_string()?)
    };
    let mut letters = Vec::new();
    let mut before = None;
    loop {
        let from = before.map(|before: u64| format!("&before={before}")).unwrap_or_default();
        let list: List = serde_json::from_str(&ask(format!("?limit={PAGE}{from}"))?)?;
        let Some(smallest) = list.dead_letters.iter().map(|letter| letter.sequence).min() else {
            return Ok(letters);
        };
        ensure!(before.is_none_or(|before| smallest < before), "the list does not go on");
        before = Some(smallest);
        for Listed { sequence, installation } in list.dead_letters {
            let whole: Whole = serde_json::from_str(&ask(format!("/{sequence}"))?)
                .with_context(|| format!("of the dead letter {sequence}"))?;
            letters.push(whole.text.filter(|_| installation == COUNTS).as_deref().and_then(poison));
        }
    }
}

fn poison(text: &str) -> Option<(String, u64)> {
    let reading: Reading = serde_json::from_str(text).ok()?;
    reading.poison.then_some((reading.partition, reading.n))
}

pub fn compare(poison: &BTreeSet<(String, u64)>, letters: &[Option<(String, u64)>]) -> Compared {
    let of_poison: BTreeSet<&(String, u64)> =
        letters.iter().flatten().filter(|letter| poison.contains(*letter)).collect();
    Compared {
        letters: letters.len() as u64,
        missing: (poison.len() - of_poison.len()) as u64,
        stray: (letters.len() - of_poison.len()) as u64,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_are_exactly_the_poison_or_it_is_told() {
        let of = |n: u64| ("p01".to_owned(), n);
        let poison = BTreeSet::from([of(1), of(2), of(3)]);
        let compared = |letters: &[Option<(String, u64)>]| {
            let Compared { letters, missing, stray } = compare(&poison, letters);
            (letters, missing, stray)
        };
        assert_eq!(compared(&[Some(of(3)), Some(of(1)), Some(of(2))]), (3, 0, 0));
        assert_eq!(compared(&[Some(of(1)), Some(of(1)), Some(of(2))]), (3, 1, 1), "one twice");
        assert_eq!(compared(&[Some(of(1)), Some(of(2)), Some(of(4))]), (3, 1, 1), "as many, another one");
        assert_eq!(compared(&[None]), (1, 3, 1), "something else");
    }

    #[test]
    fn only_poison_is_poison() {
        assert_eq!(super::poison(r#"{"partition":"p01","n":7,"poison":true}"#), Some(("p01".to_owned(), 7)));
        assert_eq!(super::poison(r#"{"partition":"p01","n":7}"#), None);
        assert_eq!(super::poison("7"), None);
    }
}
