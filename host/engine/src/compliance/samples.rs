//! What a plugin is tried with: a folder of the vendor's, `samples/`.
//!
//! | File | |
//! |---|---|
//! | `documents/*` | decoder: documents that it understands |
//! | `streams/*` | session: what a device sends over one connection |
//! | `messages/*.jsonl` | transform, sink, views: messages as `dongting try` prints them |
//! | `requests/*.json` | service: `{"method", "path", "query", "headers", "body"}` |
//! | `http.json` | source, sink: `[{"method", "url", "answers": [{"status", "headers", "body" or "file"}]}]` |
//! | `settings.toml` | the installation's settings |
//! | `attachments/NAME` | files by name |

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use dongting_manifest::Message;
use dongting_sandbox::Request;
use dongting_sandbox::scripted::{Answer, Rule};
use serde_json::Value;

use super::noon;
use crate::line::{self, LineError};

/// Files of one folder; more are no samples.
const MAX_FILES: usize = 256;
/// One file, like an attachment.
const MAX_BYTES: u64 = 32 * 1024 * 1024;

#[derive(Debug, Clone, Default)]
pub struct Samples {
    pub documents: Vec<Golden>,
    pub streams: Vec<Golden>,
    pub messages: Vec<Message>,
    pub requests: Vec<Request>,
    pub rules: Vec<Rule>,
    pub settings: toml::Table,
    pub attachments: BTreeMap<String, Vec<u8>>,
}

/// A document that a decoder understands, or a stream that a session does.
#[derive(Debug, Clone)]
pub struct Golden {
    pub name: String,
    pub content_type: Option<String>,
    pub body: Vec<u8>,
    pub path: Option<PathBuf>,
}

#[derive(Debug, thiserror::Error)]
pub enum SamplesError {
    #[error("{path} cannot be read", path = path.display())]
    Read {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error("{path} has over {MAX_BYTES} bytes: samples are small", path = path.display())]
    Large { path: PathBuf },
    #[error("{path} has over {MAX_FILES} files: samples are few", path = path.display())]
    Many { path: PathBuf },
    #[error("{path}: {why}", path = path.display())]
    Shape { path: PathBuf, why: String },
    #[error("{path}: {source}", path = path.display())]
    Messages { path: PathBuf, source: LineError },
}

impl Samples {
    /// What there is in a folder. What is not there is empty.
    pub fn read(folder: &Path) -> Result<Self, SamplesError> {
        let mut samples = Self::default();
        for path in files(&folder.join("documents"))? {
            samples.documents.push(Golden::read(&path)?);
        }
        for path in files(&folder.join("streams"))? {
            samples.streams.push(Golden::read(&path)?);
        }
        for path in files(&folder.join("messages"))? {
            let said = |source| SamplesError::Messages { path: path.clone(), source };
            samples.messages.extend(line::read(&text(&path)?, noon()).map_err(said)?);
        }
        for path in files(&folder.join("requests"))? {
            let value = json(&path)?;
            samples.requests.push(request(&value).map_err(|why| shape(&path, why))?);
        }
        let script = folder.join("http.json");
        if script.is_file() {
            let value = json(&script)?;
            samples.rules = rules(&value, folder).map_err(|why| shape(&script, why))?;
        }
        let settings = folder.join("settings.toml");
        if settings.is_file() {
            samples.settings =
                toml::from_str(&text(&settings)?).map_err(|error| shape(&settings, error.to_string()))?;
        }
        for path in files(&folder.join("attachments"))? {
            let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            samples.attachments.insert(name, bytes(&path)?);
        }
        Ok(samples)
    }
}

impl Golden {
    pub fn read(path: &Path) -> Result<Self, SamplesError> {
        Ok(Self {
            name: path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default(),
            content_type: content_type(path).map(str::to_owned),
            body: bytes(path)?,
            path: Some(path.to_owned()),
        })
    }

    /// Its path for a shell.
    pub(super) fn quoted(&self) -> String {
        let path = self.path.as_ref().map_or_else(|| self.name.clone(), |path| path.display().to_string());
        format!("'{}'", path.replace('\'', r"'\''"))
    }
}

/// What a deliverer would say of a file; none where its name says nothing.
pub fn content_type(path: &Path) -> Option<&'static str> {
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("json" | "geojson") => Some("application/json"),
        Some("xml" | "qml") => Some("application/xml"),
        Some("html" | "htm") => Some("text/html"),
        Some("csv") => Some("text/csv"),
        Some("txt") => Some("text/plain"),
        _ => None,
    }
}

