//! The checks that every plugin must pass, as a test asks for them.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::{Error, Message, Script};

/// What a plugin is tried with.
#[derive(Debug, Clone, Default)]
pub struct Samples {
    folder: Option<PathBuf>,
    documents: Vec<PathBuf>,
    messages: Vec<Message>,
    script: Option<Script>,
    seed: Option<u64>,
}

/// What the checks found.
#[derive(Debug, Clone)]
pub struct Report {
    passed: bool,
    /// A line for each check, with what failed under it.
    pub text: String,
    /// As `dongting plugin check` writes it.
    pub json: Value,
}

impl Samples {
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A folder as `dongting plugin check` takes it: `documents/`, `messages/`, `requests/`, `http.json`. Relative to the package.
    #[must_use]
    pub fn folder(folder: impl AsRef<Path>) -> Self {
        Self { folder: Some(of_package(folder.as_ref())), ..Self::default() }
    }

    /// A document that the decoder understands. Relative to the package.
    #[must_use]
    pub fn document(mut self, path: impl AsRef<Path>) -> Self {
        self.documents.push(of_package(path.as_ref()));
        self
    }

    /// Messages of a stream, in their order.
    #[must_use]
    pub fn messages(mut self, messages: impl IntoIterator<Item = Message>) -> Self {
        self.messages.extend(messages);
        self
    }

    /// What other systems answer meanwhile.
    #[must_use]
    pub fn script(self, script: Script) -> Self {
        Self { script: Some(script), ..self }
    }

    /// What chance in the checks follows from; 1 without it.
    #[must_use]
    pub fn seed(self, seed: u64) -> Self {
        Self { seed: Some(seed), ..self }
    }

    pub(crate) fn request(&self, decoder_only: bool) -> Value {
        // Cargo's folder for what tests leave, where it says one.
        let keep = std::env::var_os("CARGO_TARGET_TMPDIR").map(PathBuf::from);
        let keep = keep.unwrap_or_else(std::env::temp_dir).join(format!("compliance-{}", std::process::id()));
        json!({
            "op": "compliance",
            "samples": self.folder,
            "documents": self.documents,
            "messages": self.messages,
            "rules": self.script.as_ref().map(Script::rules),
            "seed": self.seed,
            "decoderOnly": decoder_only,
            "keep": keep,
        })
    }
}

impl Report {
    pub(crate) fn new(answer: Value) -> Result<Self, Error> {
        let text = answer.get("text").and_then(Value::as_str);
        let text = text.ok_or_else(|| Error::Protocol("a report without text".to_owned()))?.to_owned();
        let passed = answer.get("passed").and_then(Value::as_bool).unwrap_or(false);
        Ok(Self { passed, text, json: answer.get("report").cloned().unwrap_or_default() })
    }

    /// An error with the report where a check has failed. What was skipped, or is advice, has not.
    pub fn passed(&self) -> Result<(), Error> {
        if self.passed {
            Ok(())
        } else {
            Err(Error::Unexpected(format!("it does not comply:\n{}", self.text)))
        }
    }

    /// The verdict on a check: `passed`, `failed` or `skipped`. None where there is no such check.
    #[must_use]
    pub fn verdict(&self, role: &str, name: &str) -> Option<&str> {
        let checks = self.json.get("checks").and_then(Value::as_array)?;
        let is = |check: &&Value, member: &str, wanted: &str| {
            check.get(member).and_then(Value::as_str) == Some(wanted)
        };
        let check = checks.iter().find(|check| is(check, "role", role) && is(check, "name", name))?;
        check.pointer("/verdict/is").and_then(Value::as_str)
    }
}

/// Tests run in the package's folder, but a harness's child may be told otherwise.
fn of_package(path: &Path) -> PathBuf {
    match std::env::var_os("CARGO_MANIFEST_DIR") {
        Some(package) => Path::new(&package).join(path),
        None => path.to_owned(),
    }
}
