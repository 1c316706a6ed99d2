//! The quality report: JSON for the registry and the reviewer, a page for the vendor.

use std::collections::BTreeSet;
use std::fmt;

use dongting_engine::compliance::{self, Verdict};
use dongting_manifest::Manifest;
use serde_json::{Value, json};

use super::grade::{Finding, Grade};

pub struct Quality {
    pub manifest: Manifest,
    /// SHA-256 of the component.
    pub digest: String,
    pub bytes: usize,
    pub imports: BTreeSet<String>,
    pub grade: Grade,
    pub findings: Vec<Finding>,
    pub compliance: compliance::Report,
}

impl Quality {
    pub fn to_json(&self) -> Value {
        let manifest = &self.manifest;
        json!({
            "schema": "urn:dongting:quality:v1",
            "dongting": env!("CARGO_PKG_VERSION"),
            "name": manifest.name,
            "version": manifest.version,
            "vendor": manifest.vendor,
            "digest": format!("sha256:{}", self.digest),
            "bytes": self.bytes,
            "roles": manifest.roles.iter().map(|role| role.as_str()).collect::<Vec<_>>(),
            "imports": self.imports,
            "grade": self.grade.to_string(),
            "findings": self.findings.iter().map(|finding| json!({
                "grade": finding.grade.to_string(),
                "what": finding.what,
                "advice": finding.advice,
            })).collect::<Vec<_>>(),
            "compliance": self.compliance,
        })
    }
}

impl fmt::Display for Quality {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let manifest = &self.manifest;
        writeln!(
            f,
            "{} {} of {}, {} KiB",
            manifest.name,
            manifest.version,
            manifest.vendor,
            self.bytes.div_ceil(1024)
        )?;
        for check in &self.compliance.checks {
            let (sign, rest) = match &check.verdict {
                Verdict::Passed => ("✓", format!("{} ({} calls)", check.asks, check.cases)),
                Verdict::Failed if check.advice => ("!", check.asks.to_owned()),
                Verdict::Failed => ("✗", check.asks.to_owned()),
                Verdict::Skipped(why) => ("–", format!("not tried: {why}")),
            };
            writeln!(f, "{sign} {} {}: {rest}", check.role, check.name)?;
        }
        writeln!(f, "grade {}", self.grade)?;
        for finding in &self.findings {
            writeln!(f, "{}: {}", finding.grade, finding.what)?;
            if !finding.advice.is_empty() {
                writeln!(f, "   {}", finding.advice)?;
            }
        }
        Ok(())
    }
}
