//! A transcript that is run: `$ command` and the lines that it must print, as a document shows them.
//!
//! Blocks fenced as `console` count, in their order, in one shell's folder and variables. In a line `…` stands for anything, alone on a line
//! for any number of lines. Output is standard output and standard error together. A command must end well, unless its last line is
//! `[exit N]`. One that ends in ` &` goes on to the end of the transcript; its lines must be the first that it prints.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

/// No command takes longer, and a background one has said its first lines by then.
const DEADLINE: Duration = Duration::from_secs(900);

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Of the document, from 1.
    pub line: usize,
    pub command: String,
    pub expected: Vec<String>,
}

/// The steps of a document.
pub fn read(text: &str) -> Result<Vec<Step>> {
    let mut steps: Vec<Step> = Vec::new();
    let mut inside = false;
    for (number, line) in text.lines().enumerate().map(|(index, line)| (index + 1, line)) {
        match (inside, line) {
            (false, "```console") => inside = true,
            (true, "```") => inside = false,
            (false, _) => {}
            (true, _) => match (line.strip_prefix("$ "), steps.last_mut()) {
                (Some(command), _) => {
                    steps.push(Step { line: number, command: command.to_owned(), expected: Vec::new() });
                }
                (None, Some(step)) => step.expected.push(line.to_owned()),
                (None, None) => bail!("line {number}: a block begins with `$ command`"),
            },
        }
    }
    ensure!(!inside, "the last block has no end");
    ensure!(!steps.is_empty(), "there is no block ```console");
    Ok(steps)
}

/// Where the steps are run.
pub struct Shell {
    home: PathBuf,
    environment: Vec<(String, String)>,
    background: Vec<Background>,
}

struct Background {
    child: Child,
    /// Lines as they come; kept so that the program is never blocked.
    _lines: Receiver<String>,
}

impl Shell {
    /// In an empty folder, with these variables besides this process's.
    pub fn new(folder: &Path, environment: &[(&str, String)]) -> Result<Self> {
        let home = folder.join(".transcript");
        std::fs::create_dir_all(&home)?;
        std::fs::write(home.join("folder"), folder.display().to_string())?;
        std::fs::write(home.join("variables"), "")?;
        let environment = environment.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        Ok(Self { home, environment, background: Vec::new() })
    }

    pub fn run(&mut self, step: &Step) -> Result<()> {
        let ran = match step.command.strip_suffix(" &") {
            Some(command) => self.start(command, &step.expected),
            None => self.finish(&step.command, &step.expected),
        };
        ran.with_context(|| format!("line {}: $ {}", step.line, step.command))
    }

    fn command(&self, script: &str) -> Result<Command> {
        let mut command = Command::new("bash");
        command.args(["-c", script, "transcript"]).arg(&self.home);
        command.current_dir(std::fs::read_to_string(self.home.join("folder"))?);
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command.stdin(Stdio::null());
        Ok(command)
    }

    fn finish(&mut self, line: &str, expected: &[String]) -> Result<()> {
        let script = format!(
            "source \"$1/variables\"\n{{ {line}\n}} 2>&1\nstatus=$?\npwd > \"$1/folder\"\nexport -p > \"$1/variables\"\nexit $status"
        );
        let output = self.command(&script)?.output()?;
        let printed = String::from_utf8_lossy(&output.stdout).into_owned();
        // What a pipe of the terminal would show.
        let mut lines: Vec<String> = printed.lines().map(|line| line.trim_end().to_owned()).collect();
        if !output.status.success() {
            lines.push(format!("[exit {}]", output.status.code().unwrap_or(-1)));
        }
        ensure!(
            matches(expected, &lines),
            "it printed\n{}\nand not what is shown there\n{}",
            lines.join("\n"),
            expected.join("\n")
        );
        Ok(())
    }

