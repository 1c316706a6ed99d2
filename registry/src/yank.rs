//! Taking things back: a release that should no longer be used, and what is deleted for good.

use dongting_trust::{Envelope, Predicate, Statement};
use sqlx::{Sqlite, Transaction};

use crate::digest::Digest;
use crate::error::RegistryError;
use crate::media_type::ENVELOPE;
use crate::name::Repository;
use crate::reference::{At, Reference};
use crate::registry::{Registry, now};
use crate::release::{release_row, unknown};

/// Said to everyone who asks for the release.
const MAX_REASON: usize = 500;

impl Registry {
    /// Marks a release: its version is no longer pulled, its digest still is, and hosts that run it hear the reason. None takes the mark
    /// away. Gives the version.
    pub async fn yank(&self, reference: &Reference, reason: Option<&str>) -> Result<String, RegistryError> {
        let reason = reason.map(str::trim);
        if reason.is_some_and(|reason| reason.is_empty() || reason.len() > MAX_REASON) {
            return Err(RegistryError::Parameter(format!(
                "give a reason of 1 to {MAX_REASON} bytes: those who use the release will read it"
            )));
        }
        let mut transaction = self.database().write().await?;
        let row = release_row(&mut transaction, reference).await?.ok_or_else(|| unknown(reference))?;
        sqlx::query("UPDATE tag SET yanked = $3 WHERE repository = $1 AND tag = $2")
            .bind(reference.repository.as_str())
            .bind(&row.version)
            .bind(reason)
            .execute(&mut *transaction)
            .await
            .map_err(RegistryError::sql)?;
        transaction.commit().await.map_err(RegistryError::sql)?;
        self.changed();
        Ok(row.version)
    }

    /// Whether a manifest is a reviewer's word. No vendor deletes that: a rejection would be none.
    pub(crate) async fn is_review(&self, repository: &Repository, at: &At) -> Result<bool, RegistryError> {
        let At::Digest(digest) = at else { return Ok(false) };
        let layer: Option<String> = sqlx::query_scalar(
            "SELECT uses.digest FROM manifest
             JOIN uses ON uses.repository = manifest.repository AND uses.manifest = manifest.digest AND uses.position = 1
             WHERE manifest.repository = $1 AND manifest.digest = $2 AND artifact_type = $3",
        )
        .bind(repository.as_str())
        .bind(digest.to_string())
        .bind(ENVELOPE)
        .fetch_optional(&self.database().reader)
        .await
        .map_err(RegistryError::sql)?;
        let Some(layer) = layer else { return Ok(false) };
        let statement = Envelope::parse(&self.verified(layer.parse()?).await?)
            .ok()
            .and_then(|envelope| Statement::of(&envelope).ok());
        Ok(statement.is_some_and(|statement| matches!(statement.predicate, Predicate::Review { .. })))
    }

    /// By its tag only the tag goes, by its digest the manifest with its tag. What refers to it stays until a sweep, and what was
    /// signed of it for ever.
    pub(crate) async fn delete_manifest(
        &self,
        repository: &Repository,
        at: &At,
    ) -> Result<(), RegistryError> {
        let mut transaction = self.database().write().await?;
        let gone = match at {
            At::Tag(tag) => forget_tag(&mut transaction, repository, "tag", tag.as_str()).await?,
            At::Digest(digest) => {
                forget_tag(&mut transaction, repository, "digest", &digest.to_string()).await?;
                sqlx::query("DELETE FROM manifest WHERE repository = $1 AND digest = $2")
                    .bind(repository.as_str())
                    .bind(digest.to_string())
                    .execute(&mut *transaction)
                    .await
                    .map_err(RegistryError::sql)?
                    .rows_affected()
            }
        };
        if gone == 0 {
            return Err(unknown(&Reference { repository: repository.clone(), at: at.clone() }));
        }
        transaction.commit().await.map_err(RegistryError::sql)?;
        self.changed();
        Ok(())
    }

    /// The repository no longer shows the blob. Its bytes go with the next sweep, if no other repository shows them.
    pub(crate) async fn delete_blob(
        &self,
        repository: &Repository,
        digest: Digest,
    ) -> Result<(), RegistryError> {
        let mut transaction = self.database().write().await?;
        let manifest: Option<String> =
            sqlx::query_scalar("SELECT manifest FROM uses WHERE repository = $1 AND digest = $2 LIMIT 1")
                .bind(repository.as_str())
                .bind(digest.to_string())
                .fetch_optional(&mut *transaction)
                .await
                .map_err(RegistryError::sql)?;
        if let Some(manifest) = manifest {
            return Err(RegistryError::InUse { digest, manifest });
        }
        let gone = sqlx::query("DELETE FROM link WHERE repository = $1 AND digest = $2")
            .bind(repository.as_str())
            .bind(digest.to_string())
            .execute(&mut *transaction)
            .await
            .map_err(RegistryError::sql)?;
        if gone.rows_affected() == 0 {
            return Err(RegistryError::UnknownBlob { repository: repository.clone(), digest });
        }
        transaction.commit().await.map_err(RegistryError::sql)
    }
}

/// The row stays, so that the version can only come back as what it was.
async fn forget_tag(
    transaction: &mut Transaction<'_, Sqlite>,
    repository: &Repository,
    by: &str,
    value: &str,
) -> Result<u64, RegistryError> {
    let statement = match by {
        "tag" => "UPDATE tag SET deleted = $3 WHERE repository = $1 AND tag = $2 AND deleted IS NULL",
        _ => "UPDATE tag SET deleted = $3 WHERE repository = $1 AND digest = $2 AND deleted IS NULL",
    };
    let done = sqlx::query(statement)
        .bind(repository.as_str())
        .bind(value)
        .bind(now())
        .execute(&mut **transaction)
        .await
        .map_err(RegistryError::sql)?;
    Ok(done.rows_affected())
}
