//! What an earthquake does to Hunan: isoseismals, the share of each county in each degree of intensity, and the
//! warnings that follow. Stateless but for what was said last about each event.

pub mod apply;
pub mod attenuation;
pub mod decide;
mod digest;
pub mod ellipse;
pub mod impact;
pub mod intensity;
pub mod names;
// A native cdylib cannot be linked with the exports' names, which have colons; tests compile the glue all the same.
#[cfg(any(target_family = "wasm", test))]
#[allow(unsafe_code, reason = "the exports that the macro generates")]
mod plugin;
pub mod settings;
pub mod warning;
