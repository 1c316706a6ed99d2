//! What the registry has, as the portal's catalogue shows it.

use std::collections::BTreeMap;

use dongting_registry as registry;
use serde::Serialize;
use utoipa::ToSchema;

use super::Text;

#[derive(Debug, Serialize, ToSchema)]
pub struct Catalogue {
    pub plugins: Vec<CataloguePlugin>,
}

/// A repository with its releases. The texts are those of its newest release that was not yanked.
#[derive(Debug, Serialize, ToSchema)]
pub struct CataloguePlugin {
    /// `<vendor>/<plugin>`
    pub repository: String,
    pub title: Text,
    pub description: Text,
    pub roles: Vec<String>,
    /// The highest first.
    pub versions: Vec<CatalogueVersion>,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CatalogueVersion {
    pub version: String,
    /// `sha256:…` of the OCI manifest.
    pub digest: String,
    /// `sha256:…` of the component.
    pub component: String,
    /// Of the component, in bytes.
    pub size: u64,
    #[schema(format = DateTime)]
    pub pushed: String,
    /// Why it should no longer be used.
    #[schema(required)]
    pub yanked: Option<String>,
    /// Of the newest quality report on it, A to E; none where there is no report.
    #[schema(required)]
    pub grade: Option<String>,
}

/// One release, whole.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CatalogueRelease {
    pub repository: String,
    #[serde(flatten)]
    pub version: CatalogueVersion,
    pub vendor: String,
    pub title: Text,
    pub description: Text,
    pub roles: Vec<String>,
    /// What it asks for, by name, and why.
    pub capabilities: BTreeMap<String, Text>,
    /// Topics, as `water observation`.
    pub publish: Vec<String>,
    pub subscribe: Vec<String>,
    /// The text of its plugin.toml.
    pub plugin_toml: String,
    /// What is said of it: signatures, reports, bills of materials.
    pub referrers: Vec<CatalogueReferrer>,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CatalogueReferrer {
    /// `sha256:…` of its OCI manifest.
    pub digest: String,
    pub artifact_type: String,
    pub annotations: BTreeMap<String, String>,
    #[schema(format = DateTime)]
    pub pushed: String,
}

impl From<registry::Plugin> for CataloguePlugin {
    fn from(plugin: registry::Plugin) -> Self {
        Self {
            repository: plugin.repository.to_string(),
            title: Text::from(&plugin.title),
            description: Text::from(&plugin.description),
            roles: plugin.roles.iter().map(ToString::to_string).collect(),
            versions: plugin.versions.into_iter().map(CatalogueVersion::from).collect(),
        }
    }
}

impl From<registry::Version> for CatalogueVersion {
    fn from(version: registry::Version) -> Self {
        Self {
            version: version.version,
            digest: version.manifest_digest.to_string(),
            component: version.component_digest.to_string(),
            size: version.size,
            pushed: version.pushed.to_string(),
            yanked: version.yanked,
            grade: version.grade,
        }
    }
}

impl From<registry::Details> for CatalogueRelease {
    fn from(details: registry::Details) -> Self {
        let registry::Details { release, manifest, plugin_toml, referrers, repository } = details;
        Self {
            repository: repository.to_string(),
            version: release.into(),
            title: Text::from(&manifest.title),
            description: Text::from(&manifest.description),
            roles: manifest.roles.iter().map(ToString::to_string).collect(),
            capabilities: manifest
                .capabilities
                .iter()
                .map(|(capability, why)| (capability.to_string(), Text::from(why)))
                .collect(),
            publish: manifest.publish.iter().map(ToString::to_string).collect(),
            subscribe: manifest.subscribe.iter().map(ToString::to_string).collect(),
            vendor: manifest.vendor,
            plugin_toml,
            referrers: referrers.into_iter().map(CatalogueReferrer::from).collect(),
        }
    }
}

impl From<registry::Referrer> for CatalogueReferrer {
    fn from(referrer: registry::Referrer) -> Self {
        Self {
            digest: referrer.digest.to_string(),
            artifact_type: referrer.artifact_type,
            annotations: referrer.annotations,
            pushed: referrer.pushed.to_string(),
        }
    }
}
