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
mod calls;
mod chaos;
mod completeness;
mod compliance;
mod component;
mod dead_letters;
mod decoder;
mod delivery;
mod egress;
mod first_plugin;
mod form;
mod fuzz;
mod guests;
mod harness;
mod history;
mod hosts;
mod installations;
mod lease;
mod lineage;
mod migration;
mod openapi;
mod outage;
mod postgres;
mod product;
mod publish_rate;
mod publisher;
mod push;
mod records;
mod registry;
mod reload;
mod replay;
mod scale;
mod schemas;
mod service;
mod session;
mod shadow;
mod sink;
mod startup;
mod store;
mod timers;
mod trial;
mod trust;
mod vendor;
