//! Garbage. What a manifest names stays; so does what came or was asked for within the grace period, for a push in flight may be about to
//! name it. Rows are removed in one transaction, which a push's own either precedes or follows; files only once their rows are gone.

use std::time::Duration;

use crate::digest::Digest;
use crate::error::RegistryError;
use crate::media_type::ENVELOPE;
use crate::registry::{Registry, ago};

/// What a sweep removed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Swept {
    /// Uploads that nobody went on with.
    pub uploads: u64,
    /// Statements whose subject is not here. Signatures of what was a release once stay.
    pub statements: u64,
    /// Blobs that a repository showed and no manifest of it named.
    pub links: u64,
    /// Blobs that no repository shows.
    pub blobs: u64,
    pub bytes: u64,
}

impl Registry {
    pub async fn sweep(&self) -> Result<Swept, RegistryError> {
        self.sweep_after(self.inner.options.grace()).await
    }

    /// With another grace period than the usual one.
    pub async fn sweep_after(&self, grace: Duration) -> Result<Swept, RegistryError> {
        let mut swept = Swept { uploads: self.expire_uploads().await?, ..Swept::default() };
        // No file becomes a blob meanwhile.
        let _shelves = self.inner.shelves.write().await;
        let before = ago(grace);
        let mut transaction = self.database().write().await?;
        swept.statements = sqlx::query(
            "DELETE FROM manifest WHERE subject IS NOT NULL AND pushed < $1 AND NOT EXISTS (SELECT 1 FROM manifest AS other
                 WHERE other.repository = manifest.repository AND other.digest = manifest.subject)
             AND NOT (artifact_type = $2 AND EXISTS (SELECT 1 FROM tag
                 WHERE tag.repository = manifest.repository AND tag.digest = manifest.subject))",
        )
        .bind(before)
        // A release that was deleted can be pushed again, and what was signed of it must then be there: a rejection above all.
        .bind(ENVELOPE)
        .execute(&mut *transaction)
        .await
        .map_err(RegistryError::sql)?
        .rows_affected();
        swept.links = sqlx::query(
            "DELETE FROM link WHERE linked < $1 AND NOT EXISTS (SELECT 1 FROM uses
                 WHERE uses.repository = link.repository AND uses.digest = link.digest)",
        )
        .bind(before)
        .execute(&mut *transaction)
        .await
        .map_err(RegistryError::sql)?
        .rows_affected();
        let dropped: Vec<(String, i64)> = sqlx::query_as(
            "DELETE FROM blob WHERE NOT EXISTS (SELECT 1 FROM link WHERE link.digest = blob.digest) RETURNING digest, size",
        )
        .fetch_all(&mut *transaction)
        .await
        .map_err(RegistryError::sql)?;
        transaction.commit().await.map_err(RegistryError::sql)?;
        for (digest, size) in dropped {
            let digest: Digest = digest.parse()?;
            self.on_disk(move |blobs| blobs.remove(digest)).await?;
            swept.blobs = swept.blobs.saturating_add(1);
            swept.bytes = swept.bytes.saturating_add(crate::database::unsigned(size));
        }
        if swept != Swept::default() {
            tracing::info!(
                uploads = swept.uploads,
                statements = swept.statements,
                blobs = swept.blobs,
                bytes = swept.bytes,
                "The registry was swept"
            );
        }
        Ok(swept)
    }

    /// Removes files that have no row. Only while nothing arrives.
    pub(crate) async fn drop_strays(&self) -> Result<(), RegistryError> {
        let known: Vec<String> = sqlx::query_scalar("SELECT digest FROM blob")
            .fetch_all(&self.database().reader)
            .await
            .map_err(RegistryError::sql)?;
        let known: std::collections::BTreeSet<Digest> =
            known.iter().map(|digest| digest.parse()).collect::<Result<_, _>>()?;
        let uploads: Vec<String> = sqlx::query_scalar("SELECT id FROM upload")
            .fetch_all(&self.database().reader)
            .await
            .map_err(RegistryError::sql)?;
        self.on_disk(move |blobs| {
            for stray in blobs.kept()?.difference(&known) {
                blobs.remove(*stray)?;
            }
            for (id, _) in blobs.arriving()?.iter().filter(|(id, _)| !uploads.contains(id)) {
                blobs.drop_upload(id)?;
            }
            Ok(())
        })
        .await
    }
}
