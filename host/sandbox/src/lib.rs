//! The sandbox: components are loaded, linked to what was granted and nothing else, and called in a fresh instance
//! under limits. Knows wasmtime; knows neither NATS nor SQL.

mod bindings;
mod cache;
mod call;
pub mod capability;
mod clock;
mod convert;
mod engine;
mod limiter;
mod load;
mod meter;
mod outcome;
mod output;
mod places;
mod plugin;
mod reader;
mod session;
pub mod views;

pub use call::Call;
pub use capability::http::{
    Authorities, AuthoritiesError, Egress, Network, NetworkError, Recorded, Scripted, scripted,
};
pub use engine::{Sandbox, SandboxError, SandboxOptions};
pub use load::{LoadError, MAX_COMPONENT_BYTES, Release};
pub use meter::{Meter, Metered};
pub use outcome::{
    Applied, Attempt, Decoded, Delivered, Document, Ending, Fault, LogLevel, LogLine, Outcome, Polled,
    Refusal, Rejected, Reply, Request, Response, Step, Unkept, Writes,
};
pub use places::{Room, SESSIONS};
pub use plugin::Plugin;
pub use reader::{HistoryReader, Read, Readers, RecordReader, StateReader, TimerReader, keys_over};
pub use session::{MAX_HANDOVER_BYTES, MAX_SEND_BYTES, Place, Session};
