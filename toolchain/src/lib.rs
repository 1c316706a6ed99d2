//! From a plugin's sources to its component, for `dongting plugin build` and `cargo xtask guests` alike: the compiler, the
//! manifest's section, the bill of materials, and the SDK that a project outside this workspace is given.

pub mod command;
pub mod compiler;
pub mod component;
pub mod crates;
pub mod kit;
pub mod project;
pub mod recipe;
pub mod sbom;

pub use compiler::{Compiler, TARGET};
pub use project::{Built, Project};
