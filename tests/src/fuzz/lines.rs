//! Messages as JSON: whatever text comes is read or refused, and what was read is the same when it is written to the byte and read again.

use dongting_engine::line;
use dongting_manifest::Timestamp;

pub fn lines(bytes: &[u8]) {
    let Some(now) = Timestamp::from_micros(0) else { return };
    for message in line::read(&String::from_utf8_lossy(bytes), now).into_iter().flatten() {
        assert_eq!(line::message(&line::exact(&message), now).ok(), Some(message));
    }
}
