//! `kill -9` at any instant: what was answered with 201 is there, and what lies there is what it says.

use dongting_registry::Digest;
use dongting_tests::oci::Artifact;

use super::hydro;

#[test]
fn a_registry_that_is_killed_again_and_again_loses_nothing_it_acknowledged() {
    let (mut registry, mut client) = hydro();
    let mut acknowledged = Vec::new();
    for round in 0..6u32 {
        let versions: Vec<Artifact> =
            (0..40).map(|n| Artifact::gauge(&format!("1.{round}.{n}"), 100_000).unwrap()).collect();
        let (tell, told) = std::sync::mpsc::channel();
        let pushing = client.clone();
        let pusher = std::thread::spawn(move || {
            // Ends with the first request that nobody answers.
            for artifact in versions {
                match pushing.push(&artifact) {
                    Ok(reply) if reply.status == 201 => tell.send(artifact).unwrap(),
                    Ok(reply) => panic!("{:?}", reply.error()),
                    Err(_) => return,
                }
            }
        });
        // Wherever the next push happens to be after so many.
        acknowledged.extend(told.iter().take(2 + round as usize));
        registry.kill().unwrap();
        pusher.join().unwrap();
        acknowledged.extend(told.iter());
        registry.restart().unwrap();
        client.address.clone_from(&registry.address);
    }
    assert!(acknowledged.len() >= 27);
    for artifact in &acknowledged {
        let manifest = client.get(&format!("/v2/hydro/gauge/manifests/{}", artifact.version)).unwrap();
        assert_eq!((manifest.status, &manifest.body), (200, &artifact.manifest), "{}", artifact.version);
        let layer =
            client.get(&format!("/v2/hydro/gauge/blobs/{}", Digest::of(&artifact.component))).unwrap();
        assert_eq!((layer.status, &layer.body), (200, &artifact.component), "{}", artifact.version);
    }
    // No file is but half of what its name says.
    for shelf in std::fs::read_dir(registry.directory().join("blobs/sha256")).unwrap() {
        for file in std::fs::read_dir(shelf.unwrap().path()).unwrap() {
            let file = file.unwrap();
            let bytes = std::fs::read(file.path()).unwrap();
            assert_eq!(file.file_name().to_str(), Some(Digest::of(&bytes).hex().as_str()));
        }
    }
}

#[test]
fn two_processes_do_not_share_a_directory() {
    let (registry, _client) = hydro();
    let second = registry.folder.path().join("data");
    let refused = std::process::Command::new(dongting_tests::host::binary().unwrap())
        .args(["registry", "serve", "--listen", "127.0.0.1:0", "--data"])
        .arg(&second)
        .output()
        .unwrap();
    let said = String::from_utf8(refused.stderr).unwrap();
    assert!(!refused.status.success() && said.contains("another dongting has the registry"), "{said}");
}
