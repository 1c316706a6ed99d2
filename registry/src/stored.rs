//! What is pulled: a manifest by its tag or digest, and whether a repository has a blob.

use std::time::Duration;

use crate::database::unsigned;
use crate::digest::Digest;
use crate::error::RegistryError;
use crate::name::Repository;
use crate::reference::At;
use crate::registry::{Registry, ago, now};

/// A manifest as it was pushed, to the byte.
#[derive(Debug, sqlx::FromRow)]
pub struct Stored {
    pub digest: String,
    pub media_type: String,
    pub body: Vec<u8>,
    pub yanked: Option<String>,
}

impl Registry {
    pub(crate) async fn stored_manifest(
        &self,
        repository: &Repository,
        at: &At,
    ) -> Result<Stored, RegistryError> {
        const BY_TAG: &str = "SELECT manifest.digest, media_type, body, yanked FROM tag
             JOIN manifest ON manifest.repository = tag.repository AND manifest.digest = tag.digest
             WHERE tag.repository = $1 AND tag.tag = $2 AND tag.deleted IS NULL";
        const BY_DIGEST: &str = "SELECT manifest.digest, media_type, body, yanked FROM manifest
             LEFT JOIN tag ON tag.repository = manifest.repository AND tag.digest = manifest.digest
             WHERE manifest.repository = $1 AND manifest.digest = $2";
        let by = match at {
            At::Tag(_) => BY_TAG,
            At::Digest(_) => BY_DIGEST,
        };
        let stored: Option<Stored> = sqlx::query_as(by)
            .bind(repository.as_str())
            .bind(at.to_string())
            .fetch_optional(&self.database().reader)
            .await
            .map_err(RegistryError::sql)?;
        let stored = stored.ok_or_else(|| RegistryError::UnknownManifest {
            repository: repository.clone(),
            at: at.clone(),
        })?;
        // The database is a file on a disk like any blob.
        let digest: Digest = stored.digest.parse()?;
        if Digest::of(&stored.body) != digest {
            return Err(RegistryError::Tampered { digest });
        }
        match (at, stored.yanked.clone()) {
            (At::Tag(tag), Some(reason)) => Err(RegistryError::Yanked {
                repository: repository.clone(),
                version: tag.to_string(),
                reason,
            }),
            _ => Ok(stored),
        }
    }

    pub(crate) async fn blob_size(
        &self,
        repository: &Repository,
        digest: Digest,
    ) -> Result<u64, RegistryError> {
        let size: Option<i64> = sqlx::query_scalar(
            "SELECT size FROM link JOIN blob USING (digest) WHERE repository = $1 AND digest = $2",
        )
        .bind(repository.as_str())
        .bind(digest.to_string())
        .fetch_optional(&self.database().reader)
        .await
        .map_err(RegistryError::sql)?;
        size.map(unsigned)
            .ok_or_else(|| RegistryError::UnknownBlob { repository: repository.clone(), digest })
    }

    /// Begins the blob's grace period anew, if half of it or more is over: not every look at a blob is a write.
    pub(crate) async fn rely_on(&self, repository: &Repository, digest: Digest) -> Result<(), RegistryError> {
        let half: Duration = self.inner.options.grace() / 2;
        let (name, digest_text, before) = (repository.as_str(), digest.to_string(), ago(half));
        let stale: Option<i64> =
            sqlx::query_scalar("SELECT 1 FROM link WHERE repository = $1 AND digest = $2 AND linked < $3")
                .bind(name)
                .bind(&digest_text)
                .bind(before)
                .fetch_optional(&self.database().reader)
                .await
                .map_err(RegistryError::sql)?;
        if stale.is_none() {
            return Ok(());
        }
        let mut transaction = self.database().write().await?;
        let kept = sqlx::query("UPDATE link SET linked = $3 WHERE repository = $1 AND digest = $2")
            .bind(name)
            .bind(&digest_text)
            .bind(now())
            .execute(&mut *transaction)
            .await
            .map_err(RegistryError::sql)?;
        transaction.commit().await.map_err(RegistryError::sql)?;
        // A sweep came between.
        if kept.rows_affected() == 0 {
            return Err(RegistryError::UnknownBlob { repository: repository.clone(), digest });
        }
        Ok(())
    }
}
