//! Reservoir levels, fetched from a feed and made statements of the province's data standard.

pub mod feed;
// Not in a native library, whose linker does not take the names of the exports. Tests are executables and have it.
#[cfg(any(target_family = "wasm", test))]
mod plugin;
