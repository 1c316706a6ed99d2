//! What a test is told.

use std::fmt;
use std::path::PathBuf;

#[derive(thiserror::Error)]
pub enum Error {
    #[error(
        "there is no program `dongting` on PATH: install it, or set DONGTING_BIN to the file (in Dongting's own workspace: `cargo build --release --bin dongting`)"
    )]
    NoBinary,
    #[error("DONGTING_BIN names {}, which is not there: build it, or set it to where `dongting` is", .0.display())]
    NoSuchBinary(PathBuf),
    #[error(
        "the component {name}.wasm is in none of {looked}: build it with `dongting plugin build` (in Dongting's own workspace: `cargo xtask guests`)"
    )]
    NoComponent { name: String, looked: String },
    #[error("`dongting plugin harness` cannot be started from {path}: {source}", path = path.display())]
    Start { path: PathBuf, source: std::io::Error },
    #[error("`dongting plugin harness` has ended: {0}")]
    Ended(String),
    #[error("`dongting` and this test kit are not of one version: {0}")]
    Protocol(String),
    /// It could not be asked: no such role, no such view, bad settings.
    #[error("{0}")]
    Refused(String),
    /// A call that came to something else than the test wanted.
    #[error("{0}")]
    Unexpected(String),
    #[error("`{0}` is no instant after RFC 3339, for example 2026-08-29T06:36:52Z")]
    Instant(String),
    #[error("the body of {key} is no {wanted}: {why}")]
    Body { key: String, wanted: &'static str, why: String },
}

/// The sentence: a test that returns an error is shown with it.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
