//! Statements about releases: attached, found again, filtered.

use dongting_registry::Digest;
use dongting_tests::oci::{Artifact, INDEX};
use dongting_tests::registry::{Client, Reply};
use serde_json::json;

use super::hydro;

const SBOM: &str = "application/vnd.cyclonedx+json";
const SIGNATURE: &str = "application/vnd.dsse.envelope.v1+json";

fn attach(client: &Client, artifact: &Artifact, artifact_type: &str, layer: &[u8]) -> (String, Reply) {
    let manifest = artifact.statement(artifact_type, layer);
    let digest = Digest::of(&manifest).to_string();
    client.push_blob(&artifact.repository, b"{}").unwrap();
    client.push_blob(&artifact.repository, layer).unwrap();
    let pushed = client.push_manifest(&artifact.repository, &digest, &manifest).unwrap();
    (digest, pushed)
}

#[test]
fn statements_are_found_by_their_subject_and_filtered_by_their_type() {
    let (_registry, client) = hydro();
    let artifact = Artifact::gauge("1.2.0", 10).unwrap();
    let path = format!("/v2/hydro/gauge/referrers/{}", artifact.digest());
    // A subject that is not here has none, which is no error.
    let none = client.get(&path).unwrap();
    assert_eq!((none.status, none.header("content-type")), (200, INDEX));
    assert_eq!(none.json(), json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": [] }));

    // What is said may come before what it is said of.
    let (sbom, pushed) = attach(&client, &artifact, SBOM, b"{\"components\":[]}");
    assert_eq!((pushed.status, pushed.header("oci-subject")), (201, artifact.digest().as_str()));
    client.push(&artifact).unwrap();
    let (signature, _) = attach(&client, &artifact, SIGNATURE, &artifact.signed().unwrap());

    let all = client.get(&path).unwrap();
    let mut digests: Vec<_> =
        all.json()["manifests"].as_array().unwrap().iter().map(|m| m["digest"].clone()).collect();
    digests.sort_by_key(ToString::to_string);
    let mut wanted = vec![json!(sbom), json!(signature)];
    wanted.sort_by_key(ToString::to_string);
    assert_eq!((digests, all.header("oci-filters-applied")), (wanted, ""));

    let filtered = client.get(&format!("{path}?artifactType={}", SBOM.replace('+', "%2B"))).unwrap();
    assert_eq!(filtered.header("oci-filters-applied"), "artifactType");
    let found = filtered.json()["manifests"].clone();
    assert_eq!(found.as_array().unwrap().len(), 1);
    assert_eq!((&found[0]["artifactType"], &found[0]["digest"]), (&json!(SBOM), &json!(sbom)));
    assert_eq!(found[0]["annotations"], json!({ "said": "by a test" }));

    let page = client.get(&format!("{path}?n=1")).unwrap();
    let link = page.header("link").to_owned();
    let next = link.strip_prefix('<').unwrap().strip_suffix(">; rel=\"next\"").unwrap();
    assert_eq!(client.get(next).unwrap().json()["manifests"].as_array().unwrap().len(), 1);
}

#[test]
fn a_statement_has_no_version() {
    let (_registry, client) = hydro();
    let artifact = Artifact::gauge("1.2.0", 10).unwrap();
    attach(&client, &artifact, SBOM, b"{}");
    let refused = client.push_manifest("hydro/gauge", "1.2.0", &artifact.statement(SBOM, b"{}")).unwrap();
    assert_eq!(refused.status, 400);
    let (_, said) = refused.error();
    assert!(said.contains("what is said of one is pushed by its digest"), "{said}");
}
