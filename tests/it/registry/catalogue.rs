//! What the registry tells the host and the portal, by its Rust API.

use dongting_registry::{Digest, Registry};
use dongting_tests::oci::Artifact;

use super::hydro;

const QUALITY: &str = "application/vnd.dongting.quality.v1+json";

#[tokio::test]
async fn a_release_has_the_grade_of_the_newest_report_on_its_own_component() {
    let artifact = Artifact::gauge("1.2.0", 10).unwrap();
    let pushed = artifact.clone();
    let mut registry = tokio::task::spawn_blocking(move || {
        let (registry, client) = hydro();
        client.push_blob("hydro/gauge", b"{}").unwrap();
        let report = |grade: &str, component: &[u8]| {
            format!("{{\"grade\":\"{grade}\",\"digest\":\"{}\"}}", Digest::of(component)).into_bytes()
        };
        let attach = |report: &[u8]| {
            client.push_blob("hydro/gauge", report).unwrap();
            let statement = pushed.statement(QUALITY, report);
            let digest = Digest::of(&statement).to_string();
            assert_eq!(client.push_manifest("hydro/gauge", &digest, &statement).unwrap().status, 201);
        };
        // What is said may come before what it is said of.
        attach(&report("C", &pushed.component));
        client.push(&pushed).unwrap();
        client.push(&Artifact::gauge("1.1.0", 10).unwrap()).unwrap();
        attach(&report("B", &pushed.component));
        // Of another component, of no known grade, and no report at all.
        attach(&report("A", b"another"));
        attach(&report("AAA", &pushed.component));
        attach(b"[]");
        registry
    })
    .await
    .unwrap();
    registry.kill().unwrap();

    let store = Registry::open(&registry.directory()).await.unwrap();
    let [plugin] = store.catalogue().await.unwrap().try_into().unwrap();
    let grades: Vec<_> = plugin.versions.iter().map(|v| (v.version.as_str(), v.grade.as_deref())).collect();
    assert_eq!(grades, [("1.2.0", Some("B")), ("1.1.0", None)]);
    let details = store.details(&"hydro/gauge:1.2.0".parse().unwrap()).await.unwrap();
    assert_eq!(details.release.grade.as_deref(), Some("B"));
    store.close().await;
}

#[tokio::test]
async fn releases_are_told_with_what_is_said_of_them() {
    let artifact = Artifact::gauge("1.10.0", 10).unwrap();
    let envelope = artifact.signed().unwrap();
    let (pushed, signature) = (artifact.clone(), envelope.clone());
    let mut registry = tokio::task::spawn_blocking(move || {
        let (registry, client) = hydro();
        for version in ["1.9.0", "1.2.0"] {
            client.push(&Artifact::gauge(version, 10).unwrap()).unwrap();
        }
        client.push(&pushed).unwrap();
        client.push_blob("hydro/gauge", b"{}").unwrap();
        for (kind, layer) in [
            ("application/vnd.dsse.envelope.v1+json", signature),
            ("application/vnd.cyclonedx+json", b"[2]".to_vec()),
        ] {
            client.push_blob("hydro/gauge", &layer).unwrap();
            let statement = pushed.statement(kind, &layer);
            let digest = Digest::of(&statement).to_string();
            client.push_manifest("hydro/gauge", &digest, &statement).unwrap();
        }
        registry
    })
    .await
    .unwrap();
    registry.kill().unwrap();

    let store = Registry::open(&registry.directory()).await.unwrap();
    let mut changes = store.changes();
    let reference = "hydro/gauge:1.10.0".parse().unwrap();
    let release = store.release(&reference).await.unwrap();
    assert_eq!(release.component_digest, Digest::of(&artifact.component));
    assert_eq!((release.envelopes, release.yanked), (vec![envelope], None));

    let catalogue = store.catalogue().await.unwrap();
    let [plugin] = catalogue.as_slice() else { panic!("{catalogue:?}") };
    assert_eq!((plugin.repository.as_str(), plugin.title.zh.as_str()), ("hydro/gauge", "雨量计"));
    let versions: Vec<&str> = plugin.versions.iter().map(|version| version.version.as_str()).collect();
    assert_eq!(versions, ["1.10.0", "1.9.0", "1.2.0"]);
    let details = store.details(&reference).await.unwrap();
    assert_eq!((details.manifest.name.as_str(), details.referrers.len()), ("gauge", 2));

    assert!(!changes.has_changed().unwrap());
    store.yank(&reference, Some("counts twice")).await.unwrap();
    assert!(changes.has_changed().unwrap());
    changes.mark_unchanged();
    let by_digest = format!("hydro/gauge@{}", artifact.digest()).parse().unwrap();
    let release = store.release(&by_digest).await.unwrap();
    assert_eq!((release.version.as_str(), release.yanked.as_deref()), ("1.10.0", Some("counts twice")));
    let unknown = store.release(&"hydro/gauge:7.0.0".parse().unwrap()).await.unwrap_err();
    assert_eq!(unknown.to_string(), "`hydro/gauge` has no release or manifest `7.0.0`");
    store.close().await;
}
