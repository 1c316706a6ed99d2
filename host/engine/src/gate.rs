//! What may run. Of a release the signatures are verified over the very bytes that will be compiled, by the keys that the registry knows
//! and the reviewers that the operator's own file names; a file that nobody signed runs only where the operator has said so.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{PoisonError, RwLock};

use dongting_manifest::installation::Code;
use dongting_manifest::plugin::ManifestError;
use dongting_manifest::section::{self, SectionError};
use dongting_manifest::version::VersionError;
use dongting_manifest::{Manifest, Version};
use dongting_registry::{At, Digest, Reference, Registry, RegistryError, Release, Repository};
use dongting_sandbox::MAX_COMPONENT_BYTES;
use dongting_trust::{Claim, Distrust, Keyring, PublicKey, Trusted, verify_release};
use tokio::io::AsyncReadExt;

use crate::installed::chain;

pub struct Gate {
    registry: Registry,
    policy: RwLock<Policy>,
}

/// What the operator's file says.
#[derive(Debug, Clone, Default)]
pub struct Policy {
    pub reviewers: Vec<PublicKey>,
    pub allow_unsigned: bool,
}

/// A component that may be compiled.
pub struct Admitted {
    pub bytes: Vec<u8>,
    /// None for a file that nobody signed.
    pub signed: Option<Signed>,
}

/// A release and whose signatures it runs by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    pub repository: Repository,
    pub version: Version,
    pub manifest_digest: Digest,
    /// Of the bytes that were verified.
    pub component_digest: Digest,
    pub trusted: Trusted,
}

/// One look at the keys and the policy, for many questions.
pub struct Check<'g> {
    gate: &'g Gate,
    keyring: Keyring,
    policy: Policy,
    answers: BTreeMap<Digest, Result<(), String>>,
}

#[derive(Debug, thiserror::Error)]
pub enum GateError {
    #[error("the component {path} cannot be read", path = path.display())]
    File {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error(
        "nobody has signed its component: enable a release of the registry with release = \"vendor/plugin:1.2.0\", or, on a machine for development, set allow_unsigned = true under [trust]"
    )]
    Unsigned,
    #[error("{0}")]
    Reference(String),
    #[error("the release {reference} cannot be had")]
    Registry {
        reference: String,
        #[source]
        source: Box<RegistryError>,
    },
    #[error("the release {repository}:{version} was yanked: {reason}. Enable another version")]
    Yanked { repository: Repository, version: String, reason: String },
    #[error(
        "the registry gave the component {found} for {wanted}: its directory was tampered with, push the release again"
    )]
    Digest { wanted: Digest, found: Digest },
    #[error("the release {reference} cannot be read")]
    Section { reference: String, source: SectionError },
    #[error("the release {reference} cannot be read")]
    Manifest { reference: String, source: ManifestError },
    #[error("the release {reference} cannot be read")]
    Version { reference: String, source: VersionError },
    #[error(
        "the registry gave {name} {version} for {reference}: its database was tampered with, push the release again"
    )]
    Misnamed { reference: String, name: String, version: String },
    #[error("the release {repository}:{version} is not trusted")]
    Distrust { repository: Repository, version: Version, source: Distrust },
    /// What was found when the same release was looked at a moment ago.
    #[error("{0}")]
    Before(String),
}

/// Whether the registry could not answer just now, which is no reason to stop what runs.
pub(crate) fn is_passing(error: &RegistryError) -> bool {
    matches!(error, RegistryError::Sql(_) | RegistryError::Disk(_) | RegistryError::Busy)
}

impl Gate {
    pub fn new(registry: Registry, policy: Policy) -> Self {
        Self { registry, policy: RwLock::new(policy) }
    }

    pub fn set(&self, policy: Policy) {
        *self.policy.write().unwrap_or_else(PoisonError::into_inner) = policy;
    }