/// A request to a service.
pub fn request(value: &Value) -> Result<Request, String> {
    let text = |name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
    let headers = value.get("headers").and_then(Value::as_object).into_iter().flatten();
    Ok(Request {
        transport: text("transport").unwrap_or_else(|| "http".to_owned()),
        method: text("method").unwrap_or_else(|| "GET".to_owned()),
        path: text("path").ok_or("a request has a `path`")?,
        query: text("query"),
        headers: headers
            .filter_map(|(name, value)| Some((name.to_lowercase(), value.as_str()?.to_owned())))
            .collect(),
        received: noon(),
        body: body(value)?.unwrap_or_default(),
    })
}

/// A script of other systems' answers. Files are relative to `folder`.
pub fn rules(value: &Value, folder: &Path) -> Result<Vec<Rule>, String> {
    let rules = value.as_array().ok_or("a script is an array of rules")?;
    rules.iter().map(|rule| self::rule(rule, folder)).collect()
}

fn rule(value: &Value, folder: &Path) -> Result<Rule, String> {
    let url = value.get("url").and_then(Value::as_str).ok_or("a rule has a `url`")?;
    let answers = value.get("answers").and_then(Value::as_array).ok_or("a rule has `answers`")?;
    Ok(Rule {
        method: value.get("method").and_then(Value::as_str).map(str::to_owned),
        url: url.to_owned(),
        answers: answers.iter().map(|answer| self::answer(answer, folder)).collect::<Result<_, _>>()?,
    })
}

fn answer(value: &Value, folder: &Path) -> Result<Answer, String> {
    match value.get("fault").and_then(Value::as_str) {
        Some("unreachable") => return Ok(Answer::Unreachable),
        Some("timeout") => return Ok(Answer::TimedOut),
        Some(other) => return Err(format!("`{other}` is no fault: unreachable or timeout")),
        None => {}
    }
    let status = value.get("status").map_or(Some(200), Value::as_u64);
    let status = status.and_then(|status| u16::try_from(status).ok()).filter(|s| (100..=599).contains(s));
    let headers = value.get("headers").and_then(Value::as_object).into_iter().flatten();
    let mut headers: Vec<(String, String)> =
        headers.filter_map(|(name, value)| Some((name.to_lowercase(), value.as_str()?.to_owned()))).collect();
    let body = match value.get("file").and_then(Value::as_str) {
        Some(file) => {
            let path = folder.join(file);
            if let Some(known) = content_type(&path).filter(|_| headers.is_empty()) {
                headers.push(("content-type".to_owned(), known.to_owned()));
            }
            bytes(&path).map_err(|error| error.to_string())?
        }
        None => body(value)?.unwrap_or_default(),
    };
    Ok(Answer::Response { status: status.ok_or("a `status` is 100 to 599")?, headers, body })
}

/// `body` as text or `bodyHex`.
pub fn body(value: &Value) -> Result<Option<Vec<u8>>, String> {
    if let Some(hexadecimal) = value.get("bodyHex").and_then(Value::as_str) {
        return hex::decode(hexadecimal).map(Some).map_err(|_| "`bodyHex` is not hexadecimal".to_owned());
    }
    match value.get("body") {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone().into_bytes())),
        Some(json) => Ok(Some(json.to_string().into_bytes())),
    }
}

/// The files of a folder by name; none where there is no such folder. Hidden ones are no samples.
fn files(folder: &Path) -> Result<Vec<PathBuf>, SamplesError> {
    let failed = |source| SamplesError::Read { path: folder.to_owned(), source };
    let entries = match std::fs::read_dir(folder) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(failed)?,
    };
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.map_err(failed)?.path();
        let hidden = path.file_name().is_none_or(|name| name.to_string_lossy().starts_with('.'));
        if path.is_file() && !hidden {
            files.push(path);
        }
        if files.len() > MAX_FILES {
            return Err(SamplesError::Many { path: folder.to_owned() });
        }
    }
    files.sort();
    Ok(files)
}

fn bytes(path: &Path) -> Result<Vec<u8>, SamplesError> {
    let failed = |source| SamplesError::Read { path: path.to_owned(), source };
    if std::fs::metadata(path).map_err(failed)?.len() > MAX_BYTES {
        return Err(SamplesError::Large { path: path.to_owned() });
    }
    std::fs::read(path).map_err(failed)
}

fn text(path: &Path) -> Result<String, SamplesError> {
    String::from_utf8(bytes(path)?).map_err(|_| shape(path, "it is not UTF-8".to_owned()))
}

fn json(path: &Path) -> Result<Value, SamplesError> {
    serde_json::from_slice(&bytes(path)?).map_err(|error| shape(path, format!("it is no JSON: {error}")))
}

fn shape(path: &Path, why: String) -> SamplesError {
    SamplesError::Shape { path: path.to_owned(), why }
}
