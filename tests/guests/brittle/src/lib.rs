//! Reads `key;text.` and goes wrong in every way that a careless decoder does, by its first byte and its length.

#![cfg(any(target_family = "wasm", test))]
#![allow(unsafe_code, reason = "the exports that the macro generates")]
#![allow(clippy::indexing_slicing, reason = "it is to trap")]

use dongting_sdk::decoder::*;

struct Plugin;

impl Guest for Plugin {
    fn decode(document: Document) -> Result<Decoded, Error> {
        let body = document.body;
        let mut topic = ("test", Kind::Observation);
        match body.first() {
            // Where a frame breaks off, its last byte is asked for all the same.
            Some(b'k') if body[body.len() - 1] != b'.' => {
                let frame = &body[..12];
                return Err(Error::reject(format!("a frame of {} bytes has no end", frame.len())));
            }
            Some(b'k') => {}
            Some(b'p') => topic.0 = "elsewhere",
            Some(b'm') => {
                return Err(Error::reject(format!(
                    "{} bytes",
                    std::hint::black_box(vec![1u8; 1 << 30]).len()
                )));
            }
            _ => return Err(Error::reject("it is no frame")),
        }
        let draft = Draft::json("em.test.observation.v1", topic, "430100", ("frame", 0), &body)?;
        Ok(Decoded { drafts: vec![draft], rejects: Vec::new(), reply: None })
    }
}

dongting_sdk::export_decoder!(Plugin);
