//! TLS: the registry speaks it, and the commands believe whom they should.

use std::io::Write;
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use dongting_tests::authority::Authority;
use dongting_tests::host::binary;
use dongting_tests::oci::Artifact;
use dongting_tests::registry::{Registry, said, skopeo};

/// A registry with a certificate of the province's authority for its address.
fn shop() -> (Authority, Registry) {
    let authority = Authority::new().unwrap();
    let registry = Registry::start_by_tls(&authority.issue("127.0.0.1").unwrap()).unwrap();
    (authority, registry)
}

fn believing(registry: &Registry, authority: &Authority, words: &[&str]) -> Output {
    let file = authority.certificate();
    registry.dongting(&[words, &["--ca", file.to_str().unwrap()]].concat()).unwrap()
}

/// What a command that must have failed said.
fn refused(output: Output) -> String {
    assert!(!output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn the_authority_that_is_named_is_believed_and_no_other() {
    let (authority, registry) = shop();
    let unknown = refused(registry.dongting(&["tokens", "list"]).unwrap());
    assert!(unknown.contains("is by an authority that this machine does not know"), "{unknown}");
    assert!(unknown.contains("--ca, or as DONGTING_CA"), "{unknown}");
    let other = Authority::new().unwrap();
    let unknown = refused(believing(&registry, &other, &["tokens", "list"]));
    assert!(unknown.contains("is by an authority that this machine does not know"), "{unknown}");
    let made = said(believing(&registry, &authority, &["tokens", "create", "ci", "--vendor", "hydro"]));
    assert!(made.unwrap().starts_with("dgt_"));

    let mut command = Command::new(binary().unwrap());
    command.args(["tokens", "list", "--url", &registry.url()]).env("DONGTING_CA", authority.certificate());
    command.arg("--data").arg(registry.folder.path().join("data")).stdin(Stdio::null());
    assert!(said(command.output().unwrap()).unwrap().starts_with("ci\thydro\t"));
}

#[test]
fn a_file_that_is_no_authority_is_said_so() {
    let (authority, registry) = shop();
    let secret = authority.issue("example.org").unwrap().key;
    for (file, what) in
        [(secret.as_path(), "it has no certificate"), (Path::new("/nowhere/ca.crt"), "/nowhere/ca.crt")]
    {
        let told = refused(registry.dongting(&["tokens", "list", "--ca", file.to_str().unwrap()]).unwrap());
        assert!(told.contains("cannot be believed") && told.contains(what), "{told}");
    }
}

#[test]
fn a_certificate_is_for_one_name() {
    let authority = Authority::new().unwrap();
    let registry = Registry::start_by_tls(&authority.issue("registry.example.org").unwrap()).unwrap();
    let told = refused(believing(&registry, &authority, &["tokens", "list"]));
    assert!(told.contains("is for another name: name the host with --url as its certificate does"), "{told}");
}

#[test]
fn one_protocol_is_not_taken_for_the_other() {
    let (authority, registry) = shop();
    let plain = Registry::start().unwrap();
    let ca = authority.certificate();
    let url = format!("https://{}", plain.address);
    let words = ["tokens", "list", "--url", &url, "--ca", ca.to_str().unwrap()];
    let mut command = Command::new(binary().unwrap());
    command.args(words).env("DONGTING_ADMIN_TOKEN", "dga_0").stdin(Stdio::null());
    let told = refused(command.output().unwrap());
    assert!(told.contains("does not speak TLS as it should: is it a host with http://?"), "{told}");
    // One that speaks plainly, and one that says nothing at all, keep nobody else waiting.
    let _silent = TcpStream::connect(&registry.address).unwrap();
    let mut blunt = TcpStream::connect(&registry.address).unwrap();
    blunt.write_all(b"GET /v2/ HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n").unwrap();
    said(believing(&registry, &authority, &["tokens", "list"])).unwrap();
}

#[test]
fn a_token_is_not_shown_to_another_machine_in_the_clear() {
    let command = |more: &[&str]| {
        let mut command = Command::new(binary().unwrap());
        command.args(["keys", "list", "--url", "http://registry.invalid"]).args(more);
        command.env("DONGTING_ADMIN_TOKEN", "dga_0").stdin(Stdio::null());
        refused(command.output().unwrap())
    };
    let told = command(&[]);
    assert!(
        told.contains("the token is not sent to http://registry.invalid by plain http")
            && told.contains("name the host with https://, or say --allow-plain-http"),
        "{told}"
    );
    assert!(command(&["--allow-plain-http"]).contains("no host answers at http://registry.invalid"));
    // A vendor's token is no less one.
    let mut push = Command::new(binary().unwrap());
    push.args([
        "bundle",
        "export",
        "hydro/gauge:1.0.0",
        "--out",
        "/nowhere",
        "--url",
        "http://registry.invalid",
    ]);
    push.env("DONGTING_TOKEN", "dgt_0").stdin(Stdio::null());
    assert!(refused(push.output().unwrap()).contains("by plain http"));
}

#[test]
fn releases_go_in_and_out_by_tls() {
    let (authority, registry) = shop();
    let made = believing(&registry, &authority, &["tokens", "create", "ci", "--vendor", "hydro"]);
    let secret = said(made).unwrap();
    let artifact = Artifact::gauge("1.2.0", 100_000).unwrap();
    let home = tempfile::tempdir().unwrap();
    let (file, token) = (home.path().join("gauge.wasm"), home.path().join("token"));
    std::fs::write(&file, &artifact.component).unwrap();
    std::fs::write(&token, &secret).unwrap();
    let (file, token) = (file.to_str().unwrap(), token.to_str().unwrap());
    let pushed = believing(&registry, &authority, &["plugin", "push", file, "--token-file", token]);
    assert!(said(pushed).unwrap().starts_with("hydro/gauge:1.2.0\tsha256:"));
    let shown =
        believing(&registry, &authority, &["plugin", "inspect", "hydro/gauge:1.2.0", "--token-file", token]);
    assert!(said(shown).unwrap().contains("gauge 1.2.0 of hydro"));
    let disk = home.path().join("disk");
    let words =
        ["bundle", "export", "hydro/gauge:1.2.0", "--out", disk.to_str().unwrap(), "--token-file", token];
    said(believing(&registry, &authority, &words)).unwrap();

    // Another client, which is told by the challenge where to log in.
    let certificates = home.path().join("certificates");
    std::fs::create_dir(&certificates).unwrap();
    std::fs::copy(authority.certificate(), certificates.join("ca.crt")).unwrap();
    let (from, to) = (format!("docker://{}/hydro/gauge:1.2.0", registry.address), home.path().join("out"));
    let to = format!("oci:{}:1.2.0", to.display());
    let credentials = format!("ci:{secret}");
    let words =
        ["copy", "--src-cert-dir", certificates.to_str().unwrap(), "--src-creds", &credentials, &from, &to];
    said(skopeo(&words).unwrap()).unwrap();
}

#[test]
fn a_certificate_that_cannot_be_used_is_said_so() {
    let authority = Authority::new().unwrap();
    let (one, other) = (authority.issue("127.0.0.1").unwrap(), authority.issue("localhost").unwrap());
    let mixed = dongting_tests::authority::Files { certificate: one.certificate.clone(), key: other.key };
    let swapped = dongting_tests::authority::Files { certificate: one.key, key: one.certificate };
    for (files, what) in
        [(mixed, "cannot be used together"), (swapped, "it must be PEM, with BEGIN CERTIFICATE")]
    {
        let told = match Registry::start_by_tls(&files) {
            Ok(_) => panic!("it started"),
            Err(error) => error.to_string(),
        };
        assert!(told.contains(what), "{told}");
    }
}
