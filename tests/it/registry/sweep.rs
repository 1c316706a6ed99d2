//! Garbage collection: what is referenced stays, whatever happens at the same time.

use std::sync::atomic::{AtomicBool, Ordering};

use dongting_registry::Digest;
use dongting_tests::oci::Artifact;
use dongting_tests::registry::said;

use super::hydro;

#[test]
fn what_a_release_names_stays_and_what_none_names_goes() {
    let (registry, client) = hydro();
    let kept = Artifact::gauge("1.0.0", 5000).unwrap();
    let deleted = Artifact::gauge("1.1.0", 6000).unwrap();
    client.push(&kept).unwrap();
    client.push(&deleted).unwrap();
    client.push_blob("hydro/gauge", b"named by nothing").unwrap();
    let manifest = format!("/v2/hydro/gauge/manifests/{}", deleted.digest());
    client.send("DELETE", &manifest, &[], &[]).unwrap();

    // All of it came just now: a push may be about to name it.
    let gc =
        |words: &[&str]| said(registry.dongting(&[&["registry", "gc"], words].concat()).unwrap()).unwrap();
    assert_eq!(gc(&[]), "removed 0 blobs (0 bytes), 0 statements, 0 uploads");
    let removed = gc(&["--grace-seconds", "0"]);
    assert!(removed.starts_with("removed 2 blobs"), "{removed}");
    assert!(!registry.blob_file(&deleted.component).exists());
    assert!(!registry.blob_file(b"named by nothing").exists());
    // The configuration is shared by both.
    assert_eq!(client.push_manifest("hydro/gauge", "1.0.0", &kept.manifest).unwrap().status, 201);
    let layer = format!("/v2/hydro/gauge/blobs/{}", Digest::of(&kept.component));
    assert_eq!(client.get(&layer).unwrap().body, kept.component);
}

#[test]
fn statements_go_when_their_subject_is_gone() {
    let (registry, client) = hydro();
    let artifact = Artifact::gauge("1.0.0", 10).unwrap();
    client.push(&artifact).unwrap();
    let sbom = artifact.statement("application/vnd.cyclonedx+json", b"[]");
    client.push_blob("hydro/gauge", b"{}").unwrap();
    client.push_blob("hydro/gauge", b"[]").unwrap();
    let digest = Digest::of(&sbom).to_string();
    assert_eq!(client.push_manifest("hydro/gauge", &digest, &sbom).unwrap().status, 201);
    let gc = || said(registry.dongting(&["registry", "gc", "--grace-seconds", "0"]).unwrap()).unwrap();
    assert!(gc().contains("0 statements"));
    client.send("DELETE", &format!("/v2/hydro/gauge/manifests/{}", artifact.digest()), &[], &[]).unwrap();
    assert!(gc().contains("1 statements"));
    assert_eq!(client.get(&format!("/v2/hydro/gauge/manifests/{digest}")).unwrap().status, 404);
    assert_eq!(registry.bytes_under("blobs").unwrap(), 0);
}

#[test]
fn a_sweep_without_grace_during_pushes_takes_nothing_that_was_accepted() {
    let (registry, client) = hydro();
    let done = AtomicBool::new(false);
    let accepted = std::thread::scope(|scope| {
        let sweeping = scope.spawn(|| {
            let admin = registry.admin().unwrap();
            while !done.load(Ordering::Relaxed) {
                let swept = admin.send("POST", "/v2/_dongting/sweep", &[], b"{\"grace_seconds\":0}").unwrap();
                assert_eq!(swept.status, 200);
            }
        });
        let mut accepted = Vec::new();
        for n in 0..30u32 {
            let artifact = Artifact::gauge(&format!("1.{n}.0"), 2000).unwrap();
            // A blob may be swept before it is named, which the push is told of.
            let pushed = client.push(&artifact).unwrap();
            match (pushed.status, pushed.error().0.as_str()) {
                (201, _) => accepted.push(artifact),
                (404, "MANIFEST_BLOB_UNKNOWN") => {}
                other => panic!("{other:?}"),
            }
        }
        done.store(true, Ordering::Relaxed);
        sweeping.join().unwrap();
        accepted
    });
    assert!(accepted.iter().all(|artifact| {
        let layer = format!("/v2/hydro/gauge/blobs/{}", Digest::of(&artifact.component));
        client.get(&layer).unwrap().body == artifact.component
    }));
}
