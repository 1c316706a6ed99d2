//! A release as the host wants it: what it is, what is said of it, and its component, verified.

use dongting_manifest::Manifest;
use sqlx::{FromRow, Row, Sqlite, Transaction, sqlite::SqliteRow};

use crate::attachment::Referrer;
use crate::catalogue::Version;
use crate::database::unsigned;
use crate::digest::Digest;
use crate::error::RegistryError;
use crate::media_type::ENVELOPE;
use crate::name::Repository;
use crate::reference::{At, Reference};
use crate::registry::Registry;

/// More than a release ever needs; no more are taken.
pub(crate) const MAX_ENVELOPES: usize = 256;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Release {
    pub repository: Repository,
    pub version: String,
    pub manifest_digest: Digest,
    pub component_digest: Digest,
    /// The DSSE envelopes attached to it, the first pushed first. Nothing of them is verified here.
    pub envelopes: Vec<Vec<u8>>,
    /// Why it should no longer be used.
    pub yanked: Option<String>,
}

/// All that a release's page shows.
#[derive(Debug, Clone)]
pub struct Details {
    pub repository: Repository,
    pub release: Version,
    pub manifest: Manifest,
    /// The text that `manifest` was read from.
    pub plugin_toml: String,
    pub referrers: Vec<Referrer>,
}

/// The row of a release with that of its tag.
pub(crate) struct ReleaseRow {
    pub repository: String,
    pub version: String,
    pub manifest: String,
    pub component: String,
    pub size: u64,
    pub plugin: String,
    pub created: i64,
    pub yanked: Option<String>,
}

impl<'r> FromRow<'r, SqliteRow> for ReleaseRow {
    fn from_row(row: &'r SqliteRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            repository: row.try_get("repository")?,
            version: row.try_get("version")?,
            manifest: row.try_get("manifest")?,
            component: row.try_get("component")?,
            size: unsigned(row.try_get("size")?),
            plugin: row.try_get("plugin")?,
            created: row.try_get("created")?,
            yanked: row.try_get("yanked")?,
        })
    }
}

impl Registry {
    /// A release that was yanked is still told of, with the reason.
    pub async fn release(&self, reference: &Reference) -> Result<Release, RegistryError> {
        let row = self.release_row(reference).await?;
        let manifest_digest: Digest = row.manifest.parse()?;
        let attached =
            self.attachments(&reference.repository, manifest_digest, ENVELOPE, MAX_ENVELOPES).await?;
        Ok(Release {
            repository: reference.repository.clone(),
            version: row.version,
            manifest_digest,
            component_digest: row.component.parse()?,
            envelopes: attached.into_iter().map(|attachment| attachment.bytes).collect(),
            yanked: row.yanked,
        })
    }

    /// The component's bytes, hashed anew: what the disk made of them meanwhile is no component.
    pub async fn component(&self, digest: &Digest) -> Result<Vec<u8>, RegistryError> {
        self.verified(*digest).await
    }

    pub async fn details(&self, reference: &Reference) -> Result<Details, RegistryError> {
        let row = self.release_row(reference).await?;
        let release = Version::read(&row, &self.grades(Some(&reference.repository)).await?)?;
        Ok(Details {
            repository: reference.repository.clone(),
            manifest: plugin(&row.plugin)?,
            referrers: self.referrers(&reference.repository, release.manifest_digest).await?,
            release,
            plugin_toml: row.plugin,
        })
    }

    async fn release_row(&self, reference: &Reference) -> Result<ReleaseRow, RegistryError> {
        let mut transaction = self.database().reader.begin().await.map_err(RegistryError::sql)?;
        release_row(&mut transaction, reference).await?.ok_or_else(|| unknown(reference))
    }
}

pub(crate) async fn release_row(
    transaction: &mut Transaction<'_, Sqlite>,
    reference: &Reference,
) -> Result<Option<ReleaseRow>, RegistryError> {
    const BY_TAG: &str =
        "SELECT release.*, tag.created, tag.yanked FROM tag JOIN release ON release.repository = tag.repository
             AND release.manifest = tag.digest
         WHERE tag.repository = $1 AND tag.tag = $2 AND tag.deleted IS NULL";
    // A release whose tag alone was deleted is still there under its digest.
    const BY_DIGEST: &str =
        "SELECT release.*, tag.created, tag.yanked FROM release JOIN tag ON tag.repository = release.repository
             AND tag.digest = release.manifest
         WHERE release.repository = $1 AND release.manifest = $2";
    let by = match &reference.at {
        At::Tag(_) => BY_TAG,
        At::Digest(_) => BY_DIGEST,
    };
    sqlx::query_as(by)
        .bind(reference.repository.as_str())
        .bind(reference.at.to_string())
        .fetch_optional(&mut **transaction)
        .await
        .map_err(RegistryError::sql)
}

pub(crate) fn unknown(reference: &Reference) -> RegistryError {
    RegistryError::UnknownManifest { repository: reference.repository.clone(), at: reference.at.clone() }
}

/// It was read when it was pushed; a later version of this program may read it otherwise.
pub(crate) fn plugin(text: &str) -> Result<Manifest, RegistryError> {
    Manifest::parse(text).map_err(|error| RegistryError::Damaged(error.to_string()))
}
