//! A version is one thing for ever.

use dongting_tests::oci::Artifact;
use dongting_tests::registry::said;

use super::hydro;

#[test]
fn the_same_push_twice_is_fine() {
    let (_registry, client) = hydro();
    let artifact = Artifact::gauge("1.2.0", 10).unwrap();
    assert_eq!(client.push(&artifact).unwrap().status, 201);
    assert_eq!(client.push(&artifact).unwrap().status, 201);
}

#[test]
fn a_version_does_not_move_to_other_bytes() {
    let (_registry, client) = hydro();
    let (first, other) = (Artifact::gauge("1.2.0", 10).unwrap(), Artifact::gauge("1.2.0", 11).unwrap());
    client.push(&first).unwrap();
    for reference in ["1.2.0", &other.digest()] {
        client.push_blobs(&other).unwrap();
        let refused = client.push_manifest("hydro/gauge", reference, &other.manifest).unwrap();
        let (code, sentence) = refused.error();
        assert_eq!((refused.status, code.as_str()), (409, "DENIED"));
        let wanted = format!("is {} for ever, and this is {}", first.digest(), other.digest());
        assert!(sentence.contains(&wanted) && sentence.contains("Raise `version`"), "{sentence}");
    }
    assert_eq!(client.get("/v2/hydro/gauge/manifests/1.2.0").unwrap().body, first.manifest);
}

#[test]
fn of_two_pushes_of_one_version_at_once_exactly_one_wins_and_the_other_hears_why() {
    let (_registry, client) = hydro();
    let artifacts: Vec<Artifact> = (0..8).map(|n| Artifact::gauge("1.2.0", 100 + n).unwrap()).collect();
    for artifact in &artifacts {
        client.push_blobs(artifact).unwrap();
    }
    let start = std::sync::Barrier::new(artifacts.len());
    let replies: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = artifacts
            .iter()
            .map(|artifact| {
                let (client, start) = (&client, &start);
                scope.spawn(move || {
                    start.wait();
                    client.push_manifest("hydro/gauge", "1.2.0", &artifact.manifest).unwrap()
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let winners: Vec<usize> = (0..8).filter(|n| replies[*n].status == 201).collect();
    assert_eq!(winners.len(), 1, "{replies:?}");
    let winner = &artifacts[winners[0]];
    assert_eq!(client.get("/v2/hydro/gauge/manifests/1.2.0").unwrap().body, winner.manifest);
    for (n, reply) in replies.iter().enumerate().filter(|(n, _)| *n != winners[0]) {
        let (code, sentence) = reply.error();
        assert_eq!((reply.status, code.as_str()), (409, "DENIED"), "{n}");
        assert!(sentence.contains(&winner.digest()), "{sentence}");
    }
}

#[test]
fn a_deleted_version_comes_back_only_as_what_it_was() {
    let (_registry, client) = hydro();
    let (first, other) = (Artifact::gauge("1.2.0", 10).unwrap(), Artifact::gauge("1.2.0", 11).unwrap());
    client.push(&first).unwrap();
    let manifest = format!("/v2/hydro/gauge/manifests/{}", first.digest());
    assert_eq!(client.send("DELETE", &manifest, &[], &[]).unwrap().status, 202);
    assert_eq!(client.push(&other).unwrap().status, 409);
    assert_eq!(client.push(&first).unwrap().status, 201);
    assert_eq!(client.get("/v2/hydro/gauge/manifests/1.2.0").unwrap().body, first.manifest);
}

#[test]
fn a_yanked_release_is_pulled_by_its_digest_alone() {
    let (registry, client) = hydro();
    let artifact = Artifact::gauge("1.2.0", 10).unwrap();
    client.push(&artifact).unwrap();
    client.push(&Artifact::gauge("1.1.0", 10).unwrap()).unwrap();
    let words = ["yank", "hydro/gauge:1.2.0", "--reason", "counts rain twice 重复计数"];
    assert_eq!(said(registry.dongting(&words).unwrap()).unwrap(), "hydro/gauge:1.2.0\tyanked");

    let refused = client.get("/v2/hydro/gauge/manifests/1.2.0").unwrap();
    let (code, sentence) = refused.error();
    assert_eq!((refused.status, code.as_str()), (404, "MANIFEST_UNKNOWN"));
    assert!(sentence.contains("was yanked (counts rain twice 重复计数): take a later one"), "{sentence}");
    let pulled = client.get(&format!("/v2/hydro/gauge/manifests/{}", artifact.digest())).unwrap();
    assert_eq!((pulled.status, &pulled.body), (200, &artifact.manifest));
    assert!(pulled.header("dongting-yanked").starts_with("counts%20rain%20twice"));
    assert_eq!(client.get("/v2/hydro/gauge/tags/list").unwrap().json()["tags"], serde_json::json!(["1.1.0"]));
    let again = client.push(&artifact).unwrap();
    assert!(again.status == 409 && again.error().1.contains("was yanked"), "{:?}", again.error());

    said(registry.dongting(&["yank", "hydro/gauge:1.2.0", "--undo"]).unwrap()).unwrap();
    assert_eq!(client.get("/v2/hydro/gauge/manifests/1.2.0").unwrap().status, 200);
}

#[test]
fn a_vendor_yanks_its_own_release_and_nobody_else_s() {
    let (registry, client) = hydro();
    client.push(&Artifact::gauge("1.2.0", 10).unwrap()).unwrap();
    let body = serde_json::json!({ "reference": "hydro/gauge:1.2.0", "reason": "wrong unit" }).to_string();
    let quake = registry.client(Some(format!("Bearer {}", registry.token("quake", "push,delete").unwrap())));
    assert_eq!(quake.send("POST", "/v2/_dongting/yank", &[], body.as_bytes()).unwrap().status, 403);
    assert_eq!(client.send("POST", "/v2/_dongting/yank", &[], body.as_bytes()).unwrap().status, 200);
    // To take it back is the operator's.
    let undo = serde_json::json!({ "reference": "hydro/gauge:1.2.0", "reason": null }).to_string();
    assert_eq!(client.send("POST", "/v2/_dongting/yank", &[], undo.as_bytes()).unwrap().status, 403);
}
