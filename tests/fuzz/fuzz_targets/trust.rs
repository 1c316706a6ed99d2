//! See `tests/src/fuzz/trust.rs`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| dongting_tests::fuzz::trust(bytes));
