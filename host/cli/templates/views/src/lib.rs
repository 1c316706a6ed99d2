//! A view of rain gauges, the wettest first.

// Not in a native library, whose linker does not take the names of the exports. Tests are executables and have it.
#[cfg(any(target_family = "wasm", test))]
mod plugin;
pub mod ranking;
