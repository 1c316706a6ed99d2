//! See `tests/src/fuzz/cloudevents.rs`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| dongting_tests::fuzz::cloudevents(bytes));
