//! `dongting try`: how a vendor sees what a plugin does.

use std::collections::{BTreeMap, VecDeque};
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::{Args, ValueEnum};
use dongting_engine::trial::{Trial, Tried};
use dongting_manifest::Timestamp;
use dongting_manifest::plugin;

use crate::message;

#[derive(Args)]
pub struct Try {
    /// The component with its manifest, as `cargo xtask guests` leaves it.
    component: PathBuf,
    #[arg(long)]
    role: Role,
    /// decoder: documents, one call each. transform: messages as this command prints them, all in one batch.
    /// source: the answers to its requests in order (an empty file is a 204).
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
    Transform,
    Source,
}

pub async fn run(options: Try) -> anyhow::Result<()> {
    let component = read(&options.component)?;
    let settings = settings(options.config.as_deref())?;
    let attachments: BTreeMap<String, PathBuf> = options.attach.into_iter().collect();
    let now = options.now.unwrap_or_else(Timestamp::now);
    let role = match options.role {
        Role::Decoder => plugin::Role::Decoder,
        Role::Transform => plugin::Role::Transform,
        Role::Source => plugin::Role::Source,
    };
    let trial = Trial::new(&component, role, settings, &attachments, now)
        .with_context(|| options.component.display().to_string())?;
    match options.role {
        Role::Decoder => {
            for path in &options.input {
                let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
                let tried = trial.decode(name, read(path)?).await;
                print(tried.with_context(|| path.display().to_string())?)?;
            }
        }
        Role::Transform => {
            let mut batch = Vec::new();
            for path in &options.input {
                let text = String::from_utf8(read(path)?).context("a message file is UTF-8")?;
                batch.extend(message::read(&text, now).with_context(|| path.display().to_string())?);
            }
            print(trial.apply(&batch).await?)?;
        }
        Role::Source => {
            let mut answers = VecDeque::with_capacity(options.input.len());
            for path in &options.input {
                answers.push_back((content_type(path).to_owned(), read(path)?));
            }
            let (tried, cursor) = trial.poll(options.cursor.as_deref(), answers).await?;
            print(tried)?;
            crate::say(&format!("cursor: {}", cursor.as_deref().unwrap_or("none")));
        }
    }
    Ok(())
}

fn print(tried: Tried) -> anyhow::Result<()> {
    for line in tried.log {
        crate::say(&format!("log: {:?}: {}", line.level, line.text));
    }
    for reject in tried.rejects {
        crate::say(&format!("reject: {} ({} bytes)", reject.reason, reject.raw.len()));
    }
    for message in tried.messages {
        crate::print(&(message::line(&message) + "\n"))?;
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
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("json" | "geojson") => "application/json",
        Some("xml" | "qml") => "application/xml",
        Some("html" | "htm") => "text/html",
        _ => "text/plain",
    }
}
