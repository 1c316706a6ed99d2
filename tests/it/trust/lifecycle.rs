//! From a component that nobody signed to one that runs, and back.

use dongting_registry::media_type;
use dongting_tests::province::{ask, attached, client, reference};
use dongting_tests::registry::{Client, said};
use serde_json::json;

use super::{refused, release, reload, running, scene};

/// Each step is said, and the last one starts it without anybody's reload.
fn comes_to_run(algorithm: &str) {
    let (province, host) = scene(algorithm);
    refused(&host, "has no release or manifest `1.0.0`");
    let artifact = province.push(&host, "document", "1.0.0").unwrap();
    refused(&host, "has no signature of its vendor");
    attached(&host, &artifact, &province.sign(&artifact, &["vendor"]).unwrap()).unwrap();
    refused(&host, "`dongting review approve dongting/document:1.0.0`");
    province.approve(&host, &artifact).unwrap();
    running(&host);
    let told = host.installation("documents").unwrap();
    assert_eq!(told["release"], reference(&artifact));
    assert_eq!((&told["reviewer"], &told["unsigned"]), (&"wang".into(), &false.into()), "{told}");
    assert_eq!(host.get("health").unwrap().body["allowUnsigned"], false);
}

#[test]
fn ed25519() {
    comes_to_run("ed25519");
}

#[test]
fn sm2() {
    comes_to_run("sm2");
}

#[test]
fn it_runs_again_after_a_kill() {
    let (province, mut host) = scene("ed25519");
    province.publish(&host, "document", "1.0.0").unwrap();
    running(&host);
    host.kill_and_restart().unwrap();
    running(&host);
}

#[test]
fn a_yanked_release_stops_and_another_takes_its_place() {
    let (province, host) = scene("ed25519");
    let artifact = province.publish(&host, "document", "1.0.0").unwrap();
    running(&host);
    said(ask(&host, &["yank", &reference(&artifact), "--reason", "it reads the wrong column"]).unwrap())
        .unwrap();
    refused(&host, "was yanked: it reads the wrong column");
    province.publish(&host, "document", "1.0.1").unwrap();
    let (good, told) = reload(&host, &super::configuration(&province, &release("1.0.1")));
    assert!(good, "{told}");
    running(&host);
}

/// What comes back by itself is what was asked for last, not what ran before.
#[test]
fn what_was_asked_for_last_starts_when_it_is_approved() {
    let (province, host) = scene("ed25519");
    let first = province.publish(&host, "document", "1.0.0").unwrap();
    running(&host);
    let next = province.push(&host, "document", "1.1.0").unwrap();
    let (good, told) = reload(&host, &super::configuration(&province, &release("1.1.0")));
    assert!(!good && told.contains("has no signature of its vendor"), "{told}");
    running(&host);
    said(ask(&host, &["yank", &reference(&first), "--reason", "too old"]).unwrap()).unwrap();
    refused(&host, "dongting/document:1.1.0 is not trusted");
    attached(&host, &next, &province.sign(&next, &["vendor"]).unwrap()).unwrap();
    province.approve(&host, &next).unwrap();
    running(&host);
    assert_eq!(host.installation("documents").unwrap()["plugin"]["version"], "1.1.0");
}

#[test]
fn a_rejected_release_never_runs() {
    let (province, host) = scene("sm2");
    let artifact = province.publish(&host, "document", "1.0.0").unwrap();
    running(&host);
    let without = province.review(&host, &["reject"], &artifact, "reviewer").unwrap();
    assert!(String::from_utf8_lossy(&without.stderr).contains("say why with --note"));
    let why = ["reject", "--note", "it asks for more than it needs"];
    said(province.review(&host, &why, &artifact, "reviewer").unwrap()).unwrap();
    refused(&host, "the reviewer wang rejected the release: it asks for more than it needs");
}

