//! `dongting try`: how a vendor sees what a plugin does.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::{Args, ValueEnum};
use dongting_engine::compliance::samples;
use dongting_engine::scripted::{Answer, Rule};
use dongting_engine::trial::{Trial, TrialOptions, Tried};
use dongting_engine::{Document, line};
use dongting_manifest::message::Reject;
use dongting_manifest::{Message, Timestamp, plugin};

#[derive(Args)]
pub struct Try {
    /// The component with its manifest, as `cargo xtask guests` leaves it.
    component: PathBuf,
    #[arg(long)]
    role: Role,
    /// decoder: documents, one call each. transform: messages as this command prints them, all in one batch.
    /// session: streams of bytes, a connection each; what is sent back is printed on standard error. source: the answers to its requests in order (an empty file is a 204).
    #[arg(long, num_args = 1.., required = true)]
    input: Vec<PathBuf>,
    /// The installation's settings: TOML, or JSON where the name ends in .json.
    #[arg(long)]
    config: Option<PathBuf>,
    /// A file that the plugin may read by a name: NAME=FILE.
    #[arg(long, value_parser = attachment)]
    attach: Vec<(String, PathBuf)>,
    /// Where the virtual clock stands, RFC 3339. Default: now.
    #[arg(long)]
    now: Option<Timestamp>,
    /// source: where the poll goes on; printed on standard error after each.
    #[arg(long)]
    cursor: Option<String>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Role {
    Decoder,
    Session,
    Transform,
    Source,
}

pub async fn run(options: Try) -> anyhow::Result<()> {
    let component = read(&options.component)?;
    let mut attachments = BTreeMap::new();
    for (name, path) in &options.attach {
        attachments.insert(name.clone(), read(path)?);
    }
    let tried_as = TrialOptions {
        settings: settings(options.config.as_deref())?,
        attachments,
        ..TrialOptions::default()
    };
    let now = options.now.unwrap_or_else(Timestamp::now);
    let role = match options.role {
        Role::Decoder => plugin::Role::Decoder,
        Role::Session => plugin::Role::Session,
        Role::Transform => plugin::Role::Transform,
        Role::Source => plugin::Role::Source,
    };
    let mut trial = Trial::new(&component, &tried_as)
        .and_then(|trial| trial.needs(role).map(|()| trial))
        .with_context(|| options.component.display().to_string())?;
    match options.role {
        Role::Decoder => {
            for path in &options.input {
                let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
                let document = Document {
                    transport: "file".to_owned(),
                    name,
                    content_type: None,
                    received: now,
                    body: read(path)?,
                };
                let tried = trial.decode(document).await;
                let decoded = made(tried).with_context(|| path.display().to_string())?;
                print(&decoded.messages, &decoded.rejects)?;
            }
        }
        Role::Session => {
            for path in &options.input {
                let tried = trial.converse(&read(path)?, &[], now).await;
                let made = made(tried).with_context(|| path.display().to_string())?;
                print(&made.messages, &made.rejects)?;
                let closed = if made.closed { ", and closed the connection" } else { "" };
                crate::say(&format!("sent {} bytes{closed}: {}", made.sent.len(), made.sent.escape_ascii()));
            }
        }
        Role::Transform => {
            let mut batch = Vec::new();
            for path in &options.input {
                let text = String::from_utf8(read(path)?).context("a message file is UTF-8")?;
                batch.extend(line::read(&text, now).with_context(|| path.display().to_string())?);
            }
            let applied = made(trial.apply(&batch).await)?;
            let raw = |input: usize| batch.get(input).map(|one| one.body.clone()).unwrap_or_default();
            let rejects = applied.rejected.into_iter();
            let rejects = rejects.map(|one| Reject { raw: raw(one.input), reason: one.reason });
            print(&applied.messages, &rejects.collect::<Vec<_>>())?;
        }
        Role::Source => {
            trial.script(vec![answers(&options.input)?]);
            let polled = made(trial.poll(options.cursor.as_deref(), now).await)?;
            print(&polled.messages, &polled.rejects)?;
            crate::say(&format!("cursor: {}", polled.cursor.as_deref().unwrap_or("none")));
        }
    }
    Ok(())
}

/// The files in turn for whatever is asked for, and 204 when there are no more.
fn answers(files: &[PathBuf]) -> anyhow::Result<Rule> {
    let nothing = || Answer::Response { status: 204, headers: Vec::new(), body: Vec::new() };
    let mut answers = Vec::with_capacity(files.len() + 1);
    for path in files {
        let body = read(path)?;
        let headers = vec![("content-type".to_owned(), content_type(path).to_owned())];
        answers.push(if body.is_empty() {
            nothing()
        } else {
            Answer::Response { status: 200, headers, body }
        });
    }
    answers.push(nothing());
    Ok(Rule { method: None, url: "*".to_owned(), answers })
}

/// What a call made, once its log is told.
fn made<T>(tried: Tried<T>) -> anyhow::Result<T> {
    for line in tried.log {
        crate::say(&format!("log: {:?}: {}", line.level, line.text));
    }
    Ok(tried.result?)
}

fn print(messages: &[Message], rejects: &[Reject]) -> anyhow::Result<()> {
    for reject in rejects {
        crate::say(&format!("reject: {} ({} bytes)", reject.reason, reject.raw.len()));
    }
    for message in messages {
        crate::print(&(line::line(message) + "\n"))?;
    }
    Ok(())
}

fn settings(path: Option<&Path>) -> anyhow::Result<toml::Table> {
    let Some(path) = path else { return Ok(toml::Table::new()) };
    let text = String::from_utf8(read(path)?).with_context(|| format!("{} is no UTF-8", path.display()))?;
    let said = || format!("{} is no settings file", path.display());
    if path.extension().is_some_and(|extension| extension == "json") {
        return serde_json::from_str(&text).with_context(said);
    }
    toml::from_str(&text).with_context(said)
}

fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    std::fs::read(path).with_context(|| format!("{} cannot be read", path.display()))
}

fn attachment(text: &str) -> Result<(String, PathBuf), String> {
    let (name, path) = text.split_once('=').ok_or_else(|| format!("`{text}` is not NAME=FILE"))?;
    if name.is_empty() || path.is_empty() {
        return Err(format!("`{text}` is not NAME=FILE"));
    }
    Ok((name.to_owned(), path.into()))
}

fn content_type(path: &Path) -> &'static str {
    samples::content_type(path).unwrap_or("text/plain")
}
