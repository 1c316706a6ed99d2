//! What the author of a plugin depends on: the contract as Rust types, one module and one macro a role, the capabilities as
//! functions, the payloads of the data standard. The module of a role has all that a plugin of that role uses.
//!
//! ```ignore
//! use dongting_sdk::transform::*;
//!
//! struct Model;
//!
//! impl Guest for Model {
//!     fn apply(batch: Vec<Message>) -> Result<Applied, Error> {
//!         each(&batch, |message| judge(&message.payload()?))
//!     }
//! }
//!
//! dongting_sdk::export_transform!(Model);
//! ```
//!
//! What a function answers says what becomes of the input: `Ok` is done, `Error::Reject` never (a dead letter, for a person), `Error::Retry` and
//! `Error::Other` later.

#[allow(unsafe_code, clippy::all, unused_qualifications, reason = "generated code")]
pub mod bindings;
pub mod config;
pub mod geo;
pub mod history;
pub mod http;
pub mod log;
pub mod message;
pub mod records;
pub mod session;
pub mod sink;
pub mod state;
pub mod timers;
pub mod transform;

pub use dongting_events as events;

pub use bindings::decoder::export_decoder;
pub use bindings::handover::export_handover;
pub use bindings::migration::export_migration;
pub use bindings::service::export_service;
pub use bindings::session::export_session;
pub use bindings::sink::export_sink;
pub use bindings::source::export_source;
pub use bindings::transform::export_transform;
pub use bindings::views::export_views;

/// The role `source`.
pub mod source {
    pub use crate::bindings::source::exports::dongting::source::source::{Guest, Polled};
    pub use crate::message::{Draft, Error, Kind, Reject, Timestamp};
    pub use crate::{config, events, geo, http, log};
}

/// The role `decoder`.
pub mod decoder {
    pub use crate::bindings::decoder::exports::dongting::decoder::decoder::{
        Decoded, Document, Guest, Reply,
    };
    pub use crate::message::{Draft, Error, Kind, Reject, Timestamp};
    pub use crate::{config, events, geo, log};
}

/// The role `service`.
pub mod service {
    pub use crate::bindings::service::exports::dongting::service::service::{Guest, Request, Response};
    pub use crate::message::{Draft, Error, Kind, Timestamp};
    pub use crate::{config, events, geo, history, http, log, records, state};
}

/// Beside the roles: what an earlier release keeps, brought to the form that this one reads.
///
/// ```ignore
/// impl dongting_sdk::migration::Guest for Model {
///     fn migrate(_from: u32) -> Result<(), Error> {
///         for key in state::keys()? {
///             let level: f64 = state::get(&key)?.unwrap_or_default();
///             state::set(&key, &Level { metres: level })?;
///         }
///         Ok(())
///     }
/// }
///
/// dongting_sdk::export_migration!(Model);
/// ```
pub mod migration {
    pub use crate::bindings::migration::exports::dongting::migration::migration::Guest;
    pub use crate::message::{Error, Timestamp};
    pub use crate::{config, log, records, state, timers};
}

/// Beside the role `session`: open connections, brought from one release to the next.
///
/// ```ignore
/// impl dongting_sdk::handover::Guest for Gauge {
///     fn leave(_now: Timestamp) -> Result<Vec<u8>, Error> {
///         CONNECTION.with_borrow(|connection| Ok(connection.written()))
///     }
///
///     fn resume(_peer: Peer, state: Vec<u8>, _now: Timestamp) -> Result<Step, Error> {
///         let connection = Connection::read(&state).map_err(Error::Reject)?;
///         CONNECTION.set(connection);
///         Ok(Step::default())
///     }
/// }
///
/// dongting_sdk::export_handover!(Gauge);
/// ```
pub mod handover {
    pub use crate::bindings::handover::exports::dongting::handover::handover::Guest;
    pub use crate::message::{Error, Timestamp};
    pub use crate::session::{Peer, Step};
}

/// The role `views`.
pub mod views {
    pub use crate::bindings::views::exports::dongting::views::views::*;
    pub use crate::message::{Draft, Error, Kind, Message, Timestamp};
    pub use crate::{config, events, geo, log};
}
