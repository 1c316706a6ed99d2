//! The child that has the sandbox: a line of JSON in, a line of JSON out.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::thread::JoinHandle;

use serde_json::Value;

use crate::Error;

/// What is kept of what the child says of itself.
const MAX_SAID: u64 = 64 * 1024;

pub struct Harness {
    child: Child,
    requests: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
    /// Reads standard error to its end, so that the child is never held up by it.
    said: Option<JoinHandle<String>>,
}

impl Harness {
    pub fn start() -> Result<Self, Error> {
        let path = binary()?;
        let failed = |source| Error::Start { path: path.clone(), source };
        let mut child = Command::new(&path)
            .args(["plugin", "harness"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(failed)?;
        let missing = || failed(std::io::Error::other("it has no standard streams"));
        let requests = child.stdin.take().ok_or_else(missing)?;
        let answers = child.stdout.take().ok_or_else(missing)?;
        let errors = child.stderr.take().ok_or_else(missing)?;
        let said = std::thread::spawn(move || {
            let mut said = Vec::new();
            let mut errors = errors;
            let _ = errors.by_ref().take(MAX_SAID).read_to_end(&mut said);
            // The rest is let go, or the child would wait for its reader.
            let _ = std::io::copy(&mut errors, &mut std::io::sink());
            String::from_utf8_lossy(&said).trim().to_owned()
        });
        Ok(Self { child, requests: Some(requests), answers: BufReader::new(answers), said: Some(said) })
    }

    pub fn ask(&mut self, request: &Value) -> Result<Value, Error> {
        let mut line = String::new();
        let sent = match &mut self.requests {
            Some(requests) => writeln!(requests, "{request}").and_then(|()| requests.flush()),
            None => Ok(()),
        };
        let read = sent.and_then(|()| self.answers.read_line(&mut line));
        if !matches!(read, Ok(1..)) {
            return Err(self.ended());
        }
        let mut answer: Value =
            serde_json::from_str(&line).map_err(|error| Error::Protocol(error.to_string()))?;
        if let Some(why) = answer.get("error").and_then(Value::as_str) {
            return Err(Error::Refused(why.to_owned()));
        }
        answer.get_mut("ok").map(Value::take).ok_or(Error::Protocol(line))
    }

    fn ended(&mut self) -> Error {
        self.requests = None;
        let status = self.child.wait().map_or_else(|error| error.to_string(), |status| status.to_string());
        let said = self.said.take().and_then(|said| said.join().ok()).unwrap_or_default();
        Error::Ended(format!("{status}; it said: {said}"))
    }
}

impl Drop for Harness {
    fn drop(&mut self) {
        // It ends by itself when nobody asks any more; a plugin that spins must not hold the test up.
        self.requests = None;
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn binary() -> Result<PathBuf, Error> {
    if let Some(named) = std::env::var_os("DONGTING_BIN") {
        let named = PathBuf::from(named);
        return if named.is_file() { Ok(named) } else { Err(Error::NoSuchBinary(named)) };
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let name = format!("dongting{}", std::env::consts::EXE_SUFFIX);
    std::env::split_paths(&path)
        .map(|folder| folder.join(&name))
        .find(|file| file.is_file())
        .ok_or(Error::NoBinary)
}
