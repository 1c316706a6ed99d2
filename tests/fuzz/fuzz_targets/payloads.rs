//! See `tests/src/fuzz/payloads.rs`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| dongting_tests::fuzz::payloads(bytes));
