//! See `tests/src/fuzz/subject.rs`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| dongting_tests::fuzz::subject(bytes));
