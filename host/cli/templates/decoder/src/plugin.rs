//! The glue between the contract and the pure part.

use dongting_sdk::decoder::{Decoded, Document, Draft, Error, Guest, Kind, Reject};

use crate::report;

struct Plugin;

impl Guest for Plugin {
    fn decode(document: Document) -> Result<Decoded, Error> {
        let text = String::from_utf8(document.body)
            .map_err(|_| Error::Reject("the report is not UTF-8".to_owned()))?;
        let mut decoded = Decoded {
            drafts: Vec::new(),
            rejects: Vec::new(),
            reply: None,
        };
        for line in text.lines().filter(|line| !line.trim().is_empty()) {
            match report::read(line) {
                Ok(reading) => {
                    let time = reading.time.as_microsecond();
                    decoded.drafts.push(Draft::json(
                        "em.water.observation.v1",
                        ("water", Kind::Observation),
                        &reading.region,
                        // What identifies the reading: the same report twice is one message.
                        (&format!("{}/{time}", reading.station), time),
                        &reading.payload(),
                    )?);
                }
                Err(reason) => decoded.rejects.push(Reject {
                    reason,
                    raw: line.as_bytes().to_vec(),
                }),
            }
        }
        Ok(decoded)
    }
}

dongting_sdk::export_decoder!(Plugin);
