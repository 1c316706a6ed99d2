use serde_json::json;

use super::*;
use crate::media_type::OCI_INDEX;

fn descriptor(media_type: &str, bytes: &[u8]) -> serde_json::Value {
    json!({ "mediaType": media_type, "digest": Digest::of(bytes).to_string(), "size": bytes.len() })
}

fn plugin() -> serde_json::Value {
    json!({
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": descriptor("application/vnd.wasm.config.v0+json", b"{}"),
        "layers": [descriptor(WASM, b"component")],
    })
}

fn parse(manifest: &serde_json::Value) -> Result<ImageManifest, RegistryError> {
    ImageManifest::parse(Some(OCI_MANIFEST), manifest.to_string().as_bytes())
}

#[test]
fn a_plugin_and_a_statement_about_it() {
    let read = parse(&plugin()).unwrap();
    let component = Named { digest: Digest::of(b"component"), size: 9 };
    assert_eq!(read.kind, Kind::Plugin { component });
    assert_eq!(read.artifact_type, "application/vnd.wasm.config.v0+json");
    assert_eq!(read.uses.len(), 2);

    let mut statement = plugin();
    statement["subject"] = descriptor(OCI_MANIFEST, b"release");
    statement["artifactType"] = "application/vnd.cyclonedx+json".into();
    let read = parse(&statement).unwrap();
    assert_eq!((read.kind, read.subject), (Kind::Statement, Some(Digest::of(b"release"))));
    assert_eq!(read.artifact_type, "application/vnd.cyclonedx+json");
}

#[test]
fn what_is_wrong_with_a_manifest_is_said() {
    let said = |change: &dyn Fn(&mut serde_json::Value)| {
        let mut manifest = plugin();
        change(&mut manifest);
        parse(&manifest).unwrap_err().to_string()
    };
    assert!(said(&|m| m["layers"] = json!([])).contains("it is no plugin"));
    assert!(said(&|m| m["layers"][0]["mediaType"] = "text/plain".into()).contains("dongting plugin push"));
    assert!(said(&|m| m["layers"][0]["digest"] = "sha256:../../x".into()).contains("no digest"));
    assert!(said(&|m| m["layers"][0]["urls"] = json!(["http://elsewhere"])).contains("urls"));
    assert!(
        said(&|m| m["layers"] = json!(vec![m["layers"][0].clone(); 200])).contains("more than 128 layers")
    );
    assert!(said(&|m| m["schemaVersion"] = 1.into()).contains("schemaVersion"));
    assert!(said(&|m| m["mediaType"] = OCI_INDEX.into()).contains("no index"));
    assert!(said(&|m| m["annotations"] = json!({ "a": "b".repeat(5000) })).contains("annotations"));
    assert!(said(&|m| *m = json!([])).contains("no OCI image manifest"));
    let sent = ImageManifest::parse(Some("application/json"), plugin().to_string().as_bytes());
    assert!(sent.unwrap_err().to_string().contains("Content-Type"));
    let large = ImageManifest::parse(None, &vec![b' '; MAX_BYTES + 1]);
    assert!(matches!(large, Err(RegistryError::ManifestTooLarge { .. })));
}
