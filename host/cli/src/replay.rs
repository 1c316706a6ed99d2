//! `dongting replay`: an installation's past, run again on the running host.

use anyhow::{Context, Result, bail};
use clap::Args;
use dongting_registry::media_type::WASM;
use serde_json::Value;

use crate::remote::{Remote, answered, patient};

#[derive(Args)]
pub struct Replay {
    #[command(flatten)]
    remote: Remote,
    #[arg(long)]
    installation: String,
    /// From this instant on, RFC 3339.
    #[arg(long)]
    from: String,
    /// Until before this instant.
    #[arg(long)]
    to: String,
    /// A release to run instead of the one at work, under the same grants: vendor/plugin:1.2.0, or a component's file that ends in .wasm.
    #[arg(long)]
    release: Option<String>,
    /// Print the whole answer as JSON.
    #[arg(long)]
    json: bool,
}

/// The differences, a line each, then the figures. Fails where the release at work did not come to the same.
pub fn run(options: &Replay) -> Result<()> {
    let base = options.remote.address("replays");
    let request = patient(options.remote.agent()?.post(&base))
        .query("installation", &options.installation)
        .query("from", &options.from)
        .query("to", &options.to)
        .header("content-type", WASM);
    let answer = match options.release.as_deref() {
        Some(file) if file.ends_with(".wasm") => {
            let component = std::fs::read(file).with_context(|| format!("{file} cannot be read"))?;
            request.send(component)
        }
        Some(release) => request.query("release", release).send_empty(),
        None => request.send_empty(),
    };
    let answer = answered(answer, &base)?;
    if options.json {
        return crate::print(&(serde_json::to_string_pretty(&answer)? + "\n"));
    }
    let mut lines = String::new();
    for one in answer.get("differences").and_then(Value::as_array).into_iter().flatten() {
        let text = |name| one.get(name).and_then(Value::as_str).unwrap_or("-").replace(['\t', '\n'], " ");
        let (at, what, message) = (text("at"), text("what"), text("message"));
        lines.push_str(&format!("{at}\t{what}\t{message}\n\t- {}\n\t+ {}\n", text("before"), text("after")));
    }
    let number = |name| answer.get(name).and_then(Value::as_u64).unwrap_or_default();
    lines.push_str(&format!(
        "{} calls: {} the same, {} different, {} incomplete; {} were made by another release or with other attachments\n",
        number("calls"),
        number("same"),
        number("different"),
        number("incomplete"),
        number("otherwise"),
    ));
    crate::print(&lines)?;
    if number("incomplete") > 0 && number("same") + number("different") == 0 {
        let why = answer
            .get("unkept")
            .and_then(Value::as_str)
            .unwrap_or("what they were given is not kept any more");
        bail!("nothing could be made again: {why}");
    }
    if options.release.is_none() && number("otherwise") == 0 && number("different") > 0 {
        bail!("the same release came to something else: its calls depend on more than their inputs");
    }
    Ok(())
}
