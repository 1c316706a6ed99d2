//! The grade: the worst of what was found. docs/vendors says the same to vendors, and a test holds both equal.
//!
//! | Grade | |
//! |---|---|
//! | A | nothing was found |
//! | B | advice: asks for more than it uses, is large, says too little of itself, or follows the clock |
//! | C | something could not be tried: samples are missing |
//! | D | the same input does not give the same, or another cut of the stream gives something else |
//! | E | some input makes it fail, or no host takes it |

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use dongting_engine::compliance::{Report, Verdict};
use dongting_manifest::plugin::Capability;
use dongting_manifest::{Manifest, Text};

/// Larger ones take long to send and to compile.
const LARGE_BYTES: usize = 8 * 1024 * 1024;

/// What rests on the same input giving the same: replay, and knowing a message that comes again.
const DETERMINISM: [&str; 3] = ["repeat", "chance", "batches"];

/// The worse the greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Grade {
    A,
    B,
    C,
    D,
    E,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    pub grade: Grade,
    pub what: String,
    /// What to do about it.
    pub advice: String,
}

/// What is graded.
pub struct Subject<'a> {
    pub manifest: &'a Manifest,
    pub imported: &'a BTreeSet<Capability>,
    pub bytes: usize,
    pub compliance: &'a Report,
}

/// Everything that keeps it from an A, the worst first.
pub fn findings(subject: &Subject<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for check in &subject.compliance.checks {
        let name = format!("{} {}", check.role, check.name);
        match &check.verdict {
            Verdict::Passed => {}
            Verdict::Skipped(why) => {
                found.push(Finding::new(Grade::C, format!("{name} could not be tried"), why.clone()));
            }
            Verdict::Failed => {
                let grade = if check.advice {
                    Grade::B
                } else if DETERMINISM.contains(&check.name) {
                    Grade::D
                } else {
                    Grade::E
                };
                let first = check.failures.first();
                let reason =
                    first.map_or_else(String::new, |first| format!(": {}: {}", first.case, first.reason));
                let again = first.map_or_else(String::new, |first| format!("try again: {}", first.reproduce));
                found.push(Finding::new(grade, format!("{name}: not so: {}{reason}", check.asks), again));
            }
        }
    }
    for capability in subject.manifest.capabilities.keys().filter(|asked| !subject.imported.contains(asked)) {
        found.push(Finding::new(
            Grade::B,
            format!("plugin.toml asks for `{capability}`, which the component does not import"),
            "drop it under [capabilities]: every grant is looked at by a reviewer and given by an operator"
                .to_owned(),
        ));
    }
    if subject.bytes > LARGE_BYTES {
        found.push(Finding::new(
            Grade::B,
            format!("the component has {} MiB; over {} are large", subject.bytes >> 20, LARGE_BYTES >> 20),
            "drop dependencies that are not needed, or live with it where the language brings its runtime"
                .to_owned(),
        ));
    }
    found.extend(texts(subject.manifest));
    found.sort_by_key(|finding| std::cmp::Reverse(finding.grade));
    found
}

/// Texts that say nothing to a reader of one of the languages.
fn texts(manifest: &Manifest) -> Vec<Finding> {
    let mut all: Vec<(String, &Text)> =
        vec![("title".to_owned(), &manifest.title), ("description".to_owned(), &manifest.description)];
    all.extend(manifest.capabilities.iter().map(|(name, why)| (format!("capabilities.{name}"), why)));
    all.extend(manifest.settings.iter().map(|(name, one)| (format!("settings.{name}.title"), &one.title)));
    all.extend(manifest.attachments.iter().map(|(name, what)| (format!("attachments.{name}"), what)));
    let is_chinese = |text: &str| text.chars().any(|letter| ('\u{4e00}'..='\u{9fff}').contains(&letter));
    all.into_iter()
        .filter(|(_, text)| !is_chinese(&text.zh) || text.en.trim().is_empty())
        .map(|(name, _)| {
            Finding::new(
                Grade::B,
                format!("plugin.toml: `{name}` does not speak both languages"),
                "write `zh` in Chinese and `en` in English: reviewers and operators read them".to_owned(),
            )
        })
        .collect()
}

impl Finding {
    fn new(grade: Grade, what: String, advice: String) -> Self {
        Self { grade, what, advice }
    }
}

impl fmt::Display for Grade {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::A => "A",
            Self::B => "B",
            Self::C => "C",
            Self::D => "D",
            Self::E => "E",
        })
    }
}

impl FromStr for Grade {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        [Self::A, Self::B, Self::C, Self::D, Self::E]
            .into_iter()
            .find(|grade| grade.to_string() == text)
            .ok_or_else(|| format!("`{text}` is no grade: A, B, C, D or E"))
    }
}

#[cfg(test)]
mod tests;
