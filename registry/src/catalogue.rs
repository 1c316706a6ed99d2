//! What there is: repositories, their versions, and the plugins as a person looks for them.

use dongting_manifest::plugin::Role;
use dongting_manifest::{Text, Timestamp};

use crate::digest::Digest;
use crate::error::RegistryError;
use crate::name::Repository;
use crate::registry::{Registry, instant};
use crate::release::{ReleaseRow, plugin};
use crate::report::Grades;

/// A repository with its releases. Title, description and roles are those of its newest version that was not yanked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plugin {
    pub repository: Repository,
    pub title: Text,
    pub description: Text,
    pub roles: Vec<Role>,
    /// The highest first.
    pub versions: Vec<Version>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    pub version: String,
    pub manifest_digest: Digest,
    pub component_digest: Digest,
    /// Of the component, in bytes.
    pub size: u64,
    pub pushed: Timestamp,
    pub yanked: Option<String>,
    /// By the newest quality report on it.
    pub grade: Option<String>,
}

const RELEASES: &str = "SELECT release.*, tag.created, tag.yanked FROM tag
    JOIN release ON release.repository = tag.repository AND release.manifest = tag.digest
    WHERE tag.deleted IS NULL AND ($1 IS NULL OR tag.repository = $1) ORDER BY tag.repository";

impl Registry {
    /// All plugins, by the names of their repositories.
    pub async fn catalogue(&self) -> Result<Vec<Plugin>, RegistryError> {
        self.plugins(None).await
    }

    pub async fn plugin(&self, repository: &Repository) -> Result<Plugin, RegistryError> {
        let found = self.plugins(Some(repository)).await?.pop();
        found.ok_or_else(|| RegistryError::UnknownRepository(repository.clone()))
    }

    async fn plugins(&self, one: Option<&Repository>) -> Result<Vec<Plugin>, RegistryError> {
        let rows: Vec<ReleaseRow> = sqlx::query_as(RELEASES)
            .bind(one.map(Repository::as_str))
            .fetch_all(&self.database().reader)
            .await
            .map_err(RegistryError::sql)?;
        let grades = self.grades(one).await?;
        let mut plugins = Vec::new();
        for rows in rows.chunk_by(|a, b| a.repository == b.repository) {
            plugins.extend(gather(rows, &grades)?);
        }
        Ok(plugins)
    }

    /// Repositories that have anything, of one vendor or of all, in the order of their names.
    pub(crate) async fn repositories(
        &self,
        vendor: Option<&str>,
        after: &str,
        limit: u32,
    ) -> Result<Vec<String>, RegistryError> {
        sqlx::query_scalar(
            "SELECT DISTINCT repository FROM manifest WHERE repository > $1
                 AND ($2 IS NULL OR (repository >= $2 || '/' AND repository < $2 || '0'))
             ORDER BY repository LIMIT $3",
        )
        .bind(after)
        .bind(vendor)
        .bind(limit)
        .fetch_all(&self.database().reader)
        .await
        .map_err(RegistryError::sql)
    }

    /// Versions that can be pulled by their tag, in the order of their bytes as the specification has it.
    pub(crate) async fn tags(
        &self,
        repository: &Repository,
        after: &str,
        limit: u32,
    ) -> Result<Vec<String>, RegistryError> {
        let known: Option<i64> = sqlx::query_scalar("SELECT 1 FROM manifest WHERE repository = $1 LIMIT 1")
            .bind(repository.as_str())
            .fetch_optional(&self.database().reader)
            .await
            .map_err(RegistryError::sql)?;
        known.ok_or_else(|| RegistryError::UnknownRepository(repository.clone()))?;
        sqlx::query_scalar(
            "SELECT tag FROM tag WHERE repository = $1 AND tag > $2 AND deleted IS NULL AND yanked IS NULL
             ORDER BY tag LIMIT $3",
        )
        .bind(repository.as_str())
        .bind(after)
        .bind(limit)
        .fetch_all(&self.database().reader)
        .await
        .map_err(RegistryError::sql)
    }
}

fn gather(rows: &[ReleaseRow], grades: &Grades) -> Result<Option<Plugin>, RegistryError> {
    let mut rows: Vec<&ReleaseRow> = rows.iter().collect();
    rows.sort_by_key(|row| std::cmp::Reverse(numbers(&row.version)));
    let Some(shown) = rows.iter().find(|row| row.yanked.is_none()).or(rows.first()) else { return Ok(None) };
    let manifest = plugin(&shown.plugin)?;
    let versions = rows.iter().map(|row| Version::read(row, grades));
    Ok(Some(Plugin {
        repository: shown.repository.parse()?,
        title: manifest.title,
        description: manifest.description,
        roles: manifest.roles,
        versions: versions.collect::<Result<_, RegistryError>>()?,
    }))
}

impl Version {
    pub(crate) fn read(row: &ReleaseRow, grades: &Grades) -> Result<Self, RegistryError> {
        Ok(Self {
            version: row.version.clone(),
            manifest_digest: row.manifest.parse()?,
            component_digest: row.component.parse()?,
            size: row.size,
            pushed: instant(row.created),
            yanked: row.yanked.clone(),
            grade: grades.get(&(row.repository.clone(), row.manifest.clone())).cloned(),
        })
    }
}

/// `1.10.0` comes after `1.9.0`.
fn numbers(version: &str) -> Vec<u32> {
    version.split('.').map(|number| number.parse().unwrap_or(0)).collect()
}
