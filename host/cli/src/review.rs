//! `dongting review`: the province looks at a release and says whether it may run.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use clap::{Args, Subcommand};
use dongting_registry::media_type::ENVELOPE;
use dongting_registry::{Digest, Reference};
use dongting_trust::Predicate;
use serde_json::Value;

use crate::keys;
use crate::oci::Registry;
use crate::page::Page;
use crate::plugin::sign::statement;
use crate::remote::answered;

#[derive(Args)]
pub struct Reviews {
    #[command(flatten)]
    registry: Registry,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// What a release is and asks for, what is different in that from the release approved before it, and who has signed it.
    Show {
        /// As vendor/plugin:1.2.0.
        release: Reference,
        /// Print the whole answer as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Sign that the release may run. The component is read and hashed here; the key does not leave this machine.
    Approve(Decision),
    /// Sign that the release may not run. No approval outweighs it: the vendor publishes a new version.
    Reject(Decision),
}

#[derive(Args)]
struct Decision {
    /// As vendor/plugin:1.2.0.
    release: Reference,
    /// The reviewer's secret key.
    #[arg(long)]
    key: PathBuf,
    /// Why, for the vendor; required to reject.
    #[arg(long)]
    note: Option<String>,
}

pub fn run(options: &Reviews) -> Result<()> {
    match &options.command {
        Command::Show { release, json } => show(&options.registry, release, *json),
        Command::Approve(decision) => decide(&options.registry, decision, true),
        Command::Reject(decision) if decision.note.is_none() => {
            bail!("say why with --note: the vendor will read it")
        }
        Command::Reject(decision) => decide(&options.registry, decision, false),
    }
}

fn decide(registry: &Registry, decision: &Decision, approved: bool) -> Result<()> {
    let key = keys::read(&decision.key)?;
    let client = registry.client()?;
    let Reference { repository, at } = &decision.release;
    let manifest = client.manifest(repository, &at.to_string())?;
    let component = client.blob(repository, manifest.layer()?)?;
    let note = decision.note.clone().unwrap_or_default();
    let statement = statement(&component, Some(repository), Predicate::Review { approved, note })?;
    let named = Digest::of(&manifest.body);
    if let dongting_registry::At::Tag(tag) = at
        && tag.as_str() != statement.version.to_string()
    {
        bail!("the registry gives version {} under {tag}: do not trust it", statement.version);
    }
    let envelope = statement.sign(&key)?;
    client
        .attach(repository, &manifest, ENVELOPE, envelope.to_json().as_bytes())
        .with_context(|| format!("the review of {} cannot be pushed", decision.release))?;
    crate::print(&format!(
        "{repository}:{}\t{named}\t{}\tsigned by {}\n",
        statement.version,
        if approved { "approved" } else { "rejected" },
        key.public().id()?.short()
    ))
}

fn show(registry: &Registry, release: &Reference, json: bool) -> Result<()> {
    let remote = registry.operator().remote();
    let base = remote.address(&format!("releases/{}/{}/review", release.repository, release.at));
    let review = answered(remote.agent()?.get(&base).call(), &base)?;
    if json {
        return crate::print(&(serde_json::to_string_pretty(&review)? + "\n"));
    }
    crate::print(&page(&review))
}

fn page(review: &Value) -> String {
    let mut shown = Page::default();
    let text = |value: &Value, name: &str| {
        value.get(name).and_then(Value::as_str).unwrap_or_default().replace(['\t', '\n'], " ")
    };
    let list =
        |value: &Value, name: &str| value.get(name).and_then(Value::as_array).cloned().unwrap_or_default();
    shown.line("release", format!("{}:{}", text(review, "repository"), text(review, "version")));
    let both = |value: Option<&Value>| {
        value.map(|value| format!("{} · {}", text(value, "zh"), text(value, "en"))).unwrap_or_default()
    };
    shown.line("", both(review.get("title")));
    shown.line("component", format!("sha256:{}", text(review, "componentDigest")));
    shown.line("pushed", text(review, "pushed"));
    if let Some(reason) = review.get("yanked").and_then(Value::as_str) {
        shown.line("yanked", reason);
    }
    for name in ["roles", "imports", "installations"] {
        shown.lines(name, list(review, name).iter().filter_map(Value::as_str).map(str::to_owned));
    }
    let asks = review.get("asks").cloned().unwrap_or_default();
    shown.lines(
        "asks for",
        list(&asks, "capabilities")
            .iter()
            .map(|one| format!("{}: {}", text(one, "capability"), both(one.get("reason")))),
    );
    for name in ["publish", "subscribe"] {
        let topic = |one: &Value| {
            format!("{} {} {}", text(one, "domain"), text(one, "kind"), text(one, "detail")).trim().to_owned()
        };
        shown.lines(name, list(&asks, name).iter().map(topic));
    }
    match review.get("differences").filter(|found| !found.is_null()) {
        None => shown.line("differences", "no release before it was approved"),
        Some(found) => {
            let against = text(found, "version");
            let all = list(found, "differences");
            if all.is_empty() {
                shown.line("differences", format!("none: it asks for what {against} asks for"));
            }
            shown.lines(
                &format!("since {against}"),
                all.iter().map(|one| {
                    format!("{} {} {}", text(one, "change"), text(one, "what"), text(one, "name"))
                }),
            );
        }
    }
    let quality = review.get("quality").and_then(|quality| quality.get("grade")).and_then(Value::as_str);
    shown.line("quality", quality.unwrap_or("no report"));
    match review.get("materials").and_then(Value::as_array) {
        None => shown.line("materials", "no bill of materials"),
        Some(all) => shown.line("materials", format!("{} parts", all.len())),
    }
    let signature = |one: &Value| {
        let good = one.get("good").and_then(Value::as_bool) == Some(true);
        let by = match (text(one, "owner"), text(one, "key")) {
            (owner, key) if owner.is_empty() => format!("key {}", key.get(..12).unwrap_or_default()),
            (owner, key) => format!("{owner} (key {})", key.get(..12).unwrap_or_default()),
        };
        let verdict = if good { "good".to_owned() } else { format!("BAD: {}", text(one, "reason")) };
        format!("{} by {by}: {verdict} {}", text(one, "says"), text(one, "note")).trim().to_owned()
    };
    shown.lines("signatures", list(review, "signatures").iter().map(signature));
    let verdict = review.get("verdict").cloned().unwrap_or_default();
    shown.line(
        "verdict",
        match verdict.get("trusted").and_then(Value::as_bool) {
            Some(true) => format!("may run here, approved by {}", text(&verdict, "reviewer")),
            _ => format!("may not run here: {}", text(&verdict, "reason")),
        },
    );
    shown.text()
}
