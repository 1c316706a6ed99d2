//! The earthquake adapter: catalogues of the seismological networks, as statements of the province's data standard.
//! Everything here is pure; the glue hands it settings, documents and a way to send a request.

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

pub mod cenc;
pub mod document;
pub mod fdsn_text;
pub mod fetch;
pub mod instant;
pub mod locate;
/// Not in a native library: the exports' names (`cabi_post_dongting:…`) are none that a linker for this machine takes. Tests are
/// executables, so that the glue is checked with them.
#[cfg(any(target_family = "wasm", test))]
#[allow(unsafe_code, reason = "the exports that the macros generate")]
mod plugin;
pub mod quakeml;
pub mod reading;
pub mod settings;
pub mod usgs;
