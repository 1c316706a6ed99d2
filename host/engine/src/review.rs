//! What a reviewer is shown of a release before it is approved: what it is and asks for, by its bytes; what is new in that; what
//! was pushed along with it; and what each signature on it comes to.

use std::collections::BTreeSet;

use dongting_manifest::asked::{Difference, Side, differences};
use dongting_manifest::section::SectionError;
use dongting_manifest::{Version, imports};
use dongting_registry::media_type::{MATERIALS, QUALITY};
use dongting_registry::{At, Details, Digest, Reference, RegistryError};
pub use dongting_trust::Predicate;
use dongting_trust::{Keyring, Verdict, verdicts, verify_release};
use serde_json::Value;

use crate::gate::Signed;
use crate::host::Host;
use crate::installed::chain;

/// Of a bill of materials; what is behind them is not shown.
const MAX_MATERIALS: usize = 10_000;
/// Where a bill of materials has the SHA-256 of what it is of.
const MATERIAL_OF: &str = "/metadata/component/hashes/0/content";

pub struct Review {
    pub details: Details,
    pub imports: BTreeSet<String>,
    /// The newest release before it that is trusted, and what this one asks for otherwise.
    pub since: Option<(String, Vec<Difference>)>,
    /// As it was pushed.
    pub quality: Option<Value>,
    pub materials: Option<Vec<Material>>,
    pub signatures: Vec<SignatureFound>,
    /// Who approved it, or why it may not run.
    pub verdict: Result<String, String>,
    /// The installations that run it.
    pub installations: Vec<String>,
}

pub struct Material {
    pub name: String,
    pub version: Option<String>,
    pub licence: Option<String>,
}

/// A signature and what it comes to.
pub struct SignatureFound {
    pub key: Option<String>,
    pub algorithm: Option<&'static str>,
    pub owner: Option<String>,
    pub says: Option<Predicate>,
    /// What is wrong with it.
    pub wrong: Option<String>,
}

#[derive(Debug, thiserror::Error)]
pub enum ReviewError {
    #[error(transparent)]
    Registry(#[from] RegistryError),
    #[error("the component cannot be read")]
    Component(#[from] SectionError),
}

impl Host {
    pub async fn review(&self, reference: &Reference) -> Result<Review, ReviewError> {
        let details = self.registry.details(reference).await?;
        let subject = details.release.manifest_digest;
        let exactly = Reference { repository: details.repository.clone(), at: At::Digest(subject) };
        let release = self.registry.release(&exactly).await?;
        let imports = self.imports_of(&release.component_digest).await?;
        let keyring = self.gate.keyring().await?;
        let found = verdicts(&keyring, &release.claim()?, &release.envelopes);
        let verdict = match self.gate.release(&exactly).await {
            Ok((_, signed)) => Ok(signed.trusted.reviewer),
            Err(error) => Err(chain(&error)),
        };
        let runs =
            |signed: &Option<Signed>| signed.as_ref().is_some_and(|signed| signed.manifest_digest == subject);
        let all = self.all().into_iter();
        let installations = all
            .filter(|one| one.installed.as_ref().is_some_and(|installed| runs(&installed.signed)))
            .map(|one| one.installation.id.clone())
            .collect();
        Ok(Review {
            since: self.since(&details, &imports, &keyring).await?,
            // What is said of another component says nothing of this one, whoever pushed it.
            quality: self.report(&exactly, subject, QUALITY).await?.filter(|report| {
                text(report, "/digest") == Some(release.component_digest.to_string().as_str())
            }),
            materials: self
                .report(&exactly, subject, MATERIALS)
                .await?
                .filter(|bom| text(bom, MATERIAL_OF) == Some(release.component_digest.hex().as_str()))
                .map(|bom| materials(&bom)),
            signatures: found.into_iter().map(|verdict| signature(&keyring, verdict)).collect(),
            details,
            imports,
            verdict,
            installations,
        })
    }

    /// The newest one before it that may run here, and in what this one differs.
    async fn since(
        &self,
        details: &Details,
        imports: &BTreeSet<String>,
        keyring: &Keyring,
    ) -> Result<Option<(String, Vec<Difference>)>, ReviewError> {
        let number = |text: &str| text.parse::<Version>().ok();
        let own = number(&details.release.version);
        let plugin = self.registry.plugin(&details.repository).await?;
        for earlier in plugin.versions.iter().filter(|one| number(&one.version) < own) {
            let at = At::Digest(earlier.manifest_digest);
            let reference = Reference { repository: details.repository.clone(), at };
            // By what the registry says of it: a vendor may have hundreds that were never approved, and their bytes are not read for that.
            let release = self.registry.release(&reference).await?;
            if release.yanked.is_some()
                || verify_release(keyring, &release.claim()?, &release.envelopes).is_err()
            {
                continue;
            }
            let before = self.registry.details(&reference).await?;
            let imported = self.imports_of(&earlier.component_digest).await?;
            let old = Side { manifest: &before.manifest, imports: &imported };
            let new = Side { manifest: &details.manifest, imports };
            return Ok(Some((earlier.version.clone(), differences(old, new))));
        }
        Ok(None)
    }

    async fn imports_of(&self, component: &Digest) -> Result<BTreeSet<String>, ReviewError> {
        Ok(imports::read(&self.registry.component(component).await?)?)
    }

    /// The newest report of a type. One that is no JSON is none: whoever pushed it sees that nothing is shown.
    async fn report(
        &self,
        release: &Reference,
        subject: Digest,
        kind: &str,
    ) -> Result<Option<Value>, ReviewError> {
        let newest = self.registry.newest_attachment(&release.repository, subject, kind).await?;
        Ok(newest.and_then(|report| serde_json::from_slice(&report.bytes).ok()))
    }
}

fn signature(keyring: &Keyring, verdict: Verdict) -> SignatureFound {
    let record = verdict.key.as_ref().and_then(|key| keyring.get(key));
    SignatureFound {
        key: verdict.key.as_ref().map(ToString::to_string),
        algorithm: record.map(|record| record.key.algorithm().as_str()),
        owner: verdict.owner.as_ref().map(ToString::to_string),
        says: verdict.says,
        wrong: verdict.finding.err().map(|distrust| distrust.to_string()),
    }
}

fn text<'v>(value: &'v Value, pointer: &str) -> Option<&'v str> {
    value.pointer(pointer).and_then(Value::as_str)
}

/// Of a CycloneDX document, whatever else is in it.
fn materials(bom: &Value) -> Vec<Material> {
    let parts = bom.get("components").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let one = |part: &Value| {
        let text = |name: &str| part.get(name).and_then(Value::as_str).map(str::to_owned);
        let licence = |place: &str| part.pointer(place).and_then(Value::as_str).map(str::to_owned);
        Some(Material {
            name: text("name")?,
            version: text("version"),
            licence: licence("/licenses/0/license/id")
                .or_else(|| licence("/licenses/0/license/name"))
                .or_else(|| licence("/licenses/0/expression")),
        })
    };
    parts.iter().filter_map(one).take(MAX_MATERIALS).collect()
}
