use dongting_manifest::Timestamp;
use proptest::prelude::*;

use super::*;
use crate::key::{Algorithm, SecretKey};
use crate::keyring::Revoked;

/// A vendor, a reviewer, and a release that both have signed.
struct Scene {
    vendor: SecretKey,
    reviewer: SecretKey,
    records: Vec<KeyRecord>,
    claim: Claim,
}

impl Scene {
    fn new(algorithm: Algorithm) -> Self {
        let vendor = SecretKey::generate(algorithm).unwrap();
        let reviewer = SecretKey::generate(algorithm).unwrap();
        let records = vec![record(&vendor, "vendor:hydro"), record(&reviewer, "province:wang")];
        let claim = Claim {
            repository: "hydro/gauge".to_owned(),
            version: "1.2.0".parse().unwrap(),
            component_digest: "0f".repeat(32),
        };
        Self { vendor, reviewer, records, claim }
    }

    fn keyring(&self) -> Keyring {
        Keyring::new(self.records.clone()).trusting(&[self.reviewer.public()]).unwrap()
    }

    fn release(&self) -> Statement {
        let Claim { repository, version, component_digest } = self.claim.clone();
        Statement { repository, version, component_digest, predicate: Predicate::Release }
    }

    fn review(&self, approved: bool) -> Statement {
        Statement {
            predicate: Predicate::Review { approved, note: "it asks for too much".to_owned() },
            ..self.release()
        }
    }

    fn signed(&self) -> [Vec<u8>; 2] {
        [signed(&self.release(), &self.vendor), signed(&self.review(true), &self.reviewer)]
    }

    fn verify(&self, envelopes: &[Vec<u8>]) -> Result<Trusted, Distrust> {
        verify_release(&self.keyring(), &self.claim, envelopes)
    }

    fn refused(&self, envelopes: &[Vec<u8>]) -> String {
        self.verify(envelopes).unwrap_err().to_string()
    }
}

fn at() -> Timestamp {
    Timestamp::from_micros(0).unwrap()
}

fn record(key: &SecretKey, owner: &str) -> KeyRecord {
    KeyRecord::new(key.public(), owner.parse().unwrap(), at()).unwrap()
}

fn signed(statement: &Statement, key: &SecretKey) -> Vec<u8> {
    statement.sign(key).unwrap().to_json().into_bytes()
}

#[test]
fn vendor_and_reviewer_make_a_release_trusted() {
    for algorithm in [Algorithm::Ed25519, Algorithm::Sm2] {
        let scene = Scene::new(algorithm);
        let trusted = scene.verify(&scene.signed()).unwrap();
        assert_eq!(trusted.vendor_key, scene.vendor.public().id().unwrap());
        assert_eq!(trusted.reviewer_key, scene.reviewer.public().id().unwrap());
        assert_eq!(trusted.reviewer, "wang");
    }
}

#[test]
fn one_alone_does_not_suffice() {
    let scene = Scene::new(Algorithm::Ed25519);
    let [release, review] = scene.signed();
    assert!(scene.refused(&[]).contains("no signature of its vendor"));
    assert!(scene.refused(&[review]).contains("no signature of its vendor"));
    assert!(scene.refused(&[release]).contains("`dongting review approve hydro/gauge:1.2.0`"));
}

#[test]
fn unknown_key() {
    let mut scene = Scene::new(Algorithm::Ed25519);
    scene.records.remove(0);
    assert!(scene.refused(&scene.signed()).contains("does not know"));
}

#[test]
fn wrong_vendors_key() {
    let mut scene = Scene::new(Algorithm::Sm2);
    scene.records[0].owner = "vendor:other".parse().unwrap();
    let said = scene.refused(&scene.signed());
    assert!(said.contains("of vendor:other, but hydro/gauge is vendor:hydro's"), "{said}");
    // A reviewer signs for no vendor, and no vendor reviews.
    let scene = Scene::new(Algorithm::Ed25519);
    let [release, review] = scene.signed();
    let by_reviewer = signed(&scene.release(), &scene.reviewer);
    assert!(scene.refused(&[by_reviewer, review]).contains("only its own keys sign for it"));
    let by_vendor = signed(&scene.review(true), &scene.vendor);
    assert!(scene.refused(&[release, by_vendor]).contains("which is no reviewer's"));
}

