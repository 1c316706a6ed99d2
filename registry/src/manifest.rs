//! An OCI image manifest as it is pushed: a release of a plugin, or a statement about one.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::digest::Digest;
use crate::error::RegistryError;
use crate::media_type::{OCI_MANIFEST, WASM};

/// The specification asks for 4 MiB at least.
pub const MAX_BYTES: usize = 4 << 20;
const MAX_LAYERS: usize = 128;
const MAX_TYPE: usize = 256;
const MAX_ANNOTATIONS: usize = 64;
const MAX_ANNOTATION: usize = 4096;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageManifest {
    pub artifact_type: String,
    pub subject: Option<Digest>,
    pub annotations: BTreeMap<String, String>,
    /// What it names: the configuration, then the layers.
    pub uses: Vec<Named>,
    pub kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Named {
    pub digest: Digest,
    pub size: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A plugin: its one layer is the component.
    Plugin { component: Named },
    /// Something said of another manifest: a signature, a report, a bill of materials.
    Statement,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Raw {
    schema_version: u32,
    media_type: Option<String>,
    artifact_type: Option<String>,
    config: Option<Descriptor>,
    #[serde(default)]
    layers: Vec<Descriptor>,
    subject: Option<Descriptor>,
    #[serde(default)]
    annotations: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Descriptor {
    media_type: String,
    digest: String,
    size: u64,
    #[serde(default)]
    urls: Vec<String>,
}

impl ImageManifest {
    pub fn parse(content_type: Option<&str>, body: &[u8]) -> Result<Self, RegistryError> {
        let invalid = |reason: &str| RegistryError::ManifestInvalid(reason.to_owned());
        if body.len() > MAX_BYTES {
            return Err(RegistryError::ManifestTooLarge { most: MAX_BYTES });
        }
        let raw: Raw = serde_json::from_slice(body)
            .map_err(|error| invalid(&format!("it is no OCI image manifest: {error}")))?;
        let content_type = content_type.map(|text| text.split(';').next().unwrap_or(text).trim());
        let media_type = raw.media_type.as_deref().or(content_type).unwrap_or(OCI_MANIFEST);
        if media_type != OCI_MANIFEST {
            return Err(RegistryError::ManifestInvalid(format!(
                "it is of the type {}; this registry keeps OCI image manifests ({OCI_MANIFEST}), each release by itself and no index",
                media_type.chars().take(100).collect::<String>()
            )));
        }
        if content_type.is_some_and(|sent| sent != media_type) {
            return Err(invalid("its mediaType is not the Content-Type that it was sent with"));
        }
        if raw.schema_version != 2 {
            return Err(invalid("its schemaVersion is not 2"));
        }
        if raw.layers.len() > MAX_LAYERS {
            return Err(invalid(&format!("it has more than {MAX_LAYERS} layers")));
        }
        let config = raw.config.ok_or_else(|| invalid("it has no config"))?;
        let annotations = annotations(raw.annotations)?;
        let artifact_type = raw.artifact_type.unwrap_or_else(|| config.media_type.clone());
        if artifact_type.len() > MAX_TYPE || artifact_type.is_empty() {
            return Err(invalid(&format!("its artifactType is not of 1 to {MAX_TYPE} bytes")));
        }
        let subject = raw.subject.map(|subject| subject.digest.parse()).transpose()?;
        let mut uses = vec![config.named()?];
        for layer in &raw.layers {
            uses.push(layer.named()?);
        }
        let kind = if subject.is_some() {
            Kind::Statement
        } else {
            match raw.layers.as_slice() {
                [only] if only.media_type == WASM => Kind::Plugin { component: only.named()? },
                _ => {
                    return Err(invalid(&format!(
                        "it is no plugin, for it has not the one layer of type {WASM}, and nothing said of one, for it has no subject; push the component with `dongting plugin push` or `wkg oci push`"
                    )));
                }
            }
        };
        Ok(Self { artifact_type, subject, annotations, uses, kind })
    }
}

impl Descriptor {
    fn named(&self) -> Result<Named, RegistryError> {
        if !self.urls.is_empty() {
            return Err(RegistryError::ManifestInvalid(
                "one of its descriptors has urls: all that a release is made of is pushed here".to_owned(),
            ));
        }
        Ok(Named { digest: self.digest.parse()?, size: self.size })
    }
}

fn annotations(given: BTreeMap<String, String>) -> Result<BTreeMap<String, String>, RegistryError> {
    let long = given.iter().any(|(name, value)| name.len().saturating_add(value.len()) > MAX_ANNOTATION);
    if given.len() > MAX_ANNOTATIONS || long {
        return Err(RegistryError::ManifestInvalid(format!(
            "it has more than {MAX_ANNOTATIONS} annotations, or one of more than {MAX_ANNOTATION} bytes"
        )));
    }
    Ok(given)
}

#[cfg(test)]
mod tests;
