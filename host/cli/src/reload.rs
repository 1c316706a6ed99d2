//! `dongting reload`: a running host reads its configuration again.

use anyhow::{Result, bail};
use clap::Args;
use serde_json::Value;

use crate::remote::{Remote, answered, patient};

#[derive(Args)]
pub struct Reload {
    #[command(flatten)]
    remote: Remote,
}

/// A line for each installation: id, outcome, and the releases or the reason. Fails where one was refused.
pub fn run(options: &Reload) -> Result<()> {
    let base = options.remote.address("reload");
    let answer = answered(patient(options.remote.agent()?.post(&base)).send_empty(), &base)?;
    let all = answer.get("installations").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let mut refused = 0;
    let mut lines = String::new();
    for one in all {
        let text = |name| one.get(name).and_then(Value::as_str);
        let outcome = text("outcome").unwrap_or_default();
        refused += usize::from(outcome == "refused");
        lines.push_str(&format!("{}\t{outcome}", text("id").unwrap_or_default()));
        if let (Some(from), Some(to)) = (text("from"), text("to")) {
            lines.push_str(&format!("\t{from} -> {to}"));
        }
        if let Some(reason) = text("reason") {
            lines.push_str(&format!("\t{}", reason.replace(['\t', '\n'], " ")));
        }
        lines.push('\n');
    }
    crate::print(&lines)?;
    let restart = answer.get("restart").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    if !restart.is_empty() {
        let keys: Vec<&str> = restart.iter().filter_map(Value::as_str).collect();
        crate::say(&format!(
            "dongting: the file says otherwise of {}, which the host does when it is started again",
            keys.join(", ")
        ));
    }
    if refused > 0 {
        bail!("{refused} cannot run as asked for; what was at work before goes on");
    }
    Ok(())
}
