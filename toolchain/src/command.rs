//! Running other programs: what failed is always said with the command line that failed.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};

#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    #[error("cannot start {line}")]
    Start {
        line: String,
        #[source]
        source: std::io::Error,
    },
    #[error("{line} ended with {status}{complaint}")]
    Ended { line: String, status: ExitStatus, complaint: String },
    #[error("{0} printed bytes that are not UTF-8")]
    NotText(String),
}

/// Runs it with this terminal as its own; an exit other than zero is an error.
pub fn run(command: &mut Command) -> Result<(), CommandError> {
    let status = command.status().map_err(|source| CommandError::Start { line: line(command), source })?;
    if !status.success() {
        return Err(CommandError::Ended { line: line(command), status, complaint: String::new() });
    }
    Ok(())
}

/// Runs it and gives what it printed; its complaints are part of the error when it fails.
pub fn output(command: &mut Command) -> Result<String, CommandError> {
    let output = command
        .stdin(Stdio::null())
        .output()
        .map_err(|source| CommandError::Start { line: line(command), source })?;
    if !output.status.success() {
        // Compilers started by npm complain on standard output.
        let complaint = [output.stdout, output.stderr].concat();
        let complaint = format!(": {}", ending(&String::from_utf8_lossy(&complaint)));
        return Err(CommandError::Ended { line: line(command), status: output.status, complaint });
    }
    String::from_utf8(output.stdout).map_err(|_| CommandError::NotText(line(command)))
}

/// Runs it quietly; all it printed is shown only when it fails.
pub fn quiet(command: &mut Command) -> Result<(), CommandError> {
    output(command).map(drop)
}

/// The last few lines as one, which is where programs say why they failed.
fn ending(complaint: &str) -> String {
    let lines: Vec<&str> = complaint.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let last = lines.len().saturating_sub(5);
    lines.get(last..).unwrap_or_default().join(" / ")
}

/// The program's path if one of that name is on PATH.
#[must_use]
pub fn on_path(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(program)).find(|candidate| candidate.is_file())
}

/// The command as a person would type it, without its environment.
#[must_use]
pub fn line(command: &Command) -> String {
    let mut words = vec![command.get_program().to_string_lossy().into_owned()];
    words.extend(command.get_args().map(|word| word.to_string_lossy().into_owned()));
    format!("`{}`", words.join(" "))
}

/// The cargo that runs this program, where cargo does; else the one on PATH.
#[must_use]
pub fn cargo() -> Command {
    Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

/// The same in a folder.
#[must_use]
pub fn cargo_in(folder: &Path) -> Command {
    let mut cargo = cargo();
    cargo.current_dir(folder);
    cargo
}
