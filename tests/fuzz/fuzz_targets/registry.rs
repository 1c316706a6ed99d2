//! See `tests/src/fuzz/registry.rs`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| dongting_tests::fuzz::registry(bytes));
