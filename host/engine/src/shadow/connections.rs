//! Connections of devices that a shadow follows: those that began since it was put beside, each in an instance of its own, told what the device has
//! said as it is written down.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use dongting_store::{CallRecord, GivenSteps, Store};

use super::Came;
use super::following::is_passing_fault;
use crate::replay::{Connection, ReplayError, Stepped, Tried};

/// Connections that are followed at once: their instances take of the room that devices' own need.
const MOST: usize = 16;
/// A connection that nothing was written of for so much longer than it may be silent is over: its host or its instance is no more.
const GRACE: Duration = Duration::from_secs(60);

#[derive(Default)]
pub struct Connections(BTreeMap<String, Followed>);

struct Followed {
    connection: Connection,
    heard: Instant,
}

impl Connections {
    /// What becomes of the steps of a stretch.
    pub async fn stretch(
        &mut self,
        tried: &Tried,
        given: &GivenSteps,
        record: &CallRecord,
        store: &Store,
    ) -> Result<Vec<Came>, ReplayError> {
        let silence = Duration::from_secs(tried.installed.installation.limits.idle_seconds.into()) + GRACE;
        self.0.retain(|_, followed| followed.heard.elapsed() < silence);
        let (name, steps) = (given.connection(), given.steps.len());
        let not_followed = |why: String| (0..steps).map(|_| Came::Incomplete(why.clone())).collect();
        let mut followed = match self.0.remove(&name) {
            Some(followed) => followed,
            None if given.first > 0 => {
                return Ok(not_followed(
                    "the connection is not followed from its beginning: it was open before, or there was no room for it then"
                        .to_owned(),
                ));
            }
            None if self.0.len() >= MOST => {
                let why = format!("{MOST} connections are followed at once, and this is one more");
                return Ok(not_followed(why));
            }
            None => Followed { connection: Connection::default(), heard: Instant::now() },
        };
        let stepped = match followed.connection.stretch(store, tried, record).await {
            Ok(stepped) => stepped,
            Err(ReplayError::NoRoom) => {
                let why = "this host has as many instances of sessions as it can, and none is left to follow one more connection";
                return Ok(not_followed(why.to_owned()));
            }
            Err(error) => return Err(error),
        };
        followed.heard = Instant::now();
        if followed.connection.goes_on() {
            self.0.insert(name, followed);
        }
        let came = stepped.into_iter().map(|(now, one)| match one {
            Stepped::Incomplete(why) => Came::Incomplete(why),
            Stepped::Refused(refusal, _) if is_passing_fault(&refusal) => {
                Came::Incomplete(refusal.to_string())
            }
            Stepped::Refused(_, found) | Stepped::Made(found) => Came::Compared(now, found),
        });
        Ok(came.collect())
    }
}
