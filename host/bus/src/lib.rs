//! Everything that is NATS: the envelope, the lanes, publishing, consuming, and the supervised server. No
//! other crate names `async_nats`, and none of its types leave this one.

pub mod asked;
pub mod bus;
pub mod cloudevents;
pub mod consumer;
pub mod dead_letter;
pub mod delivery;
pub mod exhausted;
pub mod lane;
pub mod publish;
mod scan;
pub mod server;
pub mod tail;

mod together;
mod wire;

pub use asked::{Asked, Requests};
pub use bus::{Bus, BusError, Connection, Credentials};
pub use consumer::{Consumer, ConsumerOptions, FetchError, Start};
pub use dead_letter::StoredDeadLetter;
pub use delivery::{AtWork, Delivery};
pub use exhausted::{Advised, Exhausted, GivenUp, Kept};
pub use lane::LaneState;
pub use publish::{PublishError, Stored};
pub use server::{Server, ServerError, State};
pub use tail::{Tail, Tailed};
