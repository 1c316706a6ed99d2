//! `dongting.toml`: what the operator enables on this host.

use std::path::{Path, PathBuf};

use dongting_manifest::Installation;
use serde::Deserialize;

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HostConfig {
    /// TopoJSON with the objects `cities` and `counties`, for the portal's maps.
    #[serde(default)]
    pub boundaries: Option<PathBuf>,
    /// Days that messages are kept for views and lineage.
    #[serde(default = "default_history_days")]
    pub history_days: u32,
    #[serde(default, rename = "installation")]
    pub installations: Vec<Installation>,
}

#[derive(Debug, thiserror::Error)]
pub enum HostConfigError {
    #[error("the configuration {path} cannot be read", path = path.display())]
    Read {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error("the configuration {path} is not understood: {reason}", path = path.display())]
    Toml { path: PathBuf, reason: String },
    #[error("the configuration {path} has two installations `{id}`: give each its own id", path = path.display())]
    Twice { path: PathBuf, id: String },
}

impl Default for HostConfig {
    fn default() -> Self {
        Self { boundaries: None, history_days: default_history_days(), installations: Vec::new() }
    }
}

impl HostConfig {
    /// Reads the file; the paths in it are taken relative to it.
    pub fn read(path: &Path) -> Result<Self, HostConfigError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| HostConfigError::Read { path: path.to_owned(), source })?;
        let mut config: Self = toml::from_str(&text)
            .map_err(|error| HostConfigError::Toml { path: path.to_owned(), reason: error.to_string() })?;
        let base = path.parent().unwrap_or(Path::new("."));
        let mut seen = std::collections::BTreeSet::new();
        for installation in &mut config.installations {
            if !seen.insert(installation.id.clone()) {
                return Err(HostConfigError::Twice { path: path.to_owned(), id: installation.id.clone() });
            }
            installation.component = base.join(&installation.component);
            for file in installation.attachments.values_mut() {
                *file = base.join(&*file);
            }
        }
        config.boundaries = config.boundaries.map(|file| base.join(file));
        Ok(config)
    }
}

const fn default_history_days() -> u32 {
    365
}
