//! Rain gauges that stay connected: their readings as statements of the province's data standard.

pub mod gauge;
// Not in a native library, whose linker does not take the names of the exports. Tests are executables and have it.
#[cfg(any(target_family = "wasm", test))]
mod plugin;
