//! What was said before on the bus, as far as the installation may read it.

use crate::bindings::capabilities::dongting::history::history;
use crate::message::{Error, Kind, Timestamp};

pub use history::{Found, Selection, Topic};

/// The statements that hold, newest first.
pub fn latest(selection: &Selection, limit: u32) -> Result<Found, Error> {
    history::latest(selection, limit).map_err(refused)
}

/// All statements from `begin` to before `end`, oldest first.
pub fn series(
    selection: &Selection,
    (begin, end): (Timestamp, Timestamp),
    limit: u32,
) -> Result<Found, Error> {
    history::series(selection, begin, end, limit).map_err(refused)
}

impl Selection {
    /// Everything of a domain and kind that concerns a region.
    #[must_use]
    pub fn new(domain: &str, kind: Kind, region: &str) -> Self {
        Self {
            topic: Topic { domain: domain.to_owned(), kind, detail: None },
            region: region.to_owned(),
            source: None,
            key_prefix: None,
        }
    }
}

/// None of these is the fault of the message at work: it is given again once the operator has changed the grants.
fn refused(error: history::Error) -> Error {
    let (history::Error::Denied(why) | history::Error::Invalid(why) | history::Error::Other(why)) = error;
    Error::Other(format!("history: {why}"))
}
