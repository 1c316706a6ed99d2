//! What a reviewer is shown of a release before it is approved.

use dongting_engine::review::{self, Predicate, Review, SignatureFound};
use dongting_manifest::Manifest;
use dongting_manifest::asked::{Change, Difference};
use dongting_manifest::plugin::Topic;
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

impl From<Review> for ReleaseReview {
    fn from(review: Review) -> Self {
        let Review { details, imports, since, quality, materials, signatures, verdict, installations } =
            review;
        let (release, manifest) = (details.release, details.manifest);
        Self {
            repository: details.repository.to_string(),
            version: release.version,
            manifest_digest: release.manifest_digest.to_string(),
            component_digest: release.component_digest.hex(),
            size: release.size,
            pushed: release.pushed.to_string(),
            yanked: release.yanked,
            title: Text::from(&manifest.title),
            description: Text::from(&manifest.description),
            roles: manifest.roles.iter().map(ToString::to_string).collect(),
            imports: imports.into_iter().collect(),
            asks: Asks::from(&manifest),
            vendor: manifest.vendor,
            differences: since.map(|(version, all)| Differences {
                version,
                differences: all.into_iter().map(AskedDifference::from).collect(),
            }),
            quality,
            materials: materials.map(|all| all.into_iter().map(Material::from).collect()),
            signatures: signatures.into_iter().map(ReleaseSignature::from).collect(),
            verdict: ReleaseVerdict {
                trusted: verdict.is_ok(),
                reason: verdict.as_ref().err().cloned(),
                reviewer: verdict.ok(),
            },
            installations,
        }
    }
}

impl From<&Manifest> for Asks {
    fn from(manifest: &Manifest) -> Self {
        let topics = |all: &[Topic]| all.iter().map(AskedTopic::from).collect();
        Self {
            capabilities: manifest
                .capabilities
                .iter()
                .map(|(capability, why)| AskedCapability {
                    capability: capability.to_string(),
                    reason: Text::from(why),
                })
                .collect(),
            publish: topics(&manifest.publish),
            subscribe: topics(&manifest.subscribe),
            settings: manifest
                .settings
                .iter()
                .map(|(name, setting)| AskedSetting {
                    name: name.clone(),
                    r#type: format!("{:?}", setting.r#type).to_lowercase(),
                    required: setting.required,
                    title: Text::from(&setting.title),
                })
                .collect(),
            attachments: manifest
                .attachments
                .iter()
                .map(|(name, title)| AskedAttachment { name: name.clone(), title: Text::from(title) })
                .collect(),
            records: manifest.records.keys().cloned().collect(),
        }
    }
}

impl From<&Topic> for AskedTopic {
    fn from(topic: &Topic) -> Self {
        Self { domain: topic.domain.clone(), kind: topic.kind.to_string(), detail: topic.detail.clone() }
    }
}

impl From<Difference> for AskedDifference {
    fn from(difference: Difference) -> Self {
        Self {
            change: match difference.change {
                Change::Added => AskedChange::Added,
                Change::Removed => AskedChange::Removed,
                Change::Changed => AskedChange::Changed,
            },
            what: difference.what.as_str().to_owned(),
            name: difference.name,
        }
    }
}

impl From<review::Material> for Material {
    fn from(material: review::Material) -> Self {
        let review::Material { name, version, licence } = material;
        Self { name, version, licence }
    }
}

impl From<SignatureFound> for ReleaseSignature {
    fn from(found: SignatureFound) -> Self {
        let (says, note) = match found.says {
            None => (None, None),
            Some(Predicate::Release) => (Some(SignatureSays::Release), None),
            Some(Predicate::Review { approved, note }) => {
                let says = if approved { SignatureSays::Approved } else { SignatureSays::Rejected };
                (Some(says), Some(note).filter(|note| !note.is_empty()))
            }
        };
        Self {
            key: found.key,
            algorithm: found.algorithm.map(str::to_owned),
            owner: found.owner,
            says,
            note,
            good: found.wrong.is_none(),
            reason: found.wrong,
        }
    }
}
