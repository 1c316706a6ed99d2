//! Hands assessments to a duty system that takes one line of text for each.

// Not in a native library, whose linker does not take the names of the exports. Tests are executables and have it.
#[cfg(any(target_family = "wasm", test))]
mod plugin;
pub mod telegram;
