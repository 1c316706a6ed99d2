//! Everything that is SQL: cursors, state, the outbox and the messages at hand for views. No other crate names `sqlx`.

pub mod commit;
pub mod cursor;
pub mod floor;
pub mod history;
pub mod outbox;
pub mod state;
pub mod store;

mod row;

pub use commit::{Commit, CommitError, Input};
pub use history::{Entry, Lineage, Tailed};
pub use outbox::Pending;
pub use store::{Store, StoreError};
