//! Publishes the words of a document in the order of a hash table: what no plugin may depend on.

#![cfg(any(target_family = "wasm", test))]
#![allow(unsafe_code, reason = "the exports that the macro generates")]

use std::collections::HashSet;

use dongting_sdk::decoder::*;

struct Plugin;

impl Guest for Plugin {
    fn decode(document: Document) -> Result<Decoded, Error> {
        let text = String::from_utf8(document.body).map_err(|_| Error::reject("it is not UTF-8"))?;
        let words: HashSet<&str> = text.split_whitespace().take(100).collect();
        let words: Vec<&str> = words.into_iter().collect();
        let topic = ("test", Kind::Observation);
        let draft = Draft::json("em.test.observation.v1", topic, "430100", ("words", 0), &words)?;
        Ok(Decoded { drafts: vec![draft], rejects: Vec::new(), reply: None })
    }
}

dongting_sdk::export_decoder!(Plugin);
