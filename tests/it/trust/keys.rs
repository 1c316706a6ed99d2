//! Keys that are rotated, retired and revoked while what they signed is at work.

use dongting_tests::province::{ask, attach, attached};
use dongting_tests::registry::said;

use super::{configuration, refused, release, reload, running, scene};

#[test]
fn a_revoked_key_stops_what_it_signed_and_another_brings_it_back() {
    let (province, host) = scene("ed25519");
    province.generate("next", "sm2").unwrap();
    let artifact = province.publish(&host, "document", "1.0.0").unwrap();
    running(&host);
    let old = province.add(&host, "vendor", "vendor:dongting").unwrap();
    said(ask(&host, &["keys", "revoke", &old[..12], "--reason", "the laptop was stolen"]).unwrap()).unwrap();
    refused(&host, "of vendor:dongting was revoked: the laptop was stolen");

    province.add(&host, "next", "vendor:dongting").unwrap();
    attached(&host, &artifact, &province.sign(&artifact, &["next"]).unwrap()).unwrap();
    running(&host);
    let listed = said(ask(&host, &["keys", "list"]).unwrap()).unwrap();
    let line = listed.lines().find(|line| line.starts_with(&old)).unwrap();
    assert!(line.contains("\tvendor:dongting\t") && line.contains("revoked"), "{listed}");
}

#[test]
fn a_revoked_reviewer_stops_what_he_approved() {
    let (province, host) = scene("sm2");
    province.publish(&host, "document", "1.0.0").unwrap();
    running(&host);
    let reviewer = province.add(&host, "reviewer", "province:wang").unwrap();
    said(ask(&host, &["keys", "revoke", &reviewer, "--reason", "he has left"]).unwrap()).unwrap();
    refused(&host, "of province:wang was revoked: he has left");
}

#[test]
fn a_retired_key_signs_nothing_new_and_what_it_signed_goes_on() {
    let (province, mut host) = scene("ed25519");
    province.generate("next", "ed25519").unwrap();
    province.publish(&host, "document", "1.0.0").unwrap();
    running(&host);
    let old = province.add(&host, "vendor", "vendor:dongting").unwrap();
    said(ask(&host, &["keys", "retire", &old]).unwrap()).unwrap();
    province.add(&host, "next", "vendor:dongting").unwrap();

    let artifact = province.push(&host, "document", "1.1.0").unwrap();
    let reply = attach(&host, &artifact, &province.sign(&artifact, &["vendor"]).unwrap()).unwrap();
    let (_, told) = reply.error();
    assert_eq!(reply.status, 422);
    assert!(
        told.contains("is retired and signs nothing new: sign with the key that took its place"),
        "{told}"
    );
    attached(&host, &artifact, &province.sign(&artifact, &["next"]).unwrap()).unwrap();
    province.approve(&host, &artifact).unwrap();

    host.kill_and_restart().unwrap();
    running(&host);
    let (good, told) = reload(&host, &configuration(&province, &release("1.1.0")));
    assert!(good, "{told}");
    running(&host);
}

#[test]
fn an_envelope_of_two_keys_survives_one_of_them() {
    let (province, host) = scene("ed25519");
    province.generate("next", "sm2").unwrap();
    province.add(&host, "next", "vendor:dongting").unwrap();
    let artifact = province.push(&host, "document", "1.0.0").unwrap();
    attached(&host, &artifact, &province.sign(&artifact, &["vendor", "next"]).unwrap()).unwrap();
    province.approve(&host, &artifact).unwrap();
    running(&host);
    let old = province.add(&host, "vendor", "vendor:dongting").unwrap();
    said(ask(&host, &["keys", "revoke", &old, "--reason", "lost"]).unwrap()).unwrap();
    // What happens next is known only once the registry's change was looked at: the reviewer's is looked at after it.
    let reviewer = province.add(&host, "reviewer", "province:wang").unwrap();
    running(&host);
    said(ask(&host, &["keys", "revoke", &reviewer, "--reason", "lost as well"]).unwrap()).unwrap();
    refused(&host, "was revoked: lost as well");
}

#[test]
fn keys_that_are_none_are_said_so() {
    let (province, host) = scene("ed25519");
    let told = |words: &[&str]| {
        let ran = ask(&host, words).unwrap();
        assert!(!ran.status.success(), "{words:?}");
        String::from_utf8(ran.stderr).unwrap()
    };
    let (secret, public) = (province.secret("vendor"), province.public("vendor"));
    let (secret, public) = (secret.to_str().unwrap(), public.to_str().unwrap());
    assert!(told(&["keys", "add", secret, "--owner", "vendor:x"]).contains("is no public key"));
    assert!(told(&["keys", "add", public, "--owner", "x"]).contains("is no owner of a key"));
    assert!(
        told(&["keys", "add", public, "--owner", "vendor:other"]).contains("is vendor:dongting's already")
    );
    assert!(told(&["keys", "retire", "0123456789ab"]).contains("there is no key 0123456789ab"));
    assert!(told(&["keys", "retire", "01"]).contains("at least the first 8 digits"));
    assert!(told(&["keys", "generate", "--out", secret]).contains("a key is never written over"));
    let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(secret).unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);
}
