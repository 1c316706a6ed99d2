//! The one integration binary: real processes, real sockets, real files.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    reason = "tests"
)]

mod bus;
mod component;
mod dead_letters;
mod delivery;
mod guests;
mod history;
mod openapi;
mod product;
mod readme;
mod records;
mod startup;
mod store;
mod timers;
mod trial;
