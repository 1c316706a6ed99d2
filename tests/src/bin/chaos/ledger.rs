//! The verifier's process, and what it tells.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::run::Options;

/// The run is over when nothing has arrived for this long.
const STILL: Duration = Duration::from_secs(60);
/// Or when all has arrived, and nothing more, for this long: what comes twice may come late.
const SETTLED: Duration = Duration::from_secs(3);

pub struct Ledger {
    child: Child,
    pub url: String,
}

/// What its book comes to; `book.rs` says what each is.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Figures {
    pub expected: u64,
    pub arrived: u64,
    pub lost: u64,
    pub duplicated: u64,
    pub reordered: u64,
    pub miscounted: u64,
    pub invented: u64,
    pub repeated: u64,
    pub refused: u64,
    pub poison: u64,
    pub end_millis: u64,
    pub end_due: u64,
    pub end_made: u64,
    pub end_kept: u64,
}

/// The dead letters beside the poison.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Letters {
    pub letters: u64,
    pub missing: u64,
    pub stray: u64,
}

impl Ledger {
    pub fn start(options: &Options) -> Result<Self> {
        let program = std::env::current_exe()?.with_file_name("ledger");
        let mut child = Command::new(&program)
            .args(["--rate", &options.rate.to_string(), "--poison-percent", &options.poison.to_string()])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("{} does not start", program.display()))?;
        let mut url = String::new();
        BufReader::new(child.stdout.take().context("no standard output")?).read_line(&mut url)?;
        if url.trim().is_empty() {
            bail!("the ledger ended before it was ready");
        }
        Ok(Self { child, url: url.trim().to_owned() })
    }

    pub fn tell(&self, path: &str, body: &str) -> Result<()> {
        ureq::post(format!("{}/{path}", self.url)).send(body)?;
        Ok(())
    }

    fn ask<T: DeserializeOwned>(&self, path: &str) -> Result<T> {
        let mut answer = ureq::get(format!("{}/{path}", self.url)).call()?;
        Ok(serde_json::from_str(&answer.body_mut().read_to_string()?)?)
    }

    pub fn figures(&self) -> Result<Figures> {
        self.ask("figures")
    }

    /// It asks the host for them.
    pub fn letters(&self) -> Result<Letters> {
        self.ask("letters")
    }

    /// Until all has arrived and nothing came behind it, or nothing more comes. How long it took until then.
    pub fn drained(&self) -> Result<Duration> {
        let began = Instant::now();
        let mut last = (0, Instant::now());
        loop {
            let figures = self.figures()?;
            // The last poison may be given up after the last effect. A host that cannot tell yet is asked again.
            let letters = if figures.lost == 0 { self.letters().ok() } else { None };
            let complete = letters.as_ref().is_some_and(|letters| letters.missing == 0);
            let letters = letters.unwrap_or_default().letters;
            let seen = figures.arrived + figures.repeated + figures.duplicated + letters;
            if seen != last.0 {
                last = (seen, Instant::now());
            }
            let patience = if complete { SETTLED } else { STILL };
            if last.1.elapsed() > patience {
                return Ok(last.1.duration_since(began));
            }
            std::thread::sleep(Duration::from_millis(100));
        }
    }
}

impl Drop for Ledger {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
