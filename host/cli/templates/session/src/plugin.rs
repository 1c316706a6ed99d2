//! The glue between the contract and the pure part.

use std::cell::RefCell;
use std::time::Duration;

use dongting_sdk::handover;
use dongting_sdk::session::{Draft, Ending, Error, Guest, Kind, Peer, Step, Timestamp};

use crate::gauge::{Gauge, Reading, Said};

struct Plugin;

thread_local! {
    /// An instance has one connection, from `opened` to `closed`.
    static GAUGE: RefCell<Gauge> = RefCell::default();
}

/// A gauge that is silent for so long is asked whether it is there.
const SILENCE: Duration = Duration::from_secs(60);

impl Guest for Plugin {
    fn opened(_peer: Peer, _now: Timestamp) -> Step {
        Step::default().waking(SILENCE)
    }

    fn received(bytes: Vec<u8>, _now: Timestamp) -> Step {
        let mut step = Step::default().waking(SILENCE);
        GAUGE.with_borrow_mut(|gauge| {
            let Some(lines) = gauge.lines(&bytes) else {
                step.close = true;
                return;
            };
            for line in lines {
                match gauge.read(&line) {
                    Ok(Said::Hello) => step.send.extend(b"OK\n"),
                    Ok(Said::Ping) => step.send.extend(b"PONG\n"),
                    Ok(Said::Rain { number, reading }) => match draft(&reading) {
                        Ok(draft) => {
                            step.drafts.push(draft);
                            // It leaves when the draft is stored, and not before.
                            step.send.extend(format!("ACK {number}\n").into_bytes());
                        }
                        Err(reason) => step.reject(format!("{reason:?}"), line),
                    },
                    Err(reason) => {
                        step.send.extend(b"ERR\n");
                        step.reject(reason, line);
                    }
                }
            }
        });
        step
    }

    fn tick(_now: Timestamp) -> Step {
        Step::sending(*b"PING\n").waking(SILENCE)
    }

    fn closed(_ending: Ending, _now: Timestamp) -> Step {
        Step::default()
    }
}

/// The next release goes on with the connections that are open.
impl handover::Guest for Plugin {
    fn leave(_now: Timestamp) -> Result<Vec<u8>, Error> {
        let state = GAUGE.with_borrow(serde_json::to_vec);
        state.map_err(|error| Error::Other(error.to_string()))
    }

    fn resume(_peer: Peer, state: Vec<u8>, _now: Timestamp) -> Result<Step, Error> {
        let gauge = serde_json::from_slice(&state).map_err(|error| Error::Reject(error.to_string()))?;
        GAUGE.set(gauge);
        Ok(Step::default().waking(SILENCE))
    }
}

fn draft(reading: &Reading) -> Result<Draft, Error> {
    let time = reading.time.as_microsecond();
    Draft::json(
        "em.water.observation.v1",
        ("water", Kind::Observation),
        &reading.region,
        // What identifies the reading: the same one over another connection is one message.
        (&format!("{}/{time}", reading.station), time),
        &reading.payload(),
    )
}

dongting_sdk::export_session!(Plugin);
dongting_sdk::export_handover!(Plugin);
