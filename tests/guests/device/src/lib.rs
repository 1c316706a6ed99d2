//! Speaks with devices over their connections: numbered frames with a checksum, acknowledged by their numbers; a heartbeat in silence; open
//! connections handed over to the next release. What a frame says may ask for bad behaviour.

pub mod frame;
/// Not in a native library, whose linker does not take the names of the exports.
#[cfg(any(target_family = "wasm", test))]
#[allow(unsafe_code, reason = "the exports that the macro generates")]
mod plugin;