#[test]
fn revoked_key() {
    for which in [0, 1] {
        let mut scene = Scene::new(Algorithm::Sm2);
        scene.records[which].revoked = Some(Revoked { at: at(), reason: "the laptop was stolen".to_owned() });
        assert!(scene.refused(&scene.signed()).contains("was revoked: the laptop was stolen."));
    }
}

#[test]
fn a_reviewer_whom_the_operator_does_not_name() {
    let scene = Scene::new(Algorithm::Ed25519);
    let keyring = Keyring::new(scene.records.clone());
    let said = verify_release(&keyring, &scene.claim, &scene.signed()).unwrap_err().to_string();
    assert!(said.contains("`[trust] province`"), "{said}");
    // A key that the operator names but the registry knows as a vendor's is no reviewer's.
    let keyring = Keyring::new(scene.records.clone()).trusting(&[scene.vendor.public()]).unwrap();
    let by_vendor = signed(&scene.review(true), &scene.vendor);
    let envelopes = [signed(&scene.release(), &scene.vendor), by_vendor];
    let said = verify_release(&keyring, &scene.claim, &envelopes).unwrap_err().to_string();
    assert!(said.contains("which is no reviewer's"), "{said}");
}

#[test]
fn tampered_envelope() {
    for algorithm in [Algorithm::Ed25519, Algorithm::Sm2] {
        let scene = Scene::new(algorithm);
        let [release, review] = scene.signed();
        let mut envelope = Envelope::parse(&release).unwrap();
        envelope.payload = scene.release().to_json().replace("1.2.0", "1.2.1").into_bytes();
        let said = scene.refused(&[envelope.to_json().into_bytes(), review.clone()]);
        assert!(said.contains("was changed afterwards"), "{said}");
        let mut envelope = Envelope::parse(&release).unwrap();
        envelope.signatures[0].bytes[10] ^= 1;
        assert!(scene.refused(&[envelope.to_json().into_bytes(), review.clone()]).contains("was changed"));
        assert!(scene.refused(&[release, review[..review.len() - 1].to_vec()]).contains("no DSSE JSON"));
    }
}

#[test]
fn another_digest_version_or_name() {
    let scene = Scene::new(Algorithm::Ed25519);
    let envelopes = scene.signed();
    let refused =
        |claim: Claim| verify_release(&scene.keyring(), &claim, &envelopes).unwrap_err().to_string();
    let said = refused(Claim { component_digest: "f0".repeat(32), ..scene.claim.clone() });
    assert!(said.contains("the component was changed after it was signed"), "{said}");
    let said = refused(Claim { version: "1.3.0".parse().unwrap(), ..scene.claim.clone() });
    assert!(said.contains("version 1.2.0, but this is version 1.3.0"), "{said}");
    let said = refused(Claim { repository: "hydro/pump".to_owned(), ..scene.claim.clone() });
    assert!(said.contains("what is signed is hydro/gauge, but this is hydro/pump"), "{said}");
}

#[test]
fn bad_signatures_spoil_no_good_ones() {
    let scene = Scene::new(Algorithm::Ed25519);
    let stranger = SecretKey::generate(Algorithm::Sm2).unwrap();
    let [release, review] = scene.signed();
    let noise = [
        b"{}".to_vec(),
        signed(&scene.release(), &stranger),
        signed(&scene.review(false), &stranger),
        signed(&scene.review(false), &scene.vendor),
    ];
    let all: Vec<Vec<u8>> = noise.into_iter().chain([release, review]).collect();
    assert!(scene.verify(&all).is_ok());
    assert_eq!(
        verdicts(&scene.keyring(), &scene.claim, &all).iter().filter(|one| one.finding.is_ok()).count(),
        2
    );
}

#[test]
fn no_approval_outweighs_a_rejection() {
    let scene = Scene::new(Algorithm::Ed25519);
    let [release, review] = scene.signed();
    let rejection = signed(&scene.review(false), &scene.reviewer);
    let said = scene.refused(&[release, review, rejection]);
    assert!(said.contains("the reviewer wang rejected the release: it asks for too much."), "{said}");
}

