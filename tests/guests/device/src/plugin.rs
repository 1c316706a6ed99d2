//! The connection's state, and what its frames come to.

use std::cell::RefCell;
use std::hash::{BuildHasher, RandomState};
use std::time::{Duration, SystemTime};

use dongting_sdk::handover;
use dongting_sdk::session::*;
use serde::{Deserialize, Serialize};

use crate::frame::{Found, Frame, answer, next};

struct Plugin;

#[derive(Default, Serialize, Deserialize)]
struct Connection {
    /// As it named itself; empty before.
    device: String,
    /// What has come of a frame.
    buffer: Vec<u8>,
    heartbeats: u32,
}

#[derive(Default, Deserialize)]
struct Settings {
    heartbeat_ms: Option<u64>,
    #[serde(default)]
    stays: bool,
    #[serde(default)]
    takes_none: bool,
    /// What a plugin must not do: what a stream comes to depends on its cuts then.
    #[serde(default)]
    forgets: bool,
}

thread_local! {
    static CONNECTION: RefCell<Connection> = RefCell::default();
}

impl Guest for Plugin {
    fn opened(peer: Peer, _now: Timestamp) -> Step {
        log::info(&format!("{} is there", peer.address));
        waiting(Step::default())
    }

    fn received(bytes: Vec<u8>, now: Timestamp) -> Step {
        CONNECTION.with_borrow_mut(|connection| {
            connection.buffer.extend(bytes);
            let mut step = waiting(Step::default());
            while let Some(found) = next(&mut connection.buffer) {
                match found {
                    Found::Frame(frame) => connection.told(&frame, now, &mut step),
                    Found::Spoiled { number, raw } => {
                        step.reject(format!("frame {number} has a wrong checksum"), raw);
                        step.send.extend(answer(b'N', number));
                    }
                    Found::Nonsense => {
                        let raw = std::mem::take(&mut connection.buffer);
                        let begin = raw.get(..2).unwrap_or_default().to_vec();
                        step.reject("no frame can begin like this", begin);
                        step.close = true;
                    }
                }
                if step.close {
                    break;
                }
            }
            if settings().forgets {
                connection.buffer.clear();
            }
            step
        })
    }

    fn tick(_now: Timestamp) -> Step {
        CONNECTION.with_borrow_mut(|connection| {
            connection.heartbeats += 1;
            waiting(Step::sending(answer(b'H', connection.heartbeats)))
        })
    }

    fn closed(ending: Ending, now: Timestamp) -> Step {
        CONNECTION.with_borrow(|connection| {
            let mut step = Step::default();
            // One that has named itself is told to have gone.
            if !connection.device.is_empty() {
                let said = format!("closed: {ending:?}");
                step.drafts.extend(draft(&format!("{}/closed/{now}", connection.device), now, &said));
            }
            step
        })
    }
}

impl handover::Guest for Plugin {
    fn leave(_now: Timestamp) -> Result<Vec<u8>, Error> {
        if settings().stays {
            return Err(Error::Other("it stays where it is".to_owned()));
        }
        let left = CONNECTION.with_borrow(serde_json::to_vec);
        left.map_err(|error| Error::Other(error.to_string()))
    }

    fn resume(_peer: Peer, state: Vec<u8>, _now: Timestamp) -> Result<Step, Error> {
        if settings().takes_none {
            return Err(Error::Reject("it takes no connection over".to_owned()));
        }
        let connection: Connection =
            serde_json::from_slice(&state).map_err(|error| Error::Reject(error.to_string()))?;
        log::info(&format!("goes on with `{}`", connection.device));
        CONNECTION.set(connection);
        Ok(waiting(Step::default()))
    }
}

impl Connection {
    fn told(&mut self, frame: &Frame, now: Timestamp, step: &mut Step) {
        let said = String::from_utf8_lossy(&frame.payload).into_owned();
        if frame.number == 0 {
            self.device = said;
            step.send.extend(answer(b'A', 0));
            return;
        }
        let mut stated = said.clone();
        match said.as_str() {
            "trap" => trap(),
            "spin" => spin(),
            "hoard" => hoard(),
            // Far more than a connection holds on its way, time and again.
            "flood" => step.send = vec![b'F'; 60 * 1024],
            "too much" => step.send = vec![b'F'; 64 * 1024 + 1],
            "elsewhere" => step.drafts.extend(
                draft("elsewhere", now, &said).map(|draft| Draft { domain: "other".to_owned(), ..draft }),
            ),
            "bye" => step.close = true,
            "chatter" => (0..1000).for_each(|line| log::info(&format!("line {line}"))),
            // What a replay must give again.
            "dice" => {
                let clock = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
                stated = format!("{} at {} and {now}", RandomState::new().hash_one(0), clock.as_micros());
            }
            _ => {}
        }
        step.drafts.extend(draft(&format!("{}/{}", self.device, frame.number), now, &stated));
        step.send.extend(answer(b'A', frame.number));
    }
}

fn draft(key: &str, now: Timestamp, said: &str) -> Option<Draft> {
    Draft::json("em.test.observation.v1", ("test", Kind::Observation), "430100", (key, now), &said).ok()
}

fn settings() -> Settings {
    config::settings().unwrap_or_default()
}

/// With a heartbeat, where the operator wants one.
fn waiting(step: Step) -> Step {
    match settings().heartbeat_ms {
        Some(ms) => step.waking(Duration::from_millis(ms)),
        None => step,
    }
}

fn trap() {
    let nothing = std::hint::black_box(0usize).checked_sub(1);
    #[allow(clippy::unwrap_used, reason = "it is to trap")]
    nothing.unwrap();
}

fn spin() {
    let mut turns = 0u64;
    while std::hint::black_box(turns) < u64::MAX {
        turns += 1;
    }
}

/// More memory than any connection has.
fn hoard() {
    let mut hoard = Vec::new();
    for block in 0..4096u32 {
        hoard.push(vec![u8::try_from(block % 251).unwrap_or(1); 1 << 20]);
    }
    std::hint::black_box(&hoard);
}

dongting_sdk::export_session!(Plugin);
dongting_sdk::export_handover!(Plugin);
