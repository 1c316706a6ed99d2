//! Whether a release may run: the policy of the province, and for each signature what is wrong with it.
//!
//! A release needs its vendor's signature and a reviewer's. Signatures that are bad spoil nothing while good ones are there: whoever may
//! push could otherwise take any release out of service. One thing does: a trusted reviewer's rejection, which no approval outweighs.

use dongting_manifest::Version;

use crate::envelope::{Envelope, EnvelopeError, Signature};
use crate::key::KeyId;
use crate::keyring::{KeyRecord, Keyring, Owner};
use crate::statement::{Predicate, Statement, StatementError};

/// What somebody is about to run, as the host knows it by itself: the digest is of the bytes in hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// `vendor/plugin`.
    pub repository: String,
    pub version: Version,
    /// SHA-256 of the component, 64 hexadecimal digits.
    pub component_digest: String,
}

/// Whose signatures a release is trusted by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trusted {
    pub vendor_key: KeyId,
    pub reviewer_key: KeyId,
    pub reviewer: String,
}

/// What one signature comes to.
#[derive(Debug, Clone, PartialEq)]
pub struct Verdict {
    /// None where the envelope could not be read.
    pub key: Option<KeyId>,
    /// None for a key that the registry does not know.
    pub owner: Option<Owner>,
    /// What is said, or would be if the signature were good; none where it cannot be read.
    pub says: Option<Predicate>,
    pub finding: Result<(), Distrust>,
}

/// Why a release is not trusted, as a sentence for its vendor and for the operator.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Distrust {
    #[error("{0}")]
    Envelope(EnvelopeError),
    #[error("a signature names the key {key}, which this registry does not know: the province must add it with `dongting keys add`, or the release must be signed with a key that it knows", key = key.short())]
    UnknownKey { key: KeyId },
    #[error("the signature does not fit the envelope that names the key {key} of {owner}: what was signed was changed afterwards; sign the release anew", key = key.short())]
    Tampered { key: KeyId, owner: Owner },
    #[error("the key {key} of {owner} was revoked: {reason}. Nothing that it signed is trusted; sign the release anew with another key", key = key.short())]
    Revoked { key: KeyId, owner: Owner, reason: String },
    #[error("the key {key} of {owner} is retired and signs nothing new: sign with the key that took its place", key = key.short())]
    Retired { key: KeyId, owner: Owner },
    #[error("{0}")]
    Statement(StatementError),
    #[error("the release is signed with the key {key} of {owner}, but {repository} is vendor:{vendor}'s: only its own keys sign for it", key = key.short(), vendor = vendor(repository))]
    WrongVendor { key: KeyId, owner: Owner, repository: String },
    #[error("the review is signed with the key {key} of {owner}, which is no reviewer's", key = key.short())]
    NotReviewer { key: KeyId, owner: Owner },
    #[error("the review is signed with the key {key} of {owner}, which this host's operator does not trust: name the key's file in `[trust] province` of dongting.toml, or have the release reviewed by somebody named there", key = key.short())]
    UntrustedReviewer { key: KeyId, owner: Owner },
    #[error("what is signed is {signed}, but this is {found}: a signature is good for its own plugin alone")]
    Name { signed: String, found: String },
    #[error(
        "what is signed is version {signed}, but this is version {found}: each version is signed by itself"
    )]
    Version { signed: Version, found: Version },
    #[error(
        "what is signed is the component sha256:{signed}, but this is sha256:{found}: the component was changed after it was signed, or the wrong file was"
    )]
    Digest { signed: String, found: String },
    #[error(
        "the reviewer {reviewer} rejected the release: {note}. Correct it and publish it as a new version"
    )]
    Rejected { reviewer: String, note: String },
    #[error("the release has no signature of its vendor: sign it with `dongting plugin sign` and a key of vendor:{}", vendor(.0))]
    NoVendorSignature(String),
    #[error(
        "the release was not reviewed yet: a reviewer of the province approves it with `dongting review approve {0}:{1}`"
    )]
    NoReview(String, Version),
}

/// The one question that the host asks before it compiles anything.
pub fn verify_release<E: AsRef<[u8]>>(
    keyring: &Keyring,
    claim: &Claim,
    envelopes: &[E],
) -> Result<Trusted, Distrust> {
    let verdicts = verdicts(keyring, claim, envelopes);
    let (vendor_key, _) = signer(&verdicts, |says| *says == Predicate::Release)
        .map_err(|why| why.unwrap_or_else(|| Distrust::NoVendorSignature(claim.repository.clone())))?;
    for verdict in verdicts.iter().filter(|verdict| verdict.finding.is_ok()) {
        if let (Some(owner), Some(Predicate::Review { approved: false, note })) =
            (&verdict.owner, &verdict.says)
        {
            return Err(Distrust::Rejected { reviewer: owner.name().to_owned(), note: note.clone() });
        }
    }
    let (reviewer_key, owner) = signer(&verdicts, |says| matches!(says, Predicate::Review { .. }))
        .map_err(|why| why.unwrap_or_else(|| Distrust::NoReview(claim.repository.clone(), claim.version)))?;
    Ok(Trusted {
        vendor_key: vendor_key.clone(),
        reviewer_key: reviewer_key.clone(),
        reviewer: owner.name().to_owned(),
    })
}

