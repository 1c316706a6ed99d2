//! Answers which grade an amount of rain is: `GET /grade?mm=60&hours=24`.

pub mod grade;
// Not in a native library, whose linker does not take the names of the exports. Tests are executables and have it.
#[cfg(any(target_family = "wasm", test))]
mod plugin;
