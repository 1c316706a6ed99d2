//! Messages as JSON: whatever text comes is read or refused, and what was read is the same when it is written to the byte and read again.
#![no_main]

use dongting_engine::line;
use dongting_manifest::Timestamp;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let Some(now) = Timestamp::from_micros(0) else { return };
    for message in line::read(text, now).into_iter().flatten() {
        assert_eq!(line::message(&line::exact(&message), now).unwrap(), message);
    }
});
