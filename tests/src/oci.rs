//! What a vendor's tools would push: components with a manifest, OCI manifests around them, layouts on a disk.

use std::path::Path;

use anyhow::{Context, Result};
use dongting_manifest::section;
use dongting_registry::Digest;
use dongting_trust::{Algorithm, Predicate, SecretKey, Statement};
use serde_json::{Value, json};

pub const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
pub const INDEX: &str = "application/vnd.oci.image.index.v1+json";
pub const CONFIG: &str = "application/vnd.wasm.config.v0+json";
/// What a release's configuration is here.
pub const CONFIG_BYTES: &[u8] = b"{\"architecture\":\"wasm\",\"os\":\"wasip2\"}";

/// A release as it is pushed.
#[derive(Debug, Clone)]
pub struct Artifact {
    pub repository: String,
    pub version: String,
    pub component: Vec<u8>,
    pub manifest: Vec<u8>,
}

/// A component that does nothing, of about `size` bytes, with the plugin.toml of a plugin that decodes.
pub fn component(vendor: &str, name: &str, version: &str, size: usize) -> Result<Vec<u8>> {
    let padded = wat::parse_str(format!("(component (@custom \"padding\" \"{}\"))", "x".repeat(size)))?;
    with_manifest(&padded, vendor, name, version)
}

/// A component with a plugin.toml put into it.
pub fn with_manifest(component: &[u8], vendor: &str, name: &str, version: &str) -> Result<Vec<u8>> {
    let toml = format!(
        "name = \"{name}\"\nversion = \"{version}\"\nvendor = \"{vendor}\"\nroles = [\"decoder\"]\n\
         title = {{ zh = \"雨量计\", en = \"Rain gauges\" }}\n\
         description = {{ zh = \"读取雨量\", en = \"Reads rain\" }}\n\
         publish = [{{ domain = \"water\", kind = \"observation\" }}]\n\
         [capabilities.log]\nzh = \"记录\"\nen = \"Notes\"\n"
    );
    Ok(section::append(component, &toml)?)
}

impl Artifact {
    /// `hydro/gauge` of some version; releases of other sizes are other releases.
    pub fn gauge(version: &str, size: usize) -> Result<Self> {
        Ok(Self::of("hydro/gauge", version, component("hydro", "gauge", version, size)?))
    }

    pub fn of(repository: &str, version: &str, component: Vec<u8>) -> Self {
        let manifest = json!({
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": descriptor(CONFIG, CONFIG_BYTES),
            "layers": [descriptor("application/wasm", &component)],
        });
        let (repository, version) = (repository.to_owned(), version.to_owned());
        Self { repository, version, component, manifest: manifest.to_string().into_bytes() }
    }

    pub fn digest(&self) -> String {
        Digest::of(&self.manifest).to_string()
    }

    /// What a vendor signs of it, by a key that nobody knows.
    pub fn signed(&self) -> Result<Vec<u8>> {
        let statement = Statement {
            repository: self.repository.clone(),
            version: self.version.parse()?,
            component_digest: Digest::of(&self.component).hex(),
            predicate: Predicate::Release,
        };
        Ok(statement.sign(&SecretKey::generate(Algorithm::Ed25519)?)?.to_json().into_bytes())
    }

    /// Something said of it: a manifest with this one as its subject.
    pub fn statement(&self, artifact_type: &str, layer: &[u8]) -> Vec<u8> {
        json!({
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "artifactType": artifact_type,
            "config": descriptor("application/vnd.oci.empty.v1+json", b"{}"),
            "layers": [descriptor(artifact_type, layer)],
            "subject": descriptor(MANIFEST, &self.manifest),
            "annotations": { "said": "by a test" },
        })
        .to_string()
        .into_bytes()
    }

    /// Writes it as an OCI image layout.
    pub fn layout(&self, folder: &Path) -> Result<()> {
        let blobs = folder.join("blobs/sha256");
        std::fs::create_dir_all(&blobs)?;
        for bytes in [CONFIG_BYTES, &self.component, &self.manifest] {
            std::fs::write(blobs.join(Digest::of(bytes).hex()), bytes)?;
        }
        let mut listed = descriptor(MANIFEST, &self.manifest);
        let name = json!({ "org.opencontainers.image.ref.name": self.version });
        listed.as_object_mut().context("a descriptor is an object")?.insert("annotations".to_owned(), name);
        let index = json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": [listed] });
        std::fs::write(folder.join("index.json"), index.to_string())?;
        std::fs::write(folder.join("oci-layout"), "{\"imageLayoutVersion\":\"1.0.0\"}")?;
        Ok(())
    }
}

pub fn descriptor(media_type: &str, bytes: &[u8]) -> Value {
    json!({ "mediaType": media_type, "digest": Digest::of(bytes).to_string(), "size": bytes.len() })
}
