//! What people in the emergency centres see of earthquakes: the situation, the warnings with their acknowledgement, the
//! catalogue. Everything here is pure; the glue hands it what the host read.

#![cfg_attr(
    test,
    allow(
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic,
        clippy::unwrap_used,
        reason = "a test that fails panics"
    )
)]

pub mod acknowledge;
pub mod catalogue;
#[cfg(test)]
mod fixture;
pub mod instant;
pub mod level;
pub mod list;
pub mod notices;
pub mod overview;
#[cfg(any(target_family = "wasm", test))]
#[allow(unsafe_code, reason = "the exports that the macro generates")]
mod plugin;
pub mod region;
pub mod situation;
pub mod table;
pub mod text;
pub mod warnings;
