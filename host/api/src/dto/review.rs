//! What a reviewer is shown of a release before it is approved.

use serde::Serialize;
use utoipa::ToSchema;

use super::Text;

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReleaseReview {
    /// `vendor/plugin`.
    pub repository: String,
    pub version: String,
    /// `sha256:…` of the OCI manifest.
    pub manifest_digest: String,
    /// SHA-256 of the component, 64 hexadecimal digits.
    pub component_digest: String,
    /// Bytes of the component.
    pub size: u64,
    #[schema(format = DateTime)]
    pub pushed: String,
    /// Why it was taken back.
    #[schema(required)]
    pub yanked: Option<String>,
    pub title: Text,
    pub description: Text,
    /// The vendor as the plugin names it to people.
    pub vendor: String,
    pub roles: Vec<String>,
    /// The interfaces that the component imports, read from its bytes.
    pub imports: Vec<String>,
    pub asks: Asks,
    /// None where no release before it was approved.
    #[schema(required)]
    pub differences: Option<Differences>,
    /// The quality report of `dongting plugin check`, as it was pushed.
    #[schema(required)]
    pub quality: Option<serde_json::Value>,
    /// The bill of materials; none where none was pushed.
    #[schema(required)]
    pub materials: Option<Vec<Material>>,
    pub signatures: Vec<ReleaseSignature>,
    pub verdict: ReleaseVerdict,
    /// The installations that run it now.
    pub installations: Vec<String>,
}

/// What the manifest asks the operator to grant and set.
#[derive(Debug, Serialize, ToSchema)]
pub struct Asks {
    pub capabilities: Vec<AskedCapability>,
    pub publish: Vec<AskedTopic>,
    pub subscribe: Vec<AskedTopic>,
    pub settings: Vec<AskedSetting>,
    pub attachments: Vec<AskedAttachment>,
    /// Its collections of documents.
    pub records: Vec<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct AskedCapability {
    pub capability: String,
    pub reason: Text,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct AskedTopic {
    pub domain: String,
    pub kind: String,
    /// None for every detail.
    #[schema(required)]
    pub detail: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct AskedSetting {
    pub name: String,
    pub r#type: String,
    pub required: bool,
    pub title: Text,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct AskedAttachment {
    pub name: String,
    pub title: Text,
}

/// Against the newest release before it that was approved.
#[derive(Debug, Serialize, ToSchema)]
pub struct Differences {
    pub version: String,
    pub differences: Vec<AskedDifference>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct AskedDifference {
    pub change: AskedChange,
    /// `role`, `import`, `capability`, `publish`, `subscribe`, `setting`, `attachment`, `records`, `ordering`.
    pub what: String,
    /// Its name, a topic as `domain kind detail`, or before and after with an arrow between.
    pub name: String,
}

#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum AskedChange {
    Added,
    Removed,
    Changed,
}

/// One entry of the bill of materials.
#[derive(Debug, Serialize, ToSchema)]
pub struct Material {
    pub name: String,
    #[schema(required)]
    pub version: Option<String>,
    #[schema(required)]
    pub licence: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReleaseSignature {
    /// None where the envelope cannot be read.
    #[schema(required)]
    pub key: Option<String>,
    /// None for a key that the registry does not know.
    #[schema(required)]
    pub algorithm: Option<String>,
    /// `vendor:…` or `province:…`; none for a key that the registry does not know.
    #[schema(required)]
    pub owner: Option<String>,
    /// None where it cannot be read.
    #[schema(required)]
    pub says: Option<SignatureSays>,
    /// What the reviewer wrote.
    #[schema(required)]
    pub note: Option<String>,
    pub good: bool,
    /// What is wrong with it.
    #[schema(required)]
    pub reason: Option<String>,
}

#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum SignatureSays {
    /// The vendor: this is my release.
    Release,
    Approved,
    Rejected,
}

/// Whether this host would run it.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReleaseVerdict {
    pub trusted: bool,
    /// Why not.
    #[schema(required)]
    pub reason: Option<String>,
    /// Who approved it.
    #[schema(required)]
    pub reviewer: Option<String>,
}
