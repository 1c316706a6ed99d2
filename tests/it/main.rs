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
mod guests;
mod openapi;
mod product;
mod publish_rate;
mod readme;
mod startup;
mod store;
mod trial;
