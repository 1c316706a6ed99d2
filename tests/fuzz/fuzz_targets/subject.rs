//! A subject is read or refused and prints as it was read; filters that are normalised match what they matched before, each
//! subject at most once.
#![no_main]

use dongting_manifest::Subject;
use dongting_manifest::subject::{matches, normalise};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (&str, Vec<String>)| {
    let (text, filters) = input;
    if let Ok(subject) = text.parse::<Subject>() {
        assert_eq!(subject.to_string(), text);
    }
    let before = filters.iter().any(|filter| matches(filter, text));
    if let Ok(kept) = normalise(filters) {
        let hits = kept.iter().filter(|filter| matches(filter, text)).count();
        // A subject with a `*` of its own is none; it may be matched as a filter is covered.
        assert!(text.contains('*') || hits == usize::from(before));
    }
});
