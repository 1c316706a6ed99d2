//! Releases that cross on a disk to a host that no network reaches.

use std::path::Path;
use std::process::Output;

use dongting_registry::Digest;
use dongting_tests::host::Host;
use dongting_tests::province::{Province, ask, attached};
use dongting_tests::registry::said;

use super::{configuration, refused, release, running, scene};

/// A host with a release, the bundle of it, and a host that has heard of neither.
fn carried(algorithm: &str) -> (Province, Host, Host, Vec<u8>) {
    let (province, here) = scene(algorithm);
    let artifact = province.publish(&here, "document", "1.0.0").unwrap();
    running(&here);
    let disk = province.folder.path().join("disk");
    let words = ["bundle", "export", "dongting/document:1.0.0", "--out", disk.to_str().unwrap()];
    let told = said(ask(&here, &words).unwrap()).unwrap();
    assert!(told.contains("2 statements"), "{told}");
    let there = Host::start(&configuration(&province, &release("1.0.0"))).unwrap();
    (province, here, there, artifact.component)
}

fn import(host: &Host, disk: &Path) -> Output {
    ask(host, &["bundle", "import", disk.to_str().unwrap()]).unwrap()
}

#[test]
fn a_release_crosses_with_its_signatures_and_runs() {
    let (province, _here, there, _) = carried("sm2");
    let disk = province.folder.path().join("disk");
    refused(&there, "has no release or manifest");
    let first = import(&there, &disk);
    let missing = String::from_utf8_lossy(&first.stderr).into_owned();
    assert!(
        missing.contains("of dongting. Have its public half") && missing.contains("--owner vendor:dongting`"),
        "{missing}"
    );
    assert!(
        missing.contains("missing here: the reviewer's key") && missing.contains("`[trust] province`"),
        "{missing}"
    );
    said(first).unwrap();
    // Whom the other side trusts is its own to say.
    refused(&there, "which this registry does not know");
    province.introduce(&there).unwrap();
    running(&there);
    // Once more changes nothing.
    said(import(&there, &disk)).unwrap();
    running(&there);
}

#[test]
fn a_bundle_that_was_cut_off_or_changed_imports_nothing() {
    let (province, _here, there, component) = carried("ed25519");
    let disk = province.folder.path().join("disk");
    let file = disk.join("blobs/sha256").join(Digest::of(&component).hex());
    let told = |output: Output| {
        assert!(!output.status.success());
        String::from_utf8(output.stderr).unwrap()
    };
    std::fs::write(&file, &component[..component.len() / 2]).unwrap();
    assert!(told(import(&there, &disk)).contains("is not whole"));
    let mut changed = component.clone();
    changed[component.len() / 2] ^= 1;
    std::fs::write(&file, changed).unwrap();
    assert!(told(import(&there, &disk)).contains("was changed"));
    std::fs::remove_file(&file).unwrap();
    std::os::unix::fs::symlink("/dev/zero", &file).unwrap();
    assert!(told(import(&there, &disk)).contains("is no file"));
    assert_eq!(there.get("catalogue").unwrap().body["plugins"], serde_json::json!([]));
    refused(&there, "has no release or manifest");
}

/// A signature that this side takes no more keeps the release and its other signatures from nothing.
#[test]
fn what_counts_for_nothing_here_is_left_out_and_said() {
    let (province, _here, there, _) = carried("ed25519");
    province.introduce(&there).unwrap();
    let key = province.add(&there, "vendor", "vendor:dongting").unwrap();
    said(ask(&there, &["keys", "revoke", &key, "--reason", "the laptop was stolen"]).unwrap()).unwrap();
    let imported = import(&there, &province.folder.path().join("disk"));
    let told = String::from_utf8_lossy(&imported.stderr).into_owned();
    assert!(told.contains("the signature is not taken") && told.contains("the laptop was stolen"), "{told}");
    assert!(!told.contains("missing here"), "{told}");
    let line = said(imported).unwrap();
    assert!(
        line.starts_with("dongting/document:1.0.0\tsha256:") && line.ends_with("\t1 statements"),
        "{line}"
    );
    refused(&there, "has no signature of its vendor");
}

/// While a key is exchanged for another both sign. Where the old one is retired already the new one suffices.
#[test]
fn an_envelope_of_two_keys_crosses_to_where_one_of_them_is_retired() {
    let (province, here) = scene("ed25519");
    province.generate("next", "sm2").unwrap();
    province.add(&here, "next", "vendor:dongting").unwrap();
    let artifact = province.push(&here, "document", "1.0.0").unwrap();
    attached(&here, &artifact, &province.sign(&artifact, &["vendor", "next"]).unwrap()).unwrap();
    province.approve(&here, &artifact).unwrap();
    let disk = province.folder.path().join("disk");
    let words = ["bundle", "export", "dongting/document:1.0.0", "--out", disk.to_str().unwrap()];
    said(ask(&here, &words).unwrap()).unwrap();

    let there = Host::start(&configuration(&province, &release("1.0.0"))).unwrap();
    province.introduce(&there).unwrap();
    province.add(&there, "next", "vendor:dongting").unwrap();
    let old = province.add(&there, "vendor", "vendor:dongting").unwrap();
    said(ask(&there, &["keys", "retire", &old]).unwrap()).unwrap();
    let line = said(import(&there, &disk)).unwrap();
    assert!(line.ends_with("\t2 statements"), "{line}");
    running(&there);
}

/// Whoever carries releases need not be the operator.
#[test]
fn a_token_for_all_vendors_carries_releases_and_sees_which_keys_are_missing() {
    let (province, _here, there, _) = carried("sm2");
    let words = ["tokens", "create", "courier", "--all-vendors", "--rights", "pull,push"];
    let secret = said(ask(&there, &words).unwrap()).unwrap();
    let token = province.folder.path().join("token");
    std::fs::write(&token, secret).unwrap();
    let disk = province.folder.path().join("disk");
    let words = [
        "bundle",
        "import",
        disk.to_str().unwrap(),
        "--token-file",
        token.to_str().unwrap(),
        "--url",
        &there.url,
    ];
    let imported = dongting_tests::host::dongting(&words).unwrap();
    let told = String::from_utf8_lossy(&imported.stderr).into_owned();
    assert!(imported.status.success() && told.contains("missing here: the reviewer's key"), "{told}");
}
