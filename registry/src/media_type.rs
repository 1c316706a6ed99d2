//! What manifests and layers are called. Whoever pushes, pulls or attaches something names it by these.

pub const OCI_MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
pub const OCI_INDEX: &str = "application/vnd.oci.image.index.v1+json";
/// The configuration of what is only said of something.
pub const EMPTY: &str = "application/vnd.oci.empty.v1+json";
/// A component.
pub const WASM: &str = "application/wasm";
/// The configuration of a component.
pub const WASM_CONFIG: &str = "application/vnd.wasm.config.v0+json";
/// An attached signature: a DSSE envelope.
pub const ENVELOPE: &str = "application/vnd.dsse.envelope.v1+json";
/// An attached quality report.
pub const QUALITY: &str = "application/vnd.dongting.quality.v1+json";
/// An attached bill of materials, CycloneDX as JSON.
pub const MATERIALS: &str = "application/vnd.cyclonedx+json";
