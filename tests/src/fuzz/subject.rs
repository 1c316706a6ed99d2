//! A subject is read or refused and prints as it was read; filters that are normalised match what they matched before, each subject at most
//! once.

use dongting_manifest::Subject;
use dongting_manifest::subject::{matches, normalise};

/// The first line is a subject, each further one a filter.
pub fn subject(bytes: &[u8]) {
    let all = String::from_utf8_lossy(bytes).into_owned();
    let mut lines = all.lines().map(str::to_owned);
    let text = lines.next().unwrap_or_default();
    let filters: Vec<String> = lines.take(64).collect();
    if let Ok(subject) = text.parse::<Subject>() {
        assert_eq!(subject.to_string(), text);
    }
    let before = filters.iter().any(|filter| matches(filter, &text));
    if let Ok(kept) = normalise(filters) {
        let hits = kept.iter().filter(|filter| matches(filter, &text)).count();
        // A subject with a `*` of its own is none; it may be matched as a filter is covered.
        assert!(text.contains('*') || hits == usize::from(before));
    }
}
