//! Running other programs: what failed is always said with the command line that failed.

use std::io::Read;
use std::process::{Command, Stdio};
use std::thread;

use anyhow::{Context, Result, bail};

/// Runs it with this terminal as its own; an exit other than zero is an error.
pub fn run(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| format!("cannot start {}", line(command)))?;
    if !status.success() {
        bail!("{} ended with {status}", line(command));
    }
    Ok(())
}

/// Runs it and gives what it printed; its complaints are part of the error when it fails.
pub fn output(command: &mut Command) -> Result<String> {
    let output =
        command.stdin(Stdio::null()).output().with_context(|| format!("cannot start {}", line(command)))?;
    if !output.status.success() {
        // Compilers started by npm complain on standard output.
        let complaint = [output.stdout, output.stderr].concat();
        let complaint = ending(&String::from_utf8_lossy(&complaint));
        bail!("{} ended with {}: {complaint}", line(command), output.status);
    }
    String::from_utf8(output.stdout)
        .with_context(|| format!("{} printed bytes that are not UTF-8", line(command)))
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

/// The last few lines as one, which is where programs say why they failed.
fn ending(complaint: &str) -> String {
    let lines: Vec<&str> = complaint.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let last = lines.len().saturating_sub(5);
    lines.get(last..).unwrap_or_default().join(" / ")
}

/// The program's path if one of that name is on PATH.
pub fn on_path(program: &str) -> Option<std::path::PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(program)).find(|candidate| candidate.is_file())
}

/// The command as a person would type it, without its environment.
pub fn line(command: &Command) -> String {
    let mut words = vec![command.get_program().to_string_lossy().into_owned()];
    words.extend(command.get_args().map(|word| word.to_string_lossy().into_owned()));
    format!("`{}`", words.join(" "))
}
