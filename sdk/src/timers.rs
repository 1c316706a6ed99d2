//! Deadlines: a timer that is due comes as a message through `apply`.

use crate::bindings::capabilities::dongting::timers::timers;
use crate::message::{Error, Message, Timestamp};

pub use timers::Timer;

/// The type of the message that a due timer comes as.
pub const DUE: &str = "em.timer.due.v1";

pub fn get(name: &str) -> Result<Option<Timer>, Error> {
    timers::get(name).map_err(|error| refused(name, &error))
}

/// Sets a timer in place of any of the same name.
pub fn set(name: &str, at: Timestamp, payload: &[u8]) -> Result<(), Error> {
    timers::set(name, at, payload).map_err(|error| refused(name, &error))
}

pub fn cancel(name: &str) -> Result<(), Error> {
    timers::cancel(name).map_err(|error| refused(name, &error))
}

impl Message {
    /// Whether this is a timer of the installation that is due: `key` is its name, `time` its deadline, `body` its payload.
    #[must_use]
    pub fn is_timer(&self) -> bool {
        self.source.starts_with("/timers/") && self.type_ == DUE
    }
}

fn refused(name: &str, error: &timers::Error) -> Error {
    match error {
        timers::Error::Invalid(why) | timers::Error::Other(why) => {
            Error::Other(format!("timer `{name}`: {why}"))
        }
        timers::Error::Quota => Error::Other(format!(
            "timer `{name}`: the installation has too many timers; the operator can raise limits.timers"
        )),
    }
}