    pub fn policy(&self) -> Policy {
        self.policy.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The component's bytes, verified.
    pub async fn admit(&self, code: &Code) -> Result<Admitted, GateError> {
        match code {
            Code::File(path) => {
                self.unsigned()?;
                Ok(Admitted { bytes: file(path).await?, signed: None })
            }
            Code::Release(reference) => {
                let reference: Reference =
                    reference.parse().map_err(|error| GateError::Reference(format!("{error}")))?;
                let (bytes, signed) = self.release(&reference).await?;
                Ok(Admitted { bytes, signed: Some(signed) })
            }
        }
    }

    /// Whether code that nobody signed may run.
    pub fn unsigned(&self) -> Result<(), GateError> {
        if self.policy().allow_unsigned { Ok(()) } else { Err(GateError::Unsigned) }
    }

    /// A release of the registry, verified from its bytes.
    pub(crate) async fn release(&self, reference: &Reference) -> Result<(Vec<u8>, Signed), GateError> {
        let failed =
            |source| GateError::Registry { reference: reference.to_string(), source: Box::new(source) };
        let name = || reference.to_string();
        let release = self.registry.release(reference).await.map_err(failed)?;
        not_yanked(&release)?;
        let keyring = self.keyring().await.map_err(failed)?;
        let bytes = self.registry.component(&release.component_digest).await.map_err(failed)?;
        // From here on nothing that the registry says counts: the name, the version and the digest are those of the bytes.
        let found = Digest::of(&bytes);
        if found != release.component_digest {
            return Err(GateError::Digest { wanted: release.component_digest, found });
        }
        let text =
            section::read(&bytes).map_err(|source| GateError::Section { reference: name(), source })?;
        let manifest =
            Manifest::parse(text).map_err(|source| GateError::Manifest { reference: name(), source })?;
        let version: Version =
            manifest.version.parse().map_err(|source| GateError::Version { reference: name(), source })?;
        let asked = match &reference.at {
            At::Tag(tag) => tag.as_str() == manifest.version,
            At::Digest(_) => true,
        };
        if !asked || manifest.name != reference.repository.plugin() {
            let (name, version) = (manifest.name, manifest.version);
            return Err(GateError::Misnamed { reference: reference.to_string(), name, version });
        }
        let repository = reference.repository.clone();
        let claim = Claim { repository: repository.to_string(), version, component_digest: found.hex() };
        let trusted = verify_release(&keyring, &claim, &release.envelopes)
            .map_err(|source| GateError::Distrust { repository: repository.clone(), version, source })?;
        let manifest_digest = release.manifest_digest;
        Ok((bytes, Signed { repository, version, manifest_digest, component_digest: found, trusted }))
    }

    /// The registry's keys with the operator's reviewers.
    pub(crate) async fn keyring(&self) -> Result<Keyring, RegistryError> {
        let keyring = self.registry.keyring().await?;
        keyring.trusting(&self.policy().reviewers).map_err(|error| RegistryError::Damaged(error.to_string()))
    }

    pub async fn check(&self) -> Result<Check<'_>, RegistryError> {
        let keyring = self.keyring().await?;
        Ok(Check { gate: self, keyring, policy: self.policy(), answers: BTreeMap::new() })
    }
}

impl Check<'_> {
    /// Whether what was admitted once still may run. Of a release that the registry no longer has nobody can say it, so it may not.
    pub async fn still(&mut self, signed: Option<&Signed>) -> Result<(), GateError> {
        let Some(signed) = signed else {
            return if self.policy.allow_unsigned { Ok(()) } else { Err(GateError::Unsigned) };
        };
        if let Some(answer) = self.answers.get(&signed.manifest_digest) {
            return answer.clone().map_err(GateError::Before);
        }
        let answer = self.again(signed).await;
        if !matches!(&answer, Err(GateError::Registry { source, .. }) if is_passing(source)) {
            let kept = answer.as_ref().copied().map_err(|error| chain(error));
            self.answers.insert(signed.manifest_digest, kept);
        }
        answer
    }

    async fn again(&self, signed: &Signed) -> Result<(), GateError> {
        let (repository, version) = (signed.repository.clone(), signed.version);
        let reference = Reference { repository: repository.clone(), at: At::Digest(signed.manifest_digest) };
        let release = self.gate.registry.release(&reference).await.map_err(|source| GateError::Registry {
            reference: format!("{repository}:{version}"),
            source: Box::new(source),
        })?;
        not_yanked(&release)?;
        let component_digest = signed.component_digest.hex();
        let claim = Claim { repository: repository.to_string(), version, component_digest };
        verify_release(&self.keyring, &claim, &release.envelopes)
            .map(drop)
            .map_err(|source| GateError::Distrust { repository, version, source })
    }
}

fn not_yanked(release: &Release) -> Result<(), GateError> {
    match &release.yanked {
        None => Ok(()),
        Some(reason) => Err(GateError::Yanked {
            repository: release.repository.clone(),
            version: release.version.clone(),
            reason: reason.trim_end_matches('.').to_owned(),
        }),
    }
}

/// Of a file that is no component, however it goes on, no more is read than shows that.
async fn file(path: &Path) -> Result<Vec<u8>, GateError> {
    let read = async {
        let mut bytes = Vec::new();
        let most = MAX_COMPONENT_BYTES as u64 + 1;
        tokio::fs::File::open(path).await?.take(most).read_to_end(&mut bytes).await?;
        Ok(bytes)
    };
    read.await.map_err(|source| GateError::File { path: path.to_owned(), source })
}
