//! Installations at work: sources polled, documents decoded, messages transformed, views rendered. Between the sandbox, the bus
//! and the store; knows neither wasmtime nor NATS nor SQL by name.

mod backoff;
pub mod config;
mod dead;
mod decoder;
mod floor;
mod history;
pub mod host;
pub mod installed;
mod outbox;
mod publish;
mod rate;
mod redrive;
mod source;
mod state;
pub mod status;
mod transform;
pub mod trial;
pub mod views;

pub use config::{HostConfig, HostConfigError};
pub use decoder::{Accepted, PushError};
pub use history::Arrival;
pub use host::{Health, Host, HostError, HostOptions};
pub use redrive::RedriveError;
pub use status::{State, Status};
pub use views::{ViewError, ViewInfo};

/// What the API needs of the crates below, so that it depends on this one alone.
pub use dongting_bus::{BusError, StoredDeadLetter};
pub use dongting_sandbox::views as panels;
pub use dongting_sandbox::{Document, Reply};
pub use dongting_store::{Lineage, StoreError};
