//! The compiler for guests: what is installed, or what is installed now after saying so.

use anyhow::{Context, Result};
use dongting_toolchain::compiler::{self, Compiler, DEBIAN_PACKAGES, TARGET, advice};

use crate::{command, progress};

/// Finds a guest compiler, or installs one after saying so.
pub fn ensure() -> Result<Compiler> {
    if let Some(compiler) = compiler::find()? {
        return Ok(compiler);
    }
    install()?;
    compiler::find()?.context(format!(
        "guests cannot be compiled: no standard library for {TARGET} was found even after installing one. {}",
        advice()
    ))
}

fn install() -> Result<()> {
    if command::on_path("rustup").is_some() {
        progress::say(&format!(
            "Adding the target {TARGET} to your Rust toolchain: `rustup target add {TARGET}`"
        ));
        let added = progress::counted("rustup target add", || {
            anyhow::ensure!(compiler::add_by_rustup(), "rustup cannot fetch it");
            Ok(())
        });
        if added.is_ok() {
            return Ok(());
        }
        progress::say("rustup cannot fetch it here; Debian's packages are the other way.");
    }
    crate::debian::install(&DEBIAN_PACKAGES, "they compile plugins to WebAssembly").context(advice())
}
