//! See `tests/src/fuzz/lines.rs`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| dongting_tests::fuzz::lines(bytes));
