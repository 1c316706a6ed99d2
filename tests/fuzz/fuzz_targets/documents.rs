//! See `tests/src/fuzz/documents.rs`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| dongting_tests::fuzz::documents(bytes));