/// A vendor with every right in its namespace gets no rejection out of the way, not by deleting the release with all that was said of it.
#[test]
fn a_vendor_deletes_no_rejection() {
    let (province, host) = scene("ed25519");
    let artifact = province.publish(&host, "document", "1.0.0").unwrap();
    running(&host);
    let why = ["reject", "--note", "it asks for more than it needs"];
    said(province.review(&host, &why, &artifact, "reviewer").unwrap()).unwrap();
    refused(&host, "the reviewer wang rejected the release");

    let words = ["tokens", "create", "v", "--vendor", "dongting", "--rights", "pull,push,delete"];
    let secret = said(ask(&host, &words).unwrap()).unwrap();
    let admin = client(&host).unwrap();
    let vendor = Client { authorization: Some(format!("Bearer {secret}")), ..admin };
    let manifests = "/v2/dongting/document/manifests";
    let referrers = format!("/v2/dongting/document/referrers/{}", artifact.digest());
    let statements = || -> Vec<String> {
        let index = vendor.get(&referrers).unwrap().json();
        let all = index["manifests"].as_array().unwrap().iter();
        all.map(|one| one["digest"].as_str().unwrap().to_owned()).collect()
    };
    let before = statements();
    let answers: Vec<_> = before
        .iter()
        .map(|digest| vendor.send("DELETE", &format!("{manifests}/{digest}"), &[], &[]).unwrap())
        .collect();
    // Its own signature it may take back; the approval and the rejection are not its own.
    let denied: Vec<_> = answers.iter().filter(|answer| answer.status == 403).collect();
    assert_eq!((before.len(), denied.len(), statements().len()), (3, 2, 2));
    assert!(
        denied[0].error().1.contains("only the registry's operator deletes it"),
        "{:?}",
        denied[0].error()
    );

    let release = format!("{manifests}/{}", artifact.digest());
    assert_eq!(vendor.send("DELETE", &release, &[], &[]).unwrap().status, 202);
    refused(&host, "has no release or manifest");
    said(ask(&host, &["registry", "gc", "--grace-seconds", "0"]).unwrap()).unwrap();
    assert_eq!(vendor.push(&artifact).unwrap().status, 201);
    attached(&host, &artifact, &province.sign(&artifact, &["vendor"]).unwrap()).unwrap();
    refused(&host, "the reviewer wang rejected the release");
}

/// A vendor that has filled its quota does not keep the province from saying what it thinks of that.
#[test]
fn a_full_quota_silences_no_reviewer() {
    let (province, host) = scene("ed25519");
    let artifact = province.publish(&host, "document", "1.0.0").unwrap();
    running(&host);
    said(ask(&host, &["registry", "quota", "dongting", "--mib", "0"]).unwrap()).unwrap();
    let secret = said(ask(&host, &["tokens", "create", "v", "--vendor", "dongting"]).unwrap()).unwrap();
    let admin = client(&host).unwrap();
    let vendor = Client { authorization: Some(format!("Bearer {secret}")), ..admin };
    let refused_blob = vendor.push_blob("dongting/document", b"one more").unwrap();
    assert!(
        refused_blob.error().1.contains("the quota of `dongting` is 0 bytes"),
        "{:?}",
        refused_blob.error()
    );
    let words = ["tokens", "create", "wang", "--all-vendors", "--rights", "pull,push"];
    let token = province.folder.path().join("token");
    std::fs::write(&token, said(ask(&host, &words).unwrap()).unwrap()).unwrap();
    let why = ["reject", "--note", "it is too large", "--token-file", token.to_str().unwrap()];
    said(province.review(&host, &why, &artifact, "reviewer").unwrap()).unwrap();
    refused(&host, "the reviewer wang rejected the release: it is too large");
}

