//! See `tests/src/fuzz/topojson.rs`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| dongting_tests::fuzz::topojson(bytes));
