//! `dongting lineage`: from a message back to the first data and forward to what was made of it.

use anyhow::{Result, bail};
use clap::Args;
use serde_json::Value;

use crate::remote::{Remote, answered, write_raw};

#[derive(Args)]
pub struct Lineage {
    #[command(flatten)]
    remote: Remote,
    /// The message's id.
    #[arg(required_unless_present = "raw")]
    id: Option<String>,
    /// Write the bytes with this digest to standard output, as they came: one of those that the lines `raw` name.
    #[arg(long, value_name = "DIGEST", conflicts_with = "id")]
    raw: Option<String>,
}

/// A line each. First what came from outside, each piece of it: `raw`, time, id of the message that was made of it, what it was (`document`,
/// `request`, `form`, `poll`, `connection` or `batch`) with its name or the device's address, plugin with its digest, the piece, its digest, its
/// bytes, and `kept` or `not kept`; of a connection also which of the bytes came in the step that made the message. Then the messages, the first
/// data first: relation, time, id, subject, plugin with its digest, and what it was granted. What a sink has done with a message stands behind
/// it: `sent` or `gave up`, time, key, installation, plugin with its digest, reason, and what the sink was granted. Where there may be more than
/// is told, a line `cut` says so at that end.
pub fn run(options: &Lineage) -> Result<()> {
    match (&options.raw, &options.id) {
        (Some(digest), _) => write(&options.remote, digest),
        (None, Some(id)) => tell(&options.remote, id),
        (None, None) => bail!("name a message, or a digest with --raw"),
    }
}

fn write(remote: &Remote, digest: &str) -> Result<()> {
    let digest = percent_encoding::utf8_percent_encode(digest, percent_encoding::NON_ALPHANUMERIC);
    let base = remote.address(&format!("raw/{digest}"));
    write_raw(remote.agent()?.get(&base).call(), &base)
}

fn tell(remote: &Remote, id: &str) -> Result<()> {
    let id = percent_encoding::utf8_percent_encode(id, percent_encoding::NON_ALPHANUMERIC);
    let base = remote.address(&format!("messages/{id}"));
    let found = answered(remote.agent()?.get(&base).call(), &base)?;
    let all = |name: &str| found.get(name).and_then(Value::as_array).cloned().unwrap_or_default();
    let message = found.get("message").unwrap_or(&Value::Null);
    // The API tells the nearest cause first.
    let causes: Vec<Value> = all("causes").into_iter().rev().collect();
    let is_cut = |name: &str| found.get(name) == Some(&Value::Bool(true));
    let mut lines = String::new();
    if is_cut("causesTruncated") {
        lines.push_str("cut\tcauses\tthere may be more: ask for one of these for its own\n");
    }
    lines.extend(causes.iter().chain([message]).map(raw));
    for cause in &causes {
        lines.push_str(&step("cause", cause));
    }
    lines.push_str(&step("message", message));
    for effect in &all("effects") {
        lines.push_str(&step("effect", effect));
    }
    if is_cut("effectsTruncated") {
        lines.push_str("cut\teffects\tthere may be more: ask for one of these for its own\n");
    }
    crate::print(&lines)
}

/// The lines of what a first message was made of. One where nothing of it is kept.
fn raw(step: &Value) -> String {
    let is = |name: &str| step.get(name).is_some_and(|value| *value == Value::Bool(true));
    let id = text(step, "id");
    let Some(raw) = step.get("raw").filter(|raw| raw.is_object()) else {
        let made_here = step.get("installation").is_some_and(Value::is_string);
        let time = text(step, "received");
        let plugin = text(step, "plugin");
        let lost = format!("raw\t{time}\t{id}\t-\t{plugin}\t-\t-\t-\tnot kept\n");
        return if is("first") && made_here { lost } else { String::new() };
    };
    let [what, name, peer] = ["what", "name", "peer"].map(|name| text(raw, name));
    let named: Vec<&str> = [what, name, peer].into_iter().filter(|one| *one != "-").collect();
    let named = one_line(&named.join(" "));
    let head = [text(raw, "received"), id, &named, text(raw, "plugin")].join("\t");
    let all = |name: &str| raw.get(name).and_then(Value::as_array).into_iter().flatten();
    let fields = all("fields").map(|field| {
        format!(
            "raw\t{head}\t{}\t-\t-\tkept",
            one_line(&format!("{}: {}", text(field, "name"), text(field, "value")))
        )
    });
    let pieces = all("pieces").map(|piece| {
        let number = |name: &str| piece.get(name).and_then(Value::as_u64);
        let bytes = number("bytes").map_or("-".to_owned(), |bytes| bytes.to_string());
        let kept = if piece.get("kept") == Some(&Value::Bool(true)) { "kept" } else { "not kept" };
        let part = match (number("from"), number("to")) {
            (Some(from), Some(to)) => format!("\t{from}..{to}"),
            _ => String::new(),
        };
        let what = one_line(text(piece, "what"));
        format!("raw\t{head}\t{what}\t{}\t{bytes}\t{kept}{part}", text(piece, "digest"))
    });
    let lines: Vec<String> = fields.chain(pieces).collect();
    let lines = if lines.is_empty() { vec![format!("raw\t{head}\t-\t-\t-\t-")] } else { lines };
    lines.join("\n") + "\n"
}

/// What somebody else has written must not look like another line or field.
fn one_line(text: &str) -> String {
    text.replace(['\n', '\t', '\r'], " ")
}

fn step(relation: &str, step: &Value) -> String {
    let fields = ["time", "id", "subject", "plugin"].map(|name| text(step, name));
    let mut lines = format!("{relation}\t{}\t{}\n", fields.join("\t"), grants(step));
    for sent in step.get("dispatched").and_then(Value::as_array).into_iter().flatten() {
        let relation = if sent.get("reason").is_some_and(Value::is_string) { "gave up" } else { "sent" };
        let fields = ["at", "key", "installation", "plugin", "reason"].map(|name| text(sent, name));
        lines.push_str(&format!("{relation}\t{}\t{}\n", fields.map(one_line).join("\t"), grants(sent)));
    }
    lines
}

fn text<'v>(of: &'v Value, name: &str) -> &'v str {
    of.get(name).and_then(Value::as_str).unwrap_or("-")
}

/// All in one field: `capabilities state, publish water warning, …`.
fn grants(step: &Value) -> String {
    let mut said = Vec::new();
    for what in ["capabilities", "publish", "subscribe", "http"] {
        let all = step.pointer(&format!("/grants/{what}")).and_then(Value::as_array);
        said.extend(all.into_iter().flatten().filter_map(Value::as_str).map(|one| format!("{what} {one}")));
    }
    if said.is_empty() { "-".to_owned() } else { said.join(", ") }
}
