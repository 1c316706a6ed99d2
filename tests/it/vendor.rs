//! What a vendor does, as a vendor does it: projects outside the workspace, other languages, the documents.

mod check;
mod dev;
mod documents;
mod languages;
mod projects;
mod push;
mod transcript;

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use dongting_tests::host::binary;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().unwrap()
}

/// Where vendors' projects are compiled to: what they depend on is compiled once for all tests and runs.
fn target() -> PathBuf {
    let target = binary().unwrap().parent().unwrap().parent().unwrap().join("vendor");
    std::fs::create_dir_all(&target).unwrap();
    target
}

/// A program in a project's folder, with what it said if it fails.
fn run(folder: &Path, program: &str, arguments: &[&str]) -> String {
    let output = tried(folder, program, arguments);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program} {arguments:?}: {said}");
    String::from_utf8(output.stdout).unwrap()
}

fn tried(folder: &Path, program: &str, arguments: &[&str]) -> Output {
    let program = if program == "dongting" { binary().unwrap() } else { program.into() };
    let mut command = Command::new(program);
    command.args(arguments).current_dir(folder).stdin(Stdio::null());
    command.env("CARGO_TARGET_DIR", target()).env("DONGTING_BIN", binary().unwrap());
    // Where this repository's own plugins are is nothing to a vendor's project.
    command.env_remove("DONGTING_PLUGINS");
    command.output().unwrap()
}
