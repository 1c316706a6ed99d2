//! Makes one observation of each document, its body as it came, in the partition named before a slash; refuses an empty one.

#![cfg(any(target_family = "wasm", test))]
#![allow(unsafe_code, reason = "the exports that the macro generates")]

use dongting_sdk::decoder::{Decoded, Document, Draft, Error, Guest, Kind};

struct Plugin;

impl Guest for Plugin {
    fn decode(document: Document) -> Result<Decoded, Error> {
        if document.body.is_empty() {
            return Err(Error::Reject("the document is empty".to_owned()));
        }
        let key = String::from_utf8_lossy(&document.body).into_owned();
        let about = (key.as_str(), document.received);
        let mut draft =
            Draft::json("em.test.observation.v1", ("test", Kind::Observation), "430100", about, &())?;
        draft.partition = key.split_once('/').map(|(partition, _)| partition.trim_matches('"').to_owned());
        draft.body = document.body;
        Ok(Decoded { drafts: vec![draft], rejects: Vec::new(), reply: None })
    }
}

dongting_sdk::export_decoder!(Plugin);
