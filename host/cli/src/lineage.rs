//! `dongting lineage`: from a message back to the first data and forward to what was made of it.

use anyhow::Result;
use clap::Args;
use serde_json::Value;

use crate::remote::{Remote, answered};

#[derive(Args)]
pub struct Lineage {
    #[command(flatten)]
    remote: Remote,
    /// The message's id.
    id: String,
}

/// A line each, the first data first: relation, time, id, subject, plugin with its digest, and what it was granted. What a sink has done
/// with a message stands behind it: `sent` or `gave up`, time, key, installation, plugin and reason.
pub fn run(options: &Lineage) -> Result<()> {
    let id = percent_encoding::utf8_percent_encode(&options.id, percent_encoding::NON_ALPHANUMERIC);
    let base = options.remote.address(&format!("messages/{id}"));
    let found = answered(options.remote.agent()?.get(&base).call(), &base)?;
    let all = |name: &str| found.get(name).and_then(Value::as_array).cloned().unwrap_or_default();
    let mut lines = String::new();
    // The API tells the nearest cause first.
    for cause in all("causes").iter().rev() {
        lines.push_str(&step("cause", cause));
    }
    lines.push_str(&step("message", found.get("message").unwrap_or(&Value::Null)));
    for effect in &all("effects") {
        lines.push_str(&step("effect", effect));
    }
    crate::print(&lines)
}

fn step(relation: &str, step: &Value) -> String {
    let fields = ["time", "id", "subject", "plugin"].map(|name| text(step, name));
    let mut lines = format!("{relation}\t{}\t{}\n", fields.join("\t"), grants(step));
    for sent in step.get("dispatched").and_then(Value::as_array).into_iter().flatten() {
        let relation = if sent.get("reason").is_some_and(Value::is_string) { "gave up" } else { "sent" };
        let fields = ["at", "key", "installation", "plugin", "reason"].map(|name| text(sent, name));
        lines.push_str(&format!("{relation}\t{}\n", fields.join("\t").replace('\n', " ")));
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
