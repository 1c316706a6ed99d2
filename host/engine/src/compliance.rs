//! What every plugin must hold to, tried in the real sandbox: a decoder and a session any bytes, every role the same input twice, a transform the same
//! stream in other batches. `dongting plugin check` and the test kit show the report.

use std::path::Path;

use dongting_manifest::Timestamp;
use dongting_manifest::plugin::Role;
use dongting_sandbox::Release;
use serde::Serialize;

use crate::trial::{Trial, TrialError, TrialOptions};

mod batches;
mod decoder;
mod hostile;
mod migration;
mod random;
mod repeat;
pub mod samples;
mod session;

pub use samples::{Golden, Samples, SamplesError};

/// The report on one component, as `plugin check` prints it and the registry keeps it.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// `name@version#digest`.
    pub plugin: String,
    /// What chance in the checks followed from; the same seed makes the same checks.
    pub seed: u64,
    pub checks: Vec<Check>,
}

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Check {
    /// Or `migration`, which is none.
    pub role: &'static str,
    pub name: &'static str,
    /// What it asks, in a sentence.
    pub asks: &'static str,
    /// An advice that is not taken is told, and refuses no plugin.
    pub advice: bool,
    pub verdict: Verdict,
    /// Calls made.
    pub cases: u64,
    pub failures: Vec<Failure>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "is", content = "why", rename_all = "camelCase")]
pub enum Verdict {
    Passed,
    Failed,
    /// It could not be tried, and what to give it.
    Skipped(String),
}

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Failure {
    /// What was given.
    pub case: String,
    /// What came of it.
    pub reason: String,
    pub reproduce: String,
    /// The document, for who saves it.
    #[serde(skip)]
    pub input: Option<Vec<u8>>,
}

/// How much is tried.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    pub seed: u64,
    /// Of each golden document every cut and flip within so many bytes of its beginning and its end,
    pub edge: usize,
    /// and so many between, evenly spread.
    pub between: usize,
    pub noise_bytes: usize,
    /// Random ways to cut a stream into batches.
    pub cuts: u32,
    /// A check ends after so many failures: the first ones say it.
    pub failures: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { seed: 1, edge: 1024, between: 512, noise_bytes: 1 << 20, cuts: 8, failures: 5 }
    }
}

/// All checks that concern the roles of a component. An error says that it could not be tried at all.
pub async fn run(
    component: &[u8],
    options: &TrialOptions,
    samples: &Samples,
    bounds: &Bounds,
) -> Result<Report, TrialError> {
    of_release(&crate::trial::load(component)?, options, samples, bounds).await
}

/// As `run`, of what is loaded already.
pub async fn of_release(
    release: &Release,
    options: &TrialOptions,
    samples: &Samples,
    bounds: &Bounds,
) -> Result<Report, TrialError> {
    let subject = Subject { release, options, samples, bounds };
    // Whether it can be installed with these settings is no matter of compliance.
    Trial::of(release, options)?;
    let mut checks = Vec::new();
    if release.manifest.roles.contains(&Role::Decoder) {
        checks.extend(decoder::checks(&subject).await?);
    }
    if release.manifest.roles.contains(&Role::Session) {
        checks.extend(session::checks(&subject).await?);
    }
    for role in &release.manifest.roles {
        checks.extend(repeat::checks(&subject, *role).await?);
    }
    if release.manifest.roles.contains(&Role::Transform) {
        checks.push(batches::check(&subject).await?);
    }
    if release.migrates() {
        checks.extend(migration::checks(&subject).await?);
    }
    Ok(Report { plugin: release.reference(), seed: bounds.seed, checks })
}

/// The checks of a decoder alone, as the test kit asks for them.
pub async fn of_decoder(
    release: &Release,
    options: &TrialOptions,
    samples: &Samples,
    bounds: &Bounds,
) -> Result<Report, TrialError> {
    let subject = Subject { release, options, samples, bounds };
    Trial::of(release, options)?.needs(Role::Decoder)?;
    let mut checks = decoder::checks(&subject).await?;
    checks.extend(repeat::checks(&subject, Role::Decoder).await?);
    Ok(Report { plugin: release.reference(), seed: bounds.seed, checks })
}

/// What is checked, and with what.
struct Subject<'s> {
    release: &'s Release,
    options: &'s TrialOptions,
    samples: &'s Samples,
    bounds: &'s Bounds,
}

impl Subject<'_> {
    /// A new installation with nothing kept.
    fn trial(&self) -> Result<Trial, TrialError> {
        let mut trial = Trial::of(self.release, self.options)?;
        trial.script(self.samples.rules.clone());
        Ok(trial)
    }

    /// How a person tries one document or stream.
    fn try_line(&self, role: Role) -> String {
        format!("dongting try {}.wasm --role {role} --input input.bin", self.release.manifest.name)
    }
}

impl Report {
    /// Whether nothing has failed but advice. What was skipped has not failed.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.checks.iter().all(|check| check.advice || check.verdict != Verdict::Failed)
    }

    /// Writes the documents of failures into a folder, and says in each how to try it from there.
    pub fn keep_inputs(&mut self, folder: &Path) -> std::io::Result<()> {
        let mut number = 0;
        for check in &mut self.checks {
            for failure in &mut check.failures {
                let Some(input) = &failure.input else { continue };
                number += 1;
                std::fs::create_dir_all(folder)?;
                let path = folder.join(format!("{}-{number}.bin", check.name));
                std::fs::write(&path, input)?;
                let of_file = failure.reproduce.rsplit(" && ").next().unwrap_or_default();
                failure.reproduce = of_file.replace("input.bin", &path.display().to_string());
            }
        }
        Ok(())
    }
}

impl std::fmt::Display for Report {
    /// A line for each check, and what failed under it.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for check in &self.checks {
            let (role, name, asks, cases) = (check.role, check.name, check.asks, check.cases);
            match &check.verdict {
                Verdict::Passed => writeln!(f, "passed   {role} {name}: {asks} ({cases} calls)")?,
                Verdict::Failed if check.advice => writeln!(f, "advice   {role} {name}: {asks}")?,
                Verdict::Failed => writeln!(f, "FAILED   {role} {name}: {asks}")?,
                Verdict::Skipped(why) => writeln!(f, "skipped  {role} {name}: {why}")?,
            }
            for failure in &check.failures {
                writeln!(f, "         {}: {}", failure.case, failure.reason)?;
                writeln!(f, "         again: {}", failure.reproduce)?;
            }
        }
        Ok(())
    }
}

impl Check {
    fn new(role: Role, name: &'static str, asks: &'static str) -> Self {
        Self::of(role.as_str(), name, asks)
    }

    fn of(role: &'static str, name: &'static str, asks: &'static str) -> Self {
        Self { role, name, asks, advice: false, verdict: Verdict::Passed, cases: 0, failures: Vec::new() }
    }

    fn advice(self) -> Self {
        Self { advice: true, ..self }
    }

    fn skipped(self, why: String) -> Self {
        Self { verdict: Verdict::Skipped(why), ..self }
    }

    fn fail(&mut self, failure: Failure) {
        self.verdict = Verdict::Failed;
        self.failures.push(failure);
    }

    /// Whether there are failures enough.
    fn full(&self, bounds: &Bounds) -> bool {
        self.failures.len() >= bounds.failures
    }
}

/// Where the clock of the checks stands: they give the same on every day.
fn noon() -> Timestamp {
    Timestamp::from_micros(1_788_000_000_000_000).unwrap_or_else(Timestamp::now)
}
