//! `dongting dead-letters`: asks a running host, which alone holds the data directory.

use std::path::PathBuf;

use anyhow::{Result, bail};
use clap::{Args, Subcommand};
use serde_json::Value;

use crate::remote::{Remote, answered, write_raw};

#[derive(Args)]
pub struct DeadLetters {
    #[command(flatten)]
    remote: Remote,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// The newest first: number, time, installation and reason, a line each.
    List {
        /// Of this installation only.
        #[arg(long)]
        installation: Option<String>,
        /// Only those with a smaller number: what comes behind the last one of a list.
        #[arg(long)]
        before: Option<u64>,
        #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=1000))]
        limit: u32,
    },
    /// One, as JSON, with the beginning of its payload where that is text.
    Show {
        number: u64,
        /// All of its payload instead, byte for byte: into a file or another program.
        #[arg(long)]
        raw: bool,
    },
    /// Give them to their installations once more; those that are refused again stay.
    Redrive {
        #[arg(required = true)]
        numbers: Vec<u64>,
        /// The release that takes them in place of the one that is enabled, as vendor/plugin:1.2.0.
        #[arg(long, conflicts_with = "component")]
        release: Option<String>,
        /// A component on the host, which nobody has signed, instead of a release.
        #[arg(long)]
        component: Option<PathBuf>,
    },
    /// Remove them for ever.
    Discard {
        #[arg(required = true)]
        numbers: Vec<u64>,
    },
}

pub fn run(options: DeadLetters) -> Result<()> {
    let base = options.remote.address("dead-letters");
    let agent = options.remote.agent()?;
    match options.command {
        Command::List { installation, before, limit } => {
            let mut request = agent.get(&base).query("limit", limit.to_string());
            if let Some(installation) = installation {
                request = request.query("installation", installation);
            }
            if let Some(before) = before {
                request = request.query("before", before.to_string());
            }
            let answer = answered(request.call(), &base)?;
            let letters = answer.get("deadLetters").and_then(Value::as_array).map(Vec::as_slice);
            let mut lines = String::new();
            for letter in letters.unwrap_or_default() {
                lines.push_str(&line(letter));
            }
            crate::print(&lines)
        }
        Command::Show { number, raw: true } => {
            write_raw(agent.get(format!("{base}/{number}/payload")).call(), &base)
        }
        Command::Show { number, raw: false } => {
            let letter = answered(agent.get(format!("{base}/{number}")).call(), &base)?;
            crate::print(&(serde_json::to_string_pretty(&letter)? + "\n"))
        }
        Command::Redrive { numbers, release, component } => each(&numbers, |number| {
            let component = component.as_deref().map(std::path::absolute).transpose()?;
            let with = serde_json::json!({ "release": release, "component": component });
            let request = agent.post(format!("{base}/{number}/redrive"));
            let sent = request.content_type("application/json").send(with.to_string());
            let done = answered(sent, &base)?;
            let made = done.get("messages").and_then(Value::as_array).map_or(0, Vec::len);
            crate::print(&format!("{number}\t{made} messages\n"))
        }),
        Command::Discard { numbers } => each(&numbers, |number| {
            answered(agent.delete(format!("{base}/{number}")).call(), &base)?;
            crate::print(&format!("{number}\tdiscarded\n"))
        }),
    }
}

/// Goes on after one that fails, says what failed, and fails in the end.
fn each(numbers: &[u64], mut act: impl FnMut(u64) -> Result<()>) -> Result<()> {
    let mut failed = 0;
    for number in numbers {
        if let Err(error) = act(*number) {
            failed += 1;
            crate::say(&format!("dongting: {number}: {error:#}"));
        }
    }
    if failed > 0 {
        bail!("{failed} of {} stay as they were", numbers.len());
    }
    Ok(())
}

fn line(letter: &Value) -> String {
    let text = |name| letter.get(name).and_then(Value::as_str).unwrap_or("-").replace(['\t', '\n'], " ");
    let number = letter.get("sequence").and_then(Value::as_u64).unwrap_or_default();
    format!("{number}\t{}\t{}\t{}\n", text("storedAt"), text("installation"), text("reason"))
}
