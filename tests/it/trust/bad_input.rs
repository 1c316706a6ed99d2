//! Signatures, components and registries that somebody has had a hand in. Each is refused by a sentence that says what to do.

use dongting_registry::Digest;
use dongting_tests::host::Host;
use dongting_tests::oci::Artifact;
use dongting_tests::province::{Province, attach, attached, blob};
use dongting_tests::restamp::restamped;
use dongting_trust::{Envelope, Predicate, SecretKey, Statement};

use super::{configuration, refused, release, running, scene};

/// Pushed and approved, with a vendor's signature by a key that the registry does not know yet: such a signature is taken, whatever it is.
fn signed_by_a_stranger(
    envelope: impl FnOnce(&Province, &Artifact) -> Vec<u8>,
) -> (Province, Host, Artifact) {
    let (province, host) = scene("sm2");
    province.generate("stranger", "sm2").unwrap();
    let artifact = province.push(&host, "document", "1.0.0").unwrap();
    attached(&host, &artifact, &envelope(&province, &artifact)).unwrap();
    province.approve(&host, &artifact).unwrap();
    refused(&host, "which this registry does not know");
    (province, host, artifact)
}

fn by_stranger(province: &Province, artifact: &Artifact) -> Vec<u8> {
    province.sign(artifact, &["stranger"]).unwrap()
}

fn secret(province: &Province, name: &str) -> SecretKey {
    SecretKey::from_pem(&std::fs::read_to_string(province.secret(name)).unwrap()).unwrap()
}

/// What a vendor could sign instead of the truth.
fn statement(artifact: &Artifact, change: impl FnOnce(&mut Statement)) -> Statement {
    let mut statement = Statement {
        repository: artifact.repository.clone(),
        version: artifact.version.parse().unwrap(),
        component_digest: Digest::of(&artifact.component).hex(),
        predicate: Predicate::Release,
    };
    change(&mut statement);
    statement
}

#[test]
fn unknown_key() {
    let (province, host, _) = signed_by_a_stranger(by_stranger);
    // Once the key is known, its signature counts.
    province.add(&host, "stranger", "vendor:dongting").unwrap();
    running(&host);
}

#[test]
fn wrong_vendors_key() {
    let (province, host, artifact) = signed_by_a_stranger(by_stranger);
    province.add(&host, "stranger", "vendor:other").unwrap();
    refused(
        &host,
        "of vendor:other, but dongting/document is vendor:dongting's: only its own keys sign for it",
    );
    // Whoever pushes such a signature now is told at once.
    let mut envelope = Envelope::parse(&by_stranger(&province, &artifact)).unwrap();
    envelope.add(&secret(&province, "stranger")).unwrap();
    let reply = attach(&host, &artifact, envelope.to_json().as_bytes()).unwrap();
    assert_eq!(reply.status, 422);
    assert!(reply.error().1.contains("only its own keys sign for it"), "{:?}", reply.error());
}

#[test]
fn tampered_signature() {
    let (province, host, _) = signed_by_a_stranger(|province, artifact| {
        let mut envelope = Envelope::parse(&by_stranger(province, artifact)).unwrap();
        envelope.payload =
            statement(artifact, |s| s.version = "1.0.1".parse().unwrap()).to_json().into_bytes();
        envelope.to_json().into_bytes()
    });
    province.add(&host, "stranger", "vendor:dongting").unwrap();
    refused(&host, "what was signed was changed afterwards; sign the release anew");
}

#[test]
fn another_components_signature() {
    let (province, host, _) = signed_by_a_stranger(|province, artifact| {
        let other = statement(artifact, |statement| statement.component_digest = "0f".repeat(32));
        other.sign(&secret(province, "stranger")).unwrap().to_json().into_bytes()
    });
    province.add(&host, "stranger", "vendor:dongting").unwrap();
    refused(&host, "the component was changed after it was signed, or the wrong file was");
}

/// A vendor's old signature under a new version.
#[test]
fn another_versions_signature() {
    let (province, host, _) = signed_by_a_stranger(|province, artifact| {
        let other = statement(artifact, |statement| statement.version = "0.9.0".parse().unwrap());
        other.sign(&secret(province, "stranger")).unwrap().to_json().into_bytes()
    });
    province.add(&host, "stranger", "vendor:dongting").unwrap();
    refused(&host, "what is signed is version 0.9.0, but this is version 1.0.0");
}

#[test]
fn bad_signatures_are_told_to_who_pushes_them() {
    let (province, host) = scene("ed25519");
    let artifact = province.push(&host, "document", "1.0.0").unwrap();
    let vendor = secret(&province, "vendor");
    let told = |envelope: &[u8]| {
        let reply = attach(&host, &artifact, envelope).unwrap();
        assert!(matches!(reply.status, 400 | 422), "{}", reply.status);
        reply.error().1
    };
    assert!(told(b"{\"payload\":\"\"}").contains("no DSSE JSON"));
    assert!(told(&vec![b' '; 70_000]).contains("more than 65536 bytes"));
    let digest = statement(&artifact, |statement| statement.component_digest = "0f".repeat(32));
    assert!(told(digest.sign(&vendor).unwrap().to_json().as_bytes()).contains("changed after it was signed"));
    let review = statement(&artifact, |statement| {
        statement.predicate = Predicate::Review { approved: true, note: String::new() };
    });
    assert!(told(review.sign(&vendor).unwrap().to_json().as_bytes()).contains("which is no reviewer's"));
    let mut tampered = Envelope::parse(&province.sign(&artifact, &["vendor"]).unwrap()).unwrap();
    tampered.signatures[0].bytes[3] ^= 1;
    assert!(told(tampered.to_json().as_bytes()).contains("was changed afterwards"));
}

