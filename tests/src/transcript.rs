//! A transcript that is run: `$ command` and the lines that it must print, as a document shows them.
//!
//! Blocks fenced as `console` are run, in their order, in one shell's folder and variables. A block fenced with the name of a file behind its
//! language, as "toml dongting.toml", is written to that file. In a line `…` stands for anything, alone on a line
//! for any number of lines. Output is standard output and standard error together. A command must end well, unless its last line is
//! `[exit N]`. One that ends in ` &` goes on to the end of the transcript; its lines must be the first that it prints.

use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
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
    pub action: Action,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    Run { command: String, expected: Vec<String> },
    Write { file: String, text: String },
}

/// What the block is that a line is in.
#[derive(Clone, Copy, PartialEq)]
enum Block {
    None,
    Console,
    File,
    /// Only shown.
    Other,
}

/// The steps of a document.
pub fn read(text: &str) -> Result<Vec<Step>> {
    let mut steps: Vec<Step> = Vec::new();
    let mut block = Block::None;
    for (number, line) in text.lines().enumerate().map(|(index, line)| (index + 1, line)) {
        let fence = line.strip_prefix("```");
        match (block, fence) {
            (Block::None, None) => {}
            (Block::None, Some("console")) => block = Block::Console,
            (Block::None, Some(info)) => match info.split_once(' ') {
                Some((_, file)) => {
                    let action = Action::Write { file: file.to_owned(), text: String::new() };
                    steps.push(Step { line: number, action });
                    block = Block::File;
                }
                None => block = Block::Other,
            },
            (_, Some("")) => block = Block::None,
            (Block::Console, _) => match (line.strip_prefix("$ "), steps.last_mut()) {
                (Some(command), _) => {
                    let action = Action::Run { command: command.to_owned(), expected: Vec::new() };
                    steps.push(Step { line: number, action });
                }
                (None, Some(Step { action: Action::Run { expected, .. }, .. })) => {
                    expected.push(line.to_owned())
                }
                (None, _) => bail!("line {number}: a block begins with `$ command`"),
            },
            (Block::File, _) => {
                if let Some(Step { action: Action::Write { text, .. }, .. }) = steps.last_mut() {
                    text.push_str(line);
                    text.push('\n');
                }
            }
            (Block::Other, _) => {}
        }
    }
    ensure!(block == Block::None, "the last block has no end");
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
        let environment =
            environment.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        Ok(Self { home, environment, background: Vec::new() })
    }

    pub fn run(&mut self, step: &Step) -> Result<()> {
        match &step.action {
            Action::Write { file, text } => std::fs::write(Path::new(&self.folder()?).join(file), text)
                .with_context(|| format!("line {}: {file}", step.line)),
            Action::Run { command, expected } => match command.strip_suffix(" &") {
                Some(command) => self.start(command, expected),
                None => self.finish(command, expected),
            }
            .with_context(|| format!("line {}: $ {command}", step.line)),
        }
    }

    fn folder(&self) -> Result<String> {
        Ok(std::fs::read_to_string(self.home.join("folder"))?.trim_end().to_owned())
    }

    fn command(&self, script: &str) -> Result<Command> {
        let mut command = Command::new("bash");
        command.args(["-c", script, "transcript"]).arg(&self.home);
        command.current_dir(self.folder()?);
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        // What only this repository's tests know of is not there on a vendor's machine.
        for name in ["DONGTING_BIN", "DONGTING_PLUGINS", "DONGTING_BOUNDARIES", "DONGTING_PORTAL"] {
            command.env_remove(name);
        }
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
        let mut command = self.command(&script)?;
        // A group of its own, so that all of it can be told to end.
        let mut child = command.stdout(Stdio::piped()).process_group(0).spawn()?;
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
            let group = format!("-{}", background.child.id());
            let _ = Command::new("kill").args(["-TERM", "--", &group]).status();
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
        let text = "# T\n```console\n$ a b\nsaid\n$ c\n```\ntext\n```toml\n$ no\n```\n```toml x.toml\na = 1\n\n```\n";
        let run = |line, command: &str, expected: &[&str]| Step {
            line,
            action: Action::Run {
                command: command.to_owned(),
                expected: expected.iter().map(ToString::to_string).collect(),
            },
        };
        let file =
            Step { line: 11, action: Action::Write { file: "x.toml".into(), text: "a = 1\n\n".into() } };
        assert_eq!(read(text)?, [run(3, "a b", &["said"]), run(5, "c", &[]), file]);
        for bad in ["```console\nsaid\n```", "```console\n$ a", ""] {
            assert!(read(bad).is_err(), "{bad}");
        }
        Ok(())
    }

    #[test]
    fn folder_and_variables_stay() -> Result<()> {
        let folder = tempfile::tempdir()?;
        let mut shell = Shell::new(folder.path(), &[("GIVEN", "g".to_owned())])?;
        let text = "```console\n$ mkdir sub && cd sub\n$ export MADE=m\n$ echo $MADE $GIVEN $(basename \"$PWD\")\nm g sub\n\
                    $ echo bad >&2; false\nbad\n[exit 1]\n$ sh -c 'echo ready; exec cat /dev/zero > /dev/null' &\nready\n```\n\
                    ```text made\nas it is\n```\n```console\n$ cat made\nas it is\n```";
        for step in read(text)? {
            shell.run(&step)?;
        }
        let action = Action::Run { command: "echo a".into(), expected: vec!["b".into()] };
        assert!(shell.run(&Step { line: 1, action }).is_err());
        Ok(())
    }
}
