//! The glue between the contract and the pure part.

use dongting_sdk::message::{Error, Message};
use dongting_sdk::transform::{Applied, Guest};

struct Echo;

impl Guest for Echo {
    fn apply(batch: Vec<Message>) -> Result<Applied, Error> {
        Ok(crate::apply(&batch))
    }
}

dongting_sdk::export_transform!(Echo);