/// Whoever can write the registry can make a reviewer in it, but not on the host.
#[test]
fn a_reviewer_whom_the_operator_does_not_name() {
    let (province, host) = scene("ed25519");
    province.generate("other", "ed25519").unwrap();
    province.add(&host, "other", "province:li").unwrap();
    let artifact = province.push(&host, "document", "1.0.0").unwrap();
    attached(&host, &artifact, &province.sign(&artifact, &["vendor"]).unwrap()).unwrap();
    let approved = province.review(&host, &["approve"], &artifact, "other").unwrap();
    assert!(approved.status.success(), "{}", String::from_utf8_lossy(&approved.stderr));
    refused(&host, "of province:li, which this host's operator does not trust");
}

#[test]
fn tampered_layer() {
    let (province, mut host) = scene("ed25519");
    let artifact = province.publish(&host, "document", "1.0.0").unwrap();
    running(&host);
    let file = blob(&host, &artifact.component);
    let mut bytes = std::fs::read(&file).unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    host.stop().unwrap();
    std::fs::write(&file, bytes).unwrap();
    host.kill_and_restart().unwrap();
    refused(&host, "are no longer those that were pushed");
}

#[test]
fn tampered_envelope_on_the_disk() {
    let (province, mut host) = scene("ed25519");
    let artifact = province.push(&host, "document", "1.0.0").unwrap();
    let envelope = province.sign(&artifact, &["vendor"]).unwrap();
    attached(&host, &artifact, &envelope).unwrap();
    province.approve(&host, &artifact).unwrap();
    running(&host);
    host.stop().unwrap();
    std::fs::write(blob(&host, &envelope), b"{}").unwrap();
    host.kill_and_restart().unwrap();
    refused(&host, "are no longer those that were pushed");
}

/// The database says that a version is another component, one that is there and whole.
#[test]
fn tampered_manifest() {
    let (province, mut host) = scene("ed25519");
    let artifact = province.publish(&host, "document", "1.0.0").unwrap();
    running(&host);
    let evil = Artifact::of("dongting/document", "1.0.1", restamped(&artifact.component, "1.0.1").unwrap());
    assert_eq!(dongting_tests::province::client(&host).unwrap().push(&evil).unwrap().status, 201);
    host.stop().unwrap();
    sql(
        &host,
        &format!("UPDATE release SET component = '{}' WHERE version = '1.0.0'", Digest::of(&evil.component)),
    );
    host.kill_and_restart().unwrap();
    refused(&host, "the registry gave document 1.0.1 for dongting/document:1.0.0");
    // A component that at least says that it is 1.0.0, but is not the one that was signed.
    let padded = [artifact.component.as_slice(), b"\x00\x05\x04pad!"].concat();
    let file = blob(&host, &padded);
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    host.stop().unwrap();
    std::fs::write(&file, &padded).unwrap();
    let size = padded.len();
    sql(&host, &format!("INSERT INTO blob VALUES ('{}', {size}, 0)", Digest::of(&padded)));
    sql(&host, &format!("UPDATE release SET component = '{}' WHERE version = '1.0.0'", Digest::of(&padded)));
    host.kill_and_restart().unwrap();
    refused(&host, "the component was changed after it was signed");
}

/// What clients pull as a manifest is what was pushed, or nothing.
#[test]
fn tampered_oci_manifest() {
    let (province, mut host) = scene("ed25519");
    let artifact = province.publish(&host, "document", "1.0.0").unwrap();
    running(&host);
    host.stop().unwrap();
    let digest = artifact.digest();
    sql(&host, &format!("UPDATE manifest SET body = CAST(body AS TEXT) || ' ' WHERE digest = '{digest}'"));
    host.kill_and_restart().unwrap();
    let client = dongting_tests::province::client(&host).unwrap();
    for reference in ["1.0.0", &digest] {
        let reply = client.get(&format!("/v2/dongting/document/manifests/{reference}")).unwrap();
        assert_eq!(reply.status, 500, "{reference}");
        assert!(
            reply.error().1.contains("push the same release again, which replaces them"),
            "{:?}",
            reply.error()
        );
    }
    assert_eq!(client.push(&artifact).unwrap().status, 201);
    assert_eq!(client.get("/v2/dongting/document/manifests/1.0.0").unwrap().body, artifact.manifest);
}

#[test]
fn names_that_are_none() {
    let province = Province::new("ed25519").unwrap();
    for bad in ["../../etc/passwd", "dongting/document", "dongting/document@sha256:00"] {
        let host = Host::start(&configuration(&province, &format!("release = {bad:?}"))).unwrap();
        refused(&host, "may not run");
    }
    let both = format!("{}\ncomponent = \"a.wasm\"", release("1.0.0"));
    refused(&Host::start(&configuration(&province, &both)).unwrap(), "name what it runs");
}

/// As somebody with the registry's directory in hand could.
fn sql(host: &Host, statement: &str) {
    let run = "import sqlite3, sys; d = sqlite3.connect(sys.argv[1]); d.execute(sys.argv[2]); d.commit()";
    let database = host.folder.path().join("data/registry/registry.db");
    let mut python = std::process::Command::new("python3");
    assert!(python.arg("-c").arg(run).arg(&database).arg(statement).status().unwrap().success());
}
