//! What comes on the bus under any subject and headers is a message or an error; a message encodes to one that reads the same.

use dongting_bus::cloudevents::{decode, encode};

use super::line;

/// A line is the subject, the lines up to an empty one are headers, the rest is the body.
pub fn cloudevents(bytes: &[u8]) {
    let (subject, mut rest) = line(bytes);
    let subject = String::from_utf8_lossy(subject);
    let mut headers = Vec::new();
    loop {
        let (header, behind) = line(rest);
        rest = behind;
        if header.is_empty() {
            break;
        }
        let header = String::from_utf8_lossy(header).into_owned();
        headers.extend(header.split_once(": ").map(|(name, value)| (name.to_owned(), value.to_owned())));
    }
    if let Ok(message) = decode(&subject, &headers, rest) {
        let again = encode(&message).map(|headers| decode(&subject, &headers, &message.body));
        assert!(matches!(again, Ok(Ok(again)) if again == message));
    }
}