/// What each signature of each envelope comes to, in their order; an envelope that cannot be read is one verdict.
pub fn verdicts<E: AsRef<[u8]>>(keyring: &Keyring, claim: &Claim, envelopes: &[E]) -> Vec<Verdict> {
    let mut verdicts = Vec::new();
    for bytes in envelopes {
        match Envelope::parse(bytes.as_ref()) {
            Err(error) => verdicts.push(Verdict {
                key: None,
                owner: None,
                says: None,
                finding: Err(Distrust::Envelope(error)),
            }),
            Ok(envelope) => {
                let statement = Statement::of(&envelope);
                let signed = envelope.signed();
                verdicts.extend(envelope.signatures.iter().map(|signature| {
                    let record = keyring.get(&signature.key);
                    Verdict {
                        key: Some(signature.key.clone()),
                        owner: record.map(|record| record.owner.clone()),
                        says: statement.as_ref().ok().map(|statement| statement.predicate.clone()),
                        finding: judge(keyring, claim, record, signature, &signed, &statement),
                    }
                }));
            }
        }
    }
    verdicts
}

/// Whether a registry should take an envelope for a release at all. A good signature suffices, whatever stands beside it: while a key is
/// exchanged for another both sign, and the old one may be retired or revoked here already. Else one by a retired key is refused, since
/// retiring means that nothing new is signed; and one by a key that the registry does not know yet is taken: it counts nowhere until the
/// key is added.
pub fn admit(keyring: &Keyring, claim: &Claim, envelope: &[u8]) -> Result<(), Distrust> {
    let (mut open, mut retired, mut refused) = (false, None, None);
    for verdict in verdicts(keyring, claim, &[envelope]) {
        let record = verdict.key.as_ref().and_then(|key| keyring.get(key));
        match (verdict.finding, record.filter(|record| record.retired.is_some())) {
            (Ok(()), None) => return Ok(()),
            (Err(Distrust::UnknownKey { .. } | Distrust::UntrustedReviewer { .. }), None) => open = true,
            (Ok(()) | Err(Distrust::UntrustedReviewer { .. }), Some(record)) => {
                retired = Some(Distrust::Retired { key: record.id.clone(), owner: record.owner.clone() });
            }
            (Err(distrust), _) => drop(refused.get_or_insert(distrust)),
        }
    }
    match (retired, open, refused) {
        (Some(retired), ..) => Err(retired),
        (None, false, Some(refused)) => Err(refused),
        (None, ..) => Ok(()),
    }
}

/// The same for an envelope whose release is not there yet: it is held against what it says itself. The release is verified when it runs.
pub fn admit_early(keyring: &Keyring, repository: &str, envelope: &[u8]) -> Result<(), Distrust> {
    let read = Envelope::parse(envelope).map_err(Distrust::Envelope)?;
    let statement = Statement::of(&read).map_err(Distrust::Statement)?;
    let Statement { version, component_digest, .. } = statement;
    admit(keyring, &Claim { repository: repository.to_owned(), version, component_digest }, envelope)
}

/// The namespace of a repository.
fn vendor(repository: &str) -> &str {
    repository.split_once('/').map_or(repository, |(vendor, _)| vendor)
}

/// The first good signature that says what is wanted; else what is wrong with the first that would, or else with the first of which
/// nobody can tell what it says.
fn signer(
    verdicts: &[Verdict],
    wanted: impl Fn(&Predicate) -> bool,
) -> Result<(&KeyId, &Owner), Option<Distrust>> {
    let would = |verdict: &&Verdict| verdict.says.as_ref().is_some_and(&wanted);
    for verdict in verdicts.iter().filter(would) {
        if let (Ok(()), Some(key), Some(owner)) = (&verdict.finding, &verdict.key, &verdict.owner) {
            return Ok((key, owner));
        }
    }
    let worst = verdicts.iter().find(would).or_else(|| verdicts.iter().find(|one| one.says.is_none()));
    Err(worst.and_then(|verdict| verdict.finding.clone().err()))
}

fn judge(
    keyring: &Keyring,
    claim: &Claim,
    record: Option<&KeyRecord>,
    signature: &Signature,
    signed: &[u8],
    statement: &Result<Statement, StatementError>,
) -> Result<(), Distrust> {
    let Some(record) = record else {
        return Err(Distrust::UnknownKey { key: signature.key.clone() });
    };
    let (key, owner) = (record.id.clone(), record.owner.clone());
    if record.key.verify(signed, &signature.bytes).is_err() {
        return Err(Distrust::Tampered { key, owner });
    }
    if let Some(revoked) = &record.revoked {
        return Err(Distrust::Revoked { key, owner, reason: revoked.reason.clone() });
    }
    let statement = statement.as_ref().map_err(|error| Distrust::Statement(error.clone()))?;
    match (&statement.predicate, &record.owner) {
        (Predicate::Release, Owner::Vendor(name)) if *name == vendor(&claim.repository) => {}
        (Predicate::Release, _) => {
            return Err(Distrust::WrongVendor { key, owner, repository: claim.repository.clone() });
        }
        (Predicate::Review { .. }, Owner::Province(_)) if keyring.trusts(&record.id) => {}
        (Predicate::Review { .. }, Owner::Province(_)) => {
            return Err(Distrust::UntrustedReviewer { key, owner });
        }
        (Predicate::Review { .. }, Owner::Vendor(_)) => return Err(Distrust::NotReviewer { key, owner }),
    }
    if statement.repository != claim.repository {
        let (signed, found) = (statement.repository.clone(), claim.repository.clone());
        return Err(Distrust::Name { signed, found });
    }
    if statement.version != claim.version {
        return Err(Distrust::Version { signed: statement.version, found: claim.version });
    }
    if statement.component_digest != claim.component_digest {
        let (signed, found) = (statement.component_digest.clone(), claim.component_digest.clone());
        return Err(Distrust::Digest { signed, found });
    }
    Ok(())
}

#[cfg(test)]
mod tests;
