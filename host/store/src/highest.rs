//! The highest version of a plugin that an installation ever ran, so that an old release, which may have holes that were mended since,
//! does not come back unnoticed.

use dongting_manifest::Version;

use crate::sql::sql;
use crate::{Store, StoreError};

impl Store {
    /// Remembers that the installation runs this version. The memory never falls, whichever of several hosts writes it.
    pub async fn ran(
        &self,
        installation: &str,
        repository: &str,
        version: Version,
    ) -> Result<(), StoreError> {
        sql("INSERT INTO highest VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (installation, repository) DO UPDATE SET major = $3, minor = $4, patch = $5
             WHERE (highest.major, highest.minor, highest.patch) < ($3, $4, $5)")
        .bind(installation)
        .bind(repository)
        .bind(i64::from(version.major))
        .bind(i64::from(version.minor))
        .bind(i64::from(version.patch))
        .execute_alone(&self.writer)
        .await?;
        Ok(())
    }

    /// None where it ran none yet.
    pub async fn highest(&self, installation: &str, repository: &str) -> Result<Option<Version>, StoreError> {
        let found: Option<(i64, i64, i64)> = sqlx::query_as(
            "SELECT major, minor, patch FROM highest WHERE installation = $1 AND repository = $2",
        )
        .bind(installation)
        .bind(repository)
        .fetch_optional(&self.reader)
        .await
        .map_err(StoreError::sql)?;
        let Some((major, minor, patch)) = found else { return Ok(None) };
        let part = |part: i64| {
            u32::try_from(part).map_err(|_| StoreError::Damaged(format!("{part} is no part of a version")))
        };
        Ok(Some(Version { major: part(major)?, minor: part(minor)?, patch: part(patch)? }))
    }
}
