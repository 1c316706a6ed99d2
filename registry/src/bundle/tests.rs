use std::fs;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::*;
use crate::media_type::{ENVELOPE, WASM};

const COMPONENT: &[u8] = b"a component";
const SAID: &[u8] = b"{}";

fn descriptor(media_type: &str, bytes: &[u8]) -> Value {
    json!({ "mediaType": media_type, "digest": Digest::of(bytes).to_string(), "size": bytes.len() })
}

fn release() -> Vec<u8> {
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": descriptor("application/vnd.wasm.config.v0+json", b"{}"),
        "layers": [descriptor(WASM, COMPONENT)],
    });
    manifest.to_string().into_bytes()
}

fn statement() -> Vec<u8> {
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "artifactType": ENVELOPE,
        "config": descriptor("application/vnd.oci.empty.v1+json", b"{}"),
        "layers": [descriptor(ENVELOPE, SAID)],
        "subject": descriptor(OCI_MANIFEST, &release()),
    });
    manifest.to_string().into_bytes()
}

fn written() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let repository: Repository = "hydro/gauge".parse().unwrap();
    let mut bundle = NewBundle::create(folder.path()).unwrap();
    for bytes in [COMPONENT, SAID] {
        bundle.blob(bytes).unwrap();
    }
    bundle.manifest(&repository, Some(&"1.2.0".parse().unwrap()), &release()).unwrap();
    bundle.manifest(&repository, None, &statement()).unwrap();
    bundle.finish().unwrap();
    folder
}

fn blob(folder: &TempDir, bytes: &[u8]) -> PathBuf {
    folder.path().join("blobs/sha256").join(Digest::of(bytes).hex())
}

fn refused(folder: &TempDir) -> String {
    Bundle::open(folder.path()).err().unwrap().to_string()
}

#[test]
fn what_was_written_is_read() {
    let folder = written();
    let bundle = Bundle::open(folder.path()).unwrap();
    let [one] = bundle.releases.as_slice() else { panic!("{:?}", bundle.releases) };
    assert_eq!((one.repository.as_str(), one.tag.as_str()), ("hydro/gauge", "1.2.0"));
    assert_eq!(one.manifest.digest, Digest::of(&release()));
    assert_eq!(one.statements.len(), 1);
    assert_eq!(bundle.read(Digest::of(COMPONENT)).unwrap(), COMPONENT);
    assert!(matches!(NewBundle::create(folder.path()), Err(BundleError::NotEmpty { .. })));
}

#[test]
fn one_that_was_cut_off_is_none() {
    for lost in [&release()[..], COMPONENT, SAID, &statement()] {
        let folder = written();
        fs::remove_file(blob(&folder, lost)).unwrap();
        assert!(refused(&folder).contains("is not whole"));
        fs::write(blob(&folder, lost), &lost[..1]).unwrap();
        let said = refused(&folder);
        assert!(said.contains("cut off") || said.contains("was changed"), "{said}");
    }
    for lost in ["index.json", "oci-layout"] {
        let folder = written();
        fs::remove_file(folder.path().join(lost)).unwrap();
        assert!(refused(&folder).contains("cut off"));
    }
    let folder = written();
    let index = fs::read(folder.path().join("index.json")).unwrap();
    fs::write(folder.path().join("index.json"), &index[..index.len() / 2]).unwrap();
    assert!(refused(&folder).contains("is no bundle"));
}

#[test]
fn one_that_was_changed_is_refused() {
    for changed in [&release()[..], COMPONENT, SAID, &statement()] {
        let folder = written();
        let mut bytes = changed.to_vec();
        bytes[0] ^= 1;
        fs::write(blob(&folder, changed), bytes).unwrap();
        assert!(refused(&folder).contains("was changed"));
        fs::write(blob(&folder, changed), [changed, b"more"].concat()).unwrap();
        assert!(refused(&folder).contains("was changed"));
    }
}

#[test]
fn paths_lead_nowhere() {
    let folder = written();
    let outside = tempfile::tempdir().unwrap();
    fs::write(outside.path().join("component"), COMPONENT).unwrap();
    fs::remove_file(blob(&folder, COMPONENT)).unwrap();
    std::os::unix::fs::symlink(outside.path().join("component"), blob(&folder, COMPONENT)).unwrap();
    assert!(refused(&folder).contains("is no file"));

    let folder = written();
    let index = fs::read_to_string(folder.path().join("index.json")).unwrap();
    let hex = Digest::of(&release()).hex();
    for bad in ["../../../../etc/passwd", "sha256:../../../../../etc/passwd", "sha512:00"] {
        let tricked = index.replacen(&format!("sha256:{hex}"), bad, 1);
        assert_ne!(tricked, index);
        fs::write(folder.path().join("index.json"), tricked).unwrap();
        assert!(refused(&folder).contains("is no bundle"));
    }
    for bad in ["../evil", "hydro", "/hydro/gauge", "hydro/../gauge"] {
        fs::write(folder.path().join("index.json"), index.replace("hydro/gauge", bad)).unwrap();
        assert!(refused(&folder).contains("which repository"), "{bad}");
    }
    fs::write(folder.path().join("index.json"), index.replace("1.2.0", "../1")).unwrap();
    assert!(refused(&folder).contains("which version"));
}

#[test]
fn a_statement_needs_what_it_is_said_of() {
    let folder = written();
    let index = fs::read_to_string(folder.path().join("index.json")).unwrap();
    let mut index: Value = serde_json::from_str(&index).unwrap();
    index["manifests"].as_array_mut().unwrap().remove(0);
    fs::write(folder.path().join("index.json"), index.to_string()).unwrap();
    assert!(refused(&folder).contains("which is not in it"));
}
