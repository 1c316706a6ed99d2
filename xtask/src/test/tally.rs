//! How many tests passed and failed, read from the closing lines of cargo test, Vitest, Node's runner, and of any script that
//! closes with `N passed, N failed`.

use std::fmt;
use std::ops::AddAssign;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub passed: u64,
    pub failed: u64,
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed", self.passed, self.failed)
    }
}

/// The sum of all closing lines; nothing if there is none, or if they count no test.
pub fn read(printed: &str) -> Option<Tally> {
    let mut total = Tally::default();
    for tally in printed.lines().filter_map(|line| closing_line(&without_colours(line))) {
        total += tally;
    }
    (total != Tally::default()).then_some(total)
}

fn closing_line(line: &str) -> Option<Tally> {
    let line = line.trim();
    if let Some(count) = line.strip_prefix("# ").or_else(|| line.strip_prefix("ℹ ")) {
        return node_line(count);
    }
    let counts =
        line.strip_prefix("test result: ").or_else(|| line.strip_prefix("Tests ")).or_else(|| plain(line))?;
    Some(Tally { passed: number_before("passed", counts), failed: number_before("failed", counts) })
}

/// `pass 12` or `fail 1`.
fn node_line(count: &str) -> Option<Tally> {
    let (outcome, number) = count.split_once(' ')?;
    let number = number.parse().ok()?;
    match outcome {
        "pass" => Some(Tally { passed: number, failed: 0 }),
        "fail" => Some(Tally { passed: 0, failed: number }),
        _ => None,
    }
}

/// `N passed, N failed`, with nothing else in the line but skipped ones and one word before.
fn plain(line: &str) -> Option<&str> {
    let counts = match line.split_once(": ") {
        Some((word, counts)) if !word.contains(' ') => counts,
        _ => line,
    };
    let mut parts = counts.split(", ");
    let is_count = |part: &str, outcome: &str| {
        part.strip_suffix(outcome).is_some_and(|number| number.trim_end().parse::<u64>().is_ok())
    };
    let told = is_count(parts.next()?, " passed")
        && is_count(parts.next()?, " failed")
        && parts.all(|part| is_count(part, " skipped"));
    told.then_some(counts)
}

/// The number in `… 12 passed; …`.
fn number_before(outcome: &str, counts: &str) -> u64 {
    let words: Vec<&str> =
        counts.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let pair = words.windows(2).find(|pair| pair.last() == Some(&outcome));
    pair.and_then(|pair| pair.first()?.parse().ok()).unwrap_or_default()
}

/// Drops terminal colour codes: escape, bracket, parameters, `m`.
fn without_colours(line: &str) -> String {
    let mut plain = String::new();
    let mut parts = line.split("\u{1b}[");
    plain.push_str(parts.next().unwrap_or_default());
    for part in parts {
        plain.push_str(part.split_once('m').map_or(part, |(_, text)| text));
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn closing_lines_of_each_runner_are_read() {
        let cases = [
            (
                "test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.2s",
                12,
                0,
            ),
            (
                "test result: FAILED. 3 passed; 2 failed; 0 ignored\nDoc-tests x\ntest result: ok. 1 passed; 0 failed",
                4,
                2,
            ),
            (" Test Files  2 passed (2)\n      Tests  11 passed (11)\n   Duration  1.2s", 11, 0),
            ("      Tests  1 failed | 10 passed (11)", 10, 1),
            ("\u{1b}[2m      Tests \u{1b}[22m \u{1b}[1m\u{1b}[32m5 passed\u{1b}[39m\u{1b}[22m (5)", 5, 0),
            ("# tests 3\n# pass 2\n# fail 1", 2, 1),
            ("7 passed, 0 failed", 7, 0),
            ("e2e: 7 passed, 1 failed, 2 skipped", 7, 1),
        ];
        for (printed, passed, failed) in cases {
            assert_eq!(read(printed), Some(Tally { passed, failed }), "{printed}");
        }
    }

    #[test]
    fn other_lines_count_nothing() {
        let cases = [
            "",
            "running 3 tests",
            "2 passed, 0 failed yesterday",
            "test result: ok. 0 passed; 0 failed",
            "# Title",
        ];
        for printed in cases {
            assert_eq!(read(printed), None, "{printed}");
        }
    }

    #[test]
    fn it_is_printed_as_the_plain_closing_line() {
        assert_eq!(Tally { passed: 37, failed: 0 }.to_string(), "37 passed, 0 failed");
    }
}
