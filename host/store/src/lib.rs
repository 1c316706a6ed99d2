//! Everything that is SQL: cursors, state, the outbox and the messages at hand for views. No other crate of the host names `sqlx` or `rusqlite`.

pub mod answer;
pub mod attempt;
pub mod body;
pub mod call;
pub mod checkpoint;
pub mod commit;
pub mod cursor;
pub mod database;
pub mod floor;
pub mod forgetting;
pub mod form;
pub mod given;
pub mod highest;
pub mod history;
pub mod input;
pub mod lease;
pub mod lineage;
mod log;
pub mod outbox;
pub mod parked;
pub mod record;
pub mod state;
pub mod statement;
pub mod store;
pub mod timer;

mod connections;
mod row;
mod sql;
mod version;
mod writer;

pub use answer::Asked;
pub use attempt::Begun;
pub use body::Body;
pub use call::{CallPlace, CallRecord, Complete, Migrated, Poll, Recorded};
pub use checkpoint::{Checkpoint, Held};
pub use commit::{Commit, CommitError, Places};
pub use cursor::{Cursor, Move};
pub use database::Database;
pub use forgetting::{Looked, UsedUp, VersionPlace};
pub use form::{Form, Kept};
pub use given::{
    Given, GivenAttempt, GivenDocument, GivenForm, GivenRequest, GivenStep, GivenSteps, Said, Told,
};
pub use history::{Entry, Lineage, Tailed};
pub use input::Input;
pub use lease::{Lease, Standing};
pub use lineage::{Dispatched, Granted};
pub use outbox::{OutboxExtent, Output, Pending};
pub use parked::{Park, Parked, ParkedPartition, Parkings, Waiting};
pub use store::{Store, StoreError};
pub use timer::{Due, Rung};
