//! What comes on the bus under any subject and headers is a message or an error; a message encodes to one that reads the same.
#![no_main]

use dongting_bus::cloudevents::{decode, encode};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (&str, Vec<(String, String)>, &[u8])| {
    let (subject, headers, payload) = input;
    if let Ok(message) = decode(subject, &headers, payload) {
        let again = encode(&message).map(|headers| decode(subject, &headers, &message.body));
        assert!(matches!(again, Ok(Ok(again)) if again == message));
    }
});