#[test]
fn a_second_key_in_the_same_envelope_survives_the_first() {
    let mut scene = Scene::new(Algorithm::Ed25519);
    let next = SecretKey::generate(Algorithm::Sm2).unwrap();
    scene.records.push(record(&next, "vendor:hydro"));
    let mut envelope = scene.release().sign(&scene.vendor).unwrap();
    envelope.add(&next).unwrap();
    scene.records[0].revoked = Some(Revoked { at: at(), reason: "lost".to_owned() });
    let [_, review] = scene.signed();
    let trusted = scene.verify(&[envelope.to_json().into_bytes(), review]).unwrap();
    assert_eq!(trusted.vendor_key, next.public().id().unwrap());
}

#[test]
fn a_retired_key_signs_nothing_new_and_what_it_signed_stays() {
    let mut scene = Scene::new(Algorithm::Ed25519);
    let [release, review] = scene.signed();
    let admitted = |scene: &Scene| admit(&scene.keyring(), &scene.claim, &release);
    assert_eq!(admitted(&scene), Ok(()));
    scene.records[0].retired = Some(at());
    assert!(matches!(admitted(&scene), Err(Distrust::Retired { .. })));
    let early = |repository| admit_early(&scene.keyring(), repository, &release);
    assert!(matches!(early("hydro/gauge"), Err(Distrust::Retired { .. })));
    assert!(matches!(early("hydro/pump"), Err(Distrust::Name { .. })));
    assert!(scene.verify(&[release.clone(), review]).is_ok());
    // A key that is not known yet may be added later; a wrong one is told at once.
    scene.records[0].retired = None;
    scene.records[0].owner = "vendor:other".parse().unwrap();
    assert!(matches!(admitted(&scene), Err(Distrust::WrongVendor { .. })));
    scene.records.remove(0);
    assert_eq!(admitted(&scene), Ok(()));
}

/// A second signature brings in what the first could not, if it is good; one that nobody knows brings nothing in.
#[test]
fn a_retired_key_comes_in_beside_a_good_one_alone() {
    let mut scene = Scene::new(Algorithm::Ed25519);
    scene.records[0].retired = Some(at());
    scene.records[1].retired = Some(at());
    let next = SecretKey::generate(Algorithm::Sm2).unwrap();
    let with_next = |statement: Statement, key: &SecretKey| {
        let mut envelope = statement.sign(key).unwrap();
        envelope.add(&next).unwrap();
        envelope.to_json().into_bytes()
    };
    let release = with_next(scene.release(), &scene.vendor);
    let review = with_next(scene.review(true), &scene.reviewer);
    let admitted = |scene: &Scene, envelope: &[u8]| admit(&scene.keyring(), &scene.claim, envelope);
    for envelope in [&release, &review] {
        assert!(matches!(admitted(&scene, envelope), Err(Distrust::Retired { .. })));
    }
    scene.records.push(record(&next, "vendor:hydro"));
    assert_eq!(admitted(&scene, &release), Ok(()));
    // Another reviewer vouches for himself, not for whoever is retired.
    scene.records[2].owner = "province:li".parse().unwrap();
    assert!(matches!(admitted(&scene, &review), Err(Distrust::Retired { .. })));
    scene.records[2].owner = "vendor:hydro".parse().unwrap();
    scene.records[0].revoked = Some(Revoked { at: at(), reason: "lost".to_owned() });
    assert_eq!(admitted(&scene, &release), Ok(()));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// Whatever byte of an envelope is changed, the release is refused or says exactly what it said.
    #[test]
    fn no_changed_byte_makes_another_release(at: prop::sample::Index, to: u8) {
        let scene = Scene::new(Algorithm::Ed25519);
        let [mut release, review] = scene.signed();
        let at = at.index(release.len());
        release[at] = to;
        if scene.verify(&[release.clone(), review]).is_ok() {
            let envelope = Envelope::parse(&release).unwrap();
            prop_assert_eq!(Statement::of(&envelope), Ok(scene.release()));
        }
    }
}