#[test]
fn a_reviewer_sees_what_is_asked_for_and_who_has_signed() {
    let (province, host) = scene("ed25519");
    let artifact = province.publish(&host, "document", "1.0.0").unwrap();
    running(&host);
    let path = "releases/dongting/document/1.0.0/review";
    let review = host.get(path).unwrap().body;
    assert_eq!(review["verdict"]["reviewer"], "wang", "{review}");
    assert_eq!(review["installations"][0], "documents");
    assert_eq!(review["asks"]["publish"][0]["domain"], "test");
    assert_eq!(review["differences"], serde_json::Value::Null);
    let signatures = review["signatures"].as_array().unwrap();
    let both: Vec<_> = signatures
        .iter()
        .map(|one| (one["says"].as_str().unwrap(), one["good"].as_bool().unwrap()))
        .collect();
    assert_eq!(both, [("release", true), ("approved", true)]);
    assert!(review["imports"].as_array().is_some_and(|imports| !imports.is_empty()), "{review}");

    // The next one asks for something else.
    let more = more_than(&artifact.component);
    let next = dongting_tests::oci::Artifact::of("dongting/document", "1.1.0", more);
    assert_eq!(dongting_tests::province::client(&host).unwrap().push(&next).unwrap().status, 201);
    let shown = said(ask(&host, &["review", "show", &reference(&next)]).unwrap()).unwrap();
    assert!(shown.contains("since 1.0.0   added subscribe test observation"), "{shown}");
    assert!(shown.contains("may not run here"), "{shown}");
    assert_eq!(host.get("releases/dongting/document/9.9.9/review").unwrap().status, 404);
    assert_eq!(host.get("releases/dongting/..%2F/1.0.0/review").unwrap().status, 400);
}

/// Whatever else was pushed for it, the reviewer sees the newest that is of this very component.
#[test]
fn a_reviewer_sees_no_report_of_another_component() {
    let (province, host) = scene("ed25519");
    let artifact = province.push(&host, "document", "1.0.0").unwrap();
    let registry = client(&host).unwrap();
    let attach = |kind: &str, said: serde_json::Value| {
        let layer = said.to_string().into_bytes();
        for blob in [b"{}".as_slice(), &layer] {
            registry.push_blob(&artifact.repository, blob).unwrap();
        }
        let manifest = artifact.statement(kind, &layer);
        let digest = dongting_registry::Digest::of(&manifest).to_string();
        let pushed = registry.push_manifest(&artifact.repository, &digest, &manifest).unwrap();
        assert_eq!(pushed.status, 201, "{:?}", pushed.error());
    };
    let review = || host.get("releases/dongting/document/1.0.0/review").unwrap().body;
    let own = dongting_registry::Digest::of(&artifact.component);
    let (quality, materials) = (media_type::QUALITY, media_type::MATERIALS);
    let bill = |hex: &str| {
        json!({
            "metadata": { "component": { "hashes": [{ "content": hex }] } },
            "components": [{ "name": "serde" }],
        })
    };
    for turn in 0..20 {
        attach(quality, json!({ "grade": "C", "digest": own.to_string(), "turn": turn }));
    }
    attach(materials, bill(&own.hex()));
    let shown = review();
    assert_eq!((&shown["quality"]["turn"], &shown["materials"][0]["name"]), (&json!(19), &json!("serde")));
    let other = "0f".repeat(32);
    attach(quality, json!({ "grade": "A", "digest": format!("sha256:{other}") }));
    attach(materials, bill(&other));
    let shown = review();
    assert_eq!((&shown["quality"], &shown["materials"]), (&json!(null), &json!(null)));
}

/// The same component as version 1.1.0, which also listens.
fn more_than(component: &[u8]) -> Vec<u8> {
    let plain = dongting_tests::restamp::stripped(component).unwrap();
    let manifest = dongting_manifest::section::read(component).unwrap();
    let manifest = manifest.replace("version = \"1.0.0\"", "version = \"1.1.0\"")
        + "subscribe = [{ domain = \"test\", kind = \"observation\" }]\n";
    dongting_manifest::section::append(&plain, &manifest).unwrap()
}
