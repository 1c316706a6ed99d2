//! How far a catalogue is complete.

use dongting_events::{Completeness, completeness, earthquake};
use dongting_sdk::views::{Message, Timestamp};

use crate::{instant, region};

/// None for what is no completeness of the data standard; none within for one that is not of all of `region`.
pub fn read(message: &Message, of: &str) -> Option<Option<Timestamp>> {
    let right = message.type_ == completeness::type_of(earthquake::DOMAIN);
    let stated: Completeness = right.then(|| message.json().ok()).flatten()?;
    let until = instant::parse(&stated.complete_until)?;
    Some(region::contains(&message.region, of).then_some(until))
}
