//! `dongting yank`: a release that should no longer be used.

use anyhow::{Result, bail};
use clap::Args;
use serde_json::{Value, json};

use crate::remote::Operator;

#[derive(Args)]
pub struct Yank {
    #[command(flatten)]
    operator: Operator,
    /// vendor/plugin:1.2.0
    release: String,
    /// Said to everyone who uses it or asks for it.
    #[arg(long, required_unless_present = "undo")]
    reason: Option<String>,
    /// Take the mark away.
    #[arg(long, conflicts_with = "reason")]
    undo: bool,
}

pub fn run(options: &Yank) -> Result<()> {
    let Yank { operator, release, reason, undo } = options;
    if reason.as_deref().is_some_and(|reason| reason.trim().is_empty()) {
        bail!("give a reason: those who use {release} will read it");
    }
    let done = operator.post("yank", &json!({ "reference": release, "reason": reason }))?;
    let text = |name: &str| done.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let what = if *undo { "is no longer yanked" } else { "yanked" };
    crate::print(&format!("{}:{}\t{what}\n", text("repository"), text("version")))
}
