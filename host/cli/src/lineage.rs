//! `dongting lineage`: from a message back to the first data and forward to what was made of it.

use anyhow::Result;
use clap::Args;
use serde_json::Value;

use crate::remote::{Remote, agent, answered};

#[derive(Args)]
pub struct Lineage {
    #[command(flatten)]
    remote: Remote,
    /// The message's id.
    id: String,
}

/// A line each, the first data first: relation, time, id, kind and region, and the plugin with its digest.
pub fn run(options: &Lineage) -> Result<()> {
    let id = percent_encoding::utf8_percent_encode(&options.id, percent_encoding::NON_ALPHANUMERIC);
    let base = options.remote.address(&format!("messages/{id}"));
    let found = answered(agent().get(&base).call(), &base)?;
    let all = |name: &str| found.get(name).and_then(Value::as_array).cloned().unwrap_or_default();
    let mut lines = String::new();
    // The API tells the nearest cause first.
    for cause in all("causes").iter().rev() {
        lines.push_str(&line("cause", cause));
    }
    lines.push_str(&line("message", found.get("message").unwrap_or(&Value::Null)));
    for effect in &all("effects") {
        lines.push_str(&line("effect", effect));
    }
    crate::print(&lines)
}

fn line(relation: &str, message: &Value) -> String {
    let text = |name| message.get(name).and_then(Value::as_str).unwrap_or("-");
    format!("{relation}\t{}\t{}\t{}\t{}\n", text("time"), text("id"), text("subject"), text("plugin"))
}
