//! What is said of a manifest by others that name it as their subject: signatures, reports, bills of materials.

use std::collections::BTreeMap;

use dongting_manifest::Timestamp;

use crate::database::unsigned;
use crate::digest::Digest;
use crate::error::RegistryError;
use crate::name::Repository;
use crate::registry::{Registry, instant};

/// Read into memory for the portal and the host.
pub(crate) const MAX_BYTES: i64 = 4 << 20;
/// Told of one manifest at once, unless the client asks for fewer.
pub(crate) const PAGE: u32 = 500;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Referrer {
    pub digest: Digest,
    pub media_type: String,
    pub artifact_type: String,
    /// Of the manifest, in bytes.
    pub size: u64,
    pub annotations: BTreeMap<String, String>,
    pub pushed: Timestamp,
}

/// The first layer of a referrer, verified against its digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    /// Of the referrer's manifest.
    pub manifest_digest: Digest,
    pub pushed: Timestamp,
    pub bytes: Vec<u8>,
}

/// Attachments of one type with their layers, in two orders.
macro_rules! attached {
    ($order:literal) => {
        concat!(
            "SELECT manifest.digest, uses.digest, manifest.pushed FROM manifest
             JOIN uses ON uses.repository = manifest.repository AND uses.manifest = manifest.digest AND uses.position = 1
             WHERE manifest.repository = $1 AND manifest.subject = $2 AND manifest.artifact_type = $3 AND uses.size <= $4
             ORDER BY ",
            $order,
            " LIMIT $5"
        )
    };
}
const FIRST: &str = attached!("manifest.pushed, manifest.digest");
const NEWEST: &str = attached!("manifest.pushed DESC, manifest.digest DESC");

type ReferrerRow = (String, String, String, i64, String, i64);

impl Registry {
    /// The first of what is said of a manifest, in the order of their digests. A subject that is not here has none.
    pub async fn referrers(
        &self,
        repository: &Repository,
        subject: Digest,
    ) -> Result<Vec<Referrer>, RegistryError> {
        self.referrers_after(repository, subject, None, "", PAGE).await
    }

    pub(crate) async fn referrers_after(
        &self,
        repository: &Repository,
        subject: Digest,
        artifact_type: Option<&str>,
        after: &str,
        limit: u32,
    ) -> Result<Vec<Referrer>, RegistryError> {
        let rows: Vec<ReferrerRow> = sqlx::query_as(
            "SELECT digest, media_type, artifact_type, LENGTH(body), annotations, pushed FROM manifest
             WHERE repository = $1 AND subject = $2 AND digest > $3 AND ($4 IS NULL OR artifact_type = $4)
             ORDER BY digest LIMIT $5",
        )
        .bind(repository.as_str())
        .bind(subject.to_string())
        .bind(after)
        .bind(artifact_type)
        .bind(limit)
        .fetch_all(&self.database().reader)
        .await
        .map_err(RegistryError::sql)?;
        rows.into_iter().map(referrer).collect()
    }

    /// What referrers of one type hold, the first pushed first, at most so many. Larger ones than 4 MiB are passed over.
    pub async fn attachments(
        &self,
        repository: &Repository,
        subject: Digest,
        artifact_type: &str,
        limit: usize,
    ) -> Result<Vec<Attachment>, RegistryError> {
        self.attached(FIRST, (repository, subject, artifact_type), limit).await
    }

    /// The one of them that was pushed last.
    pub async fn newest_attachment(
        &self,
        repository: &Repository,
        subject: Digest,
        artifact_type: &str,
    ) -> Result<Option<Attachment>, RegistryError> {
        Ok(self.attached(NEWEST, (repository, subject, artifact_type), 1).await?.pop())
    }

    async fn attached(
        &self,
        order: &'static str,
        (repository, subject, artifact_type): (&Repository, Digest, &str),
        limit: usize,
    ) -> Result<Vec<Attachment>, RegistryError> {
        let rows: Vec<(String, String, i64)> = sqlx::query_as(order)
            .bind(repository.as_str())
            .bind(subject.to_string())
            .bind(artifact_type)
            .bind(MAX_BYTES)
            .bind(i64::try_from(limit).unwrap_or(i64::MAX))
            .fetch_all(&self.database().reader)
            .await
            .map_err(RegistryError::sql)?;
        let mut attachments = Vec::with_capacity(rows.len());
        for (manifest, layer, pushed) in rows {
            attachments.push(Attachment {
                manifest_digest: manifest.parse()?,
                pushed: instant(pushed),
                bytes: self.verified(layer.parse()?).await?,
            });
        }
        Ok(attachments)
    }
}

fn referrer(row: ReferrerRow) -> Result<Referrer, RegistryError> {
    let (digest, media_type, artifact_type, size, annotations, pushed) = row;
    Ok(Referrer {
        digest: digest.parse()?,
        media_type,
        artifact_type,
        size: unsigned(size),
        annotations: serde_json::from_str(&annotations)
            .map_err(|error| RegistryError::Damaged(error.to_string()))?,
        pushed: instant(pushed),
    })
}