    fn start(&mut self, line: &str, expected: &[String]) -> Result<()> {
        let script = format!("source \"$1/variables\"\nexec {line} 2>&1");
        let mut child = self.command(&script)?.stdout(Stdio::piped()).spawn()?;
        let out = child.stdout.take().context("no standard output")?;
        let (send, lines) = mpsc::channel();
        std::thread::spawn(move || {
            for line in BufReader::new(out).lines().map_while(Result::ok) {
                // Nobody listens once the lines that are shown have come.
                let _ = send.send(line.trim_end().to_owned());
            }
        });
        let end = Instant::now() + DEADLINE;
        let mut seen: Vec<String> = Vec::new();
        let said = loop {
            if matches(expected, &seen) {
                break Ok(());
            }
            match lines.recv_timeout(end.saturating_duration_since(Instant::now())) {
                Ok(line) => seen.push(line),
                Err(_) => break Err(anyhow::anyhow!("it printed\n{}\nand no more", seen.join("\n"))),
            }
        };
        self.background.push(Background { child, _lines: lines });
        said
    }
}

impl Drop for Shell {
    fn drop(&mut self) {
        for background in &mut self.background {
            let pid = background.child.id().to_string();
            // As Ctrl-C would: it takes its own children with it.
            let _ = Command::new("kill").args(["-TERM", &pid]).status();
            let _ = background.child.wait();
        }
    }
}

/// Whether the lines are those expected.
#[must_use]
pub fn matches(expected: &[String], lines: &[String]) -> bool {
    match expected.split_first() {
        None => lines.is_empty(),
        Some((first, rest)) if first == "…" => {
            (0..=lines.len()).any(|skipped| lines.get(skipped..).is_some_and(|left| matches(rest, left)))
        }
        Some((first, rest)) => {
            lines.split_first().is_some_and(|(line, left)| line_matches(first, line) && matches(rest, left))
        }
    }
}

fn line_matches(expected: &str, line: &str) -> bool {
    let mut parts = expected.split('…');
    let Some(mut left) = parts.next().and_then(|begin| line.strip_prefix(begin)) else { return false };
    let rest: Vec<&str> = parts.collect();
    let Some((last, middle)) = rest.split_last() else { return left.is_empty() };
    for part in middle {
        let Some((_, after)) = left.split_once(part) else { return false };
        left = after;
    }
    left.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<String> {
        text.lines().map(str::to_owned).collect()
    }

    #[test]
    fn dots_stand_for_anything() {
        for (expected, printed, fits) in [
            ("", "", true),
            ("", "a", false),
            ("a", "a", true),
            ("a", "a\nb", false),
            ("a\n…", "a\nb\nc", true),
            ("…\nc", "a\nb\nc", true),
            ("…\nb", "a\nb\nc", false),
            ("one … three", "one two three", true),
            ("one … three", "one two four", false),
            ("… of …", "3 of 4", true),
            ("a…a", "a", false),
        ] {
            assert_eq!(matches(&lines(expected), &lines(printed)), fits, "{expected:?} {printed:?}");
        }
    }

    #[test]
    fn a_document_has_steps_in_its_blocks() -> Result<()> {
        let steps = read("# T\n```console\n$ a b\nsaid\n$ c\n```\ntext\n```toml\n$ no\n```\n")?;
        assert_eq!(steps.len(), 2);
        assert_eq!(steps.first().map(|step| (step.line, step.command.as_str(), step.expected.len())), Some((3, "a b", 1)));
        assert!(read("```console\nsaid\n```").is_err() && read("```console\n$ a").is_err() && read("").is_err());
        Ok(())
    }

    #[test]
    fn folder_and_variables_stay() -> Result<()> {
        let folder = tempfile::tempdir()?;
        let mut shell = Shell::new(folder.path(), &[("GIVEN", "g".to_owned())])?;
        let text = "```console\n$ mkdir sub && cd sub\n$ export MADE=m\n$ echo $MADE $GIVEN $(basename \"$PWD\")\nm g sub\n\
                    $ echo bad >&2; false\nbad\n[exit 1]\n$ sh -c 'echo ready; exec sleep 600' &\nready\n```";
        for step in read(text)? {
            shell.run(&step)?;
        }
        let step = Step { line: 1, command: "echo a".into(), expected: vec!["b".into()] };
        assert!(shell.run(&step).is_err());
        Ok(())
    }
}
