//! `dongting plugin check`: a component's world, size and behaviour, with a grade. The rules are in `check/grade.rs`.

mod grade;
mod report;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::Args;
use dongting_engine::compliance::{self, Bounds, Golden, Samples};
use dongting_engine::trial::TrialOptions;

use super::build::load;
use grade::{Grade, Subject, findings};
use report::Quality;

#[derive(Args)]
pub struct Check {
    /// The component with its manifest, as `dongting plugin build` leaves it.
    component: PathBuf,
    /// decoder: documents that it understands, besides those in the samples.
    #[arg(long, num_args = 1..)]
    golden: Vec<PathBuf>,
    /// The folder with documents, messages, requests, answers and settings. Default: `samples` beside the component's folder, where there is one.
    #[arg(long)]
    samples: Option<PathBuf>,
    /// What chance follows from.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Keep the documents that a check failed with in this folder.
    #[arg(long)]
    keep: Option<PathBuf>,
    /// The worst grade that is no failure.
    #[arg(long, default_value = "C")]
    least: Grade,
    /// Write the quality report, JSON, to this file: `dongting plugin push` publishes it.
    #[arg(long)]
    report: Option<PathBuf>,
    /// Print the quality report as JSON.
    #[arg(long)]
    json: bool,
}

pub async fn run(options: Check) -> Result<()> {
    let quality = check(&options).await?;
    let json = serde_json::to_string_pretty(&quality.to_json())? + "\n";
    if let Some(path) = &options.report {
        std::fs::write(path, &json).with_context(|| format!("{} cannot be written", path.display()))?;
    }
    crate::print(&if options.json { json } else { quality.to_string() })?;
    if quality.grade > options.least {
        bail!(
            "{} has the grade {}, and {} is asked for: what stands beside each finding above says what to do",
            options.component.display(),
            quality.grade,
            options.least
        );
    }
    Ok(())
}

async fn check(options: &Check) -> Result<Quality> {
    let bytes = std::fs::read(&options.component)
        .with_context(|| format!("{} cannot be read", options.component.display()))?;
    // No host would take it: the sentence says why, and there is nothing to grade.
    let release = tokio::task::block_in_place(|| load(&bytes))
        .with_context(|| format!("{}: grade E", options.component.display()))?;
    let mut samples = match samples_folder(options) {
        Some(folder) => Samples::read(&folder)?,
        None => Samples::default(),
    };
    for path in &options.golden {
        samples.documents.push(Golden::read(path)?);
    }
    let trial = TrialOptions {
        settings: samples.settings.clone(),
        attachments: samples.attachments.clone(),
        ..TrialOptions::default()
    };
    let bounds = Bounds { seed: options.seed, ..Bounds::default() };
    let mut compliance = compliance::of_release(&release, &trial, &samples, &bounds)
        .await
        .context("it cannot be tried as it is: put its settings into samples/settings.toml and its attachments into samples/attachments")?;
    if let Some(folder) = &options.keep {
        compliance
            .keep_inputs(folder)
            .with_context(|| format!("{} cannot be written to", folder.display()))?;
    }
    let subject = Subject {
        manifest: &release.manifest,
        imported: &release.imported(),
        bytes: bytes.len(),
        compliance: &compliance,
    };
    let findings = findings(&subject);
    let grade = findings.iter().map(|finding| finding.grade).max().unwrap_or(Grade::A);
    let imports = release.imports();
    Ok(Quality {
        manifest: (*release.manifest).clone(),
        digest: release.digest,
        bytes: bytes.len(),
        imports,
        grade,
        findings,
        compliance,
    })
}

/// The one named; else that of the project whose `dist` the component lies in, or of this folder.
fn samples_folder(options: &Check) -> Option<PathBuf> {
    if options.samples.is_some() {
        return options.samples.clone();
    }
    let project = options.component.parent().and_then(Path::parent).unwrap_or(Path::new(""));
    let beside = project.join("samples");
    beside.is_dir().then_some(beside)
}
