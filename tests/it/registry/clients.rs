//! `skopeo` and `wkg`, as they are.

use dongting_tests::oci::Artifact;
use dongting_tests::registry::{Registry, said, skopeo, wkg};

struct Shop {
    registry: Registry,
    credentials: String,
    secret: String,
    folder: tempfile::TempDir,
}

fn shop() -> Shop {
    let registry = Registry::start().unwrap();
    let secret = registry.token("hydro", "pull,push,delete").unwrap();
    Shop { credentials: format!("hydro:{secret}"), registry, secret, folder: tempfile::tempdir().unwrap() }
}

impl Shop {
    fn remote(&self, reference: &str) -> String {
        format!("docker://{}/{reference}", self.registry.address)
    }

    /// `skopeo copy` of an artifact from a layout on the disk.
    fn copy_in(&self, artifact: &Artifact, name: &str) -> std::process::Output {
        let layout = self.folder.path().join(name);
        artifact.layout(&layout).unwrap();
        let from = format!("oci:{}:{}", layout.display(), artifact.version);
        let to = self.remote(&format!("{}:{}", artifact.repository, artifact.version));
        skopeo(&["copy", "--dest-tls-verify=false", "--dest-creds", &self.credentials, &from, &to]).unwrap()
    }
}

#[test]
fn skopeo_copies_a_layout_in_and_out() {
    let shop = shop();
    let artifact = Artifact::gauge("1.2.0", 300_000).unwrap();
    said(shop.copy_in(&artifact, "in")).unwrap();
    // Once more is fine.
    said(shop.copy_in(&artifact, "in")).unwrap();

    // Reading on this machine needs no token.
    let remote = shop.remote("hydro/gauge:1.2.0");
    let raw = skopeo(&["inspect", "--raw", "--tls-verify=false", &remote]).unwrap();
    assert_eq!(raw.stdout, artifact.manifest, "{}", String::from_utf8_lossy(&raw.stderr));

    let out = shop.folder.path().join("out");
    let to = format!("oci:{}:1.2.0", out.display());
    said(skopeo(&["copy", "--src-tls-verify=false", &remote, &to]).unwrap()).unwrap();
    let layer = dongting_registry::Digest::of(&artifact.component).hex();
    assert_eq!(std::fs::read(out.join("blobs/sha256").join(layer)).unwrap(), artifact.component);
    let manifest = dongting_registry::Digest::of(&artifact.manifest).hex();
    assert_eq!(std::fs::read(out.join("blobs/sha256").join(manifest)).unwrap(), artifact.manifest);
}

#[test]
fn skopeo_deletes() {
    let shop = shop();
    let artifact = Artifact::gauge("1.2.0", 10).unwrap();
    said(shop.copy_in(&artifact, "in")).unwrap();
    let remote = shop.remote("hydro/gauge:1.2.0");
    said(skopeo(&["delete", "--tls-verify=false", "--creds", &shop.credentials, &remote]).unwrap()).unwrap();
    let raw = skopeo(&["inspect", "--raw", "--tls-verify=false", &remote]).unwrap();
    assert!(!raw.status.success());
    let complaint = String::from_utf8(raw.stderr).unwrap();
    assert!(complaint.contains("has no release or manifest `1.2.0`"), "{complaint}");
}

#[test]
fn skopeo_shows_why_a_release_was_refused() {
    let shop = shop();
    let mut artifact = Artifact::gauge("1.2.0", 10).unwrap();
    artifact.version = "1.3.0".to_owned();
    let refused = shop.copy_in(&artifact, "in");
    assert!(!refused.status.success());
    let complaint = String::from_utf8(refused.stderr).unwrap();
    assert!(complaint.contains("plugin.toml has the version 1.2.0"), "{complaint}");
}

#[test]
fn wkg_pushes_and_pulls() {
    let shop = shop();
    let artifact = Artifact::gauge("1.2.0", 200_000).unwrap();
    let home = shop.folder.path();
    let file = home.join("gauge.wasm");
    std::fs::write(&file, &artifact.component).unwrap();
    let reference = format!("{}/hydro/gauge:1.2.0", shop.registry.address);
    let push = |reference: &str| {
        let words = ["oci", "push", "--insecure", &shop.registry.address, "-u", "hydro", "-p", &shop.secret];
        wkg(home, &[&words[..], &[reference, file.to_str().unwrap()]].concat()).unwrap()
    };
    said(push(&reference)).unwrap();

    let pulled = home.join("pulled.wasm");
    let words =
        ["oci", "pull", "--insecure", &shop.registry.address, "-o", pulled.to_str().unwrap(), &reference];
    said(wkg(home, &words).unwrap()).unwrap();
    assert_eq!(std::fs::read(&pulled).unwrap(), artifact.component);

    let refused = push(&format!("{}/hydro/other:1.2.0", shop.registry.address));
    assert!(!refused.status.success());
    let complaint = String::from_utf8_lossy(&refused.stderr).replace('\n', " ");
    assert!(complaint.contains("plugin.toml names the plugin `gauge`"), "{complaint}");
}
