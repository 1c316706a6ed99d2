//! Installations at work: sources polled, documents decoded, messages transformed, views rendered. Between the sandbox, the bus
//! and the store; knows neither wasmtime nor NATS nor SQL by name.

mod above;
mod backoff;
mod batch;
mod begun;
mod breaker;
pub mod buses;
mod completeness;
pub mod compliance;
pub mod config;
mod courtesy;
mod dead;
mod decoder;
pub mod difference;
mod exhausted;
mod floor;
mod forgetting;
pub mod gate;
mod given;
mod history;
pub mod host;
pub mod installed;
mod item;
mod leases;
mod leaving;
mod life;
pub mod line;
pub mod lineage;
mod outbox;
mod parking;
mod past;
mod permits;
mod pin;
mod publish;
pub mod publisher;
mod rate;
mod reading;
mod recheck;
mod recorder;
mod records;
mod redrive;
mod releases;
pub mod reload;
mod remembered;
pub mod replay;
pub mod review;
mod round;
mod service;
mod session;
pub mod shadow;
mod sink;
mod slot;
mod source;
mod state;
pub mod status;
pub mod threads;
mod tidying;
mod timers;
mod transform;
pub mod trial;
mod turn;
mod versions;
pub mod views;
mod worker;

pub use config::{HostConfig, HostConfigError};
pub use decoder::{Accepted, PushError};
pub use history::Arrival;
pub use host::{Health, Host, HostError, HostOptions, Nats};
pub use redrive::RedriveError;
pub use reload::{Change, ReloadError, Reloaded};
pub use replay::{Candidate, ReplayError, Replayed};
pub use session::Listening;
pub use status::{State, Status};
pub use views::{ViewError, ViewInfo};

/// What the API needs of the crates below, so that it depends on this one alone.
pub use dongting_bus::asked::subject as service_subject;
pub use dongting_bus::{BusError, Credentials, StoredDeadLetter};
pub use dongting_sandbox::views as panels;
pub use dongting_sandbox::{
    Delivered, Document, Fault, LogLevel, LogLine, MAX_COMPONENT_BYTES, Refusal, Reply, Request, scripted,
};
pub use dongting_store::{Parkings, StoreError, Waiting};
