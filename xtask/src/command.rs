//! Running other programs: what failed is always said with the command line that failed.

use std::io::Read;
use std::process::{Command, Stdio};
use std::thread;

use anyhow::{Context, Result};

pub use dongting_toolchain::command::{line, on_path};

/// Runs it with this terminal as its own; an exit other than zero is an error.
pub fn run(command: &mut Command) -> Result<()> {
    Ok(dongting_toolchain::command::run(command)?)
}

/// Runs it and gives what it printed; its complaints are part of the error when it fails.
pub fn output(command: &mut Command) -> Result<String> {
    Ok(dongting_toolchain::command::output(command)?)
}

/// Runs it quietly; all it printed is shown only when it fails.
pub fn quiet(command: &mut Command) -> Result<()> {
    output(command).map(drop)
}

/// Runs it, passing on each line as it comes, and gives all lines of its standard output and whether it succeeded.
pub fn watched(command: &mut Command) -> Result<(String, bool)> {
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot start {}", line(command)))?;
    let mut seen = Vec::new();
    if let Some(mut pipe) = child.stdout.take() {
        let reader = thread::spawn(move || {
            let mut all = Vec::new();
            let mut chunk = [0; 4096];
            while let Ok(read @ 1..) = pipe.read(&mut chunk) {
                let part = chunk.get(..read).unwrap_or_default();
                // A closed terminal must not end the run: the summary is made from `all`.
                let _ = std::io::Write::write_all(&mut std::io::stdout(), part);
                all.extend_from_slice(part);
            }
            all
        });
        seen = reader.join().unwrap_or_default();
    }
    let status = child.wait().with_context(|| format!("cannot wait for {}", line(command)))?;
    Ok((String::from_utf8_lossy(&seen).into_owned(), status.success()))
}
