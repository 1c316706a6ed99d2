//! A manifest is pushed. All that it names is here before it is; a plugin fits its repository and its version; and a version that is
//! taken stays what it is. The last of these is settled in the one transaction that writes the row: of two who push at once one is first.

use dongting_manifest::{Manifest, section};
use dongting_trust::envelope::MAX_ENVELOPE_BYTES;
use sqlx::{Sqlite, Transaction};

use crate::component;
use crate::database::{signed, unsigned};
use crate::digest::Digest;
use crate::error::RegistryError;
use crate::manifest::{ImageManifest, Kind, Named};
use crate::media_type::{ENVELOPE, OCI_MANIFEST, QUALITY};
use crate::name::{self, Repository, Tag};
use crate::quota::{self, Account};
use crate::reference::At;
use crate::registry::{Registry, now};
use crate::release::MAX_ENVELOPES;
use crate::report;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pushed {
    pub digest: Digest,
    pub subject: Option<Digest>,
}

/// A component that was looked into.
struct Checked {
    version: String,
    component: Named,
    plugin: String,
}

impl Registry {
    pub(crate) async fn push_manifest(
        &self,
        repository: &Repository,
        at: &At,
        account: Account,
        content_type: Option<&str>,
        body: &[u8],
    ) -> Result<Pushed, RegistryError> {
        let digest = Digest::of(body);
        if let At::Digest(wanted) = at
            && *wanted != digest
        {
            return Err(RegistryError::Mismatch { wanted: *wanted, found: digest });
        }
        let manifest = ImageManifest::parse(content_type, body)?;
        let mut graded = None;
        let checked = match manifest.kind {
            Kind::Plugin { component } => Some(self.look_into(repository, at, component).await?),
            Kind::Statement => {
                if let At::Tag(tag) = at {
                    return Err(RegistryError::ManifestInvalid(format!(
                        "it has a subject, and `{tag}` is a tag: tags are the versions of releases, what is said of one is pushed by its digest ({digest})"
                    )));
                }
                if let (ENVELOPE, Some(subject)) = (manifest.artifact_type.as_str(), manifest.subject) {
                    self.look_at_signature(repository, digest, subject, manifest.uses.get(1)).await?;
                }
                if manifest.artifact_type == QUALITY {
                    graded = self.look_at_report(repository, manifest.uses.get(1)).await?;
                }
                None
            }
        };
        let mut transaction = self.database().write().await?;
        for named in &manifest.uses {
            here(&mut transaction, repository, *named).await?;
        }
        let known = known(&mut transaction, repository, digest).await?;
        if known {
            // What lies there may have been changed since; these bytes have the digest.
            sqlx::query("UPDATE manifest SET body = $3 WHERE repository = $1 AND digest = $2 AND body != $3")
                .bind(repository.as_str())
                .bind(digest.to_string())
                .bind(body)
                .execute(&mut *transaction)
                .await
                .map_err(RegistryError::sql)?;
        } else {
            if let (ENVELOPE, Some(subject)) = (manifest.artifact_type.as_str(), manifest.subject) {
                room_for_signature(&mut transaction, repository, subject).await?;
            }
            let size = (body.len() as u64).max(quota::LEAST);
            self.afford(&mut transaction, (account, repository.vendor()), size).await?;
            insert(&mut transaction, repository, digest, &manifest, body).await?;
            if let Some(graded) = &graded {
                report::write(&mut transaction, repository, digest, graded).await?;
            }
        }
        let mut moved = !known;
        if let Some(checked) = &checked {
            moved |= release(&mut transaction, repository, digest, checked).await?;
        }
        transaction.commit().await.map_err(RegistryError::sql)?;
        if moved {
            self.changed();
        }
        Ok(Pushed { digest, subject: manifest.subject })
    }

    /// A signature is looked at once: one that is here already was good when it came, and a key that has been retired since may have made it.
    async fn look_at_signature(
        &self,
        repository: &Repository,
        digest: Digest,
        subject: Digest,
        layer: Option<&Named>,
    ) -> Result<(), RegistryError> {
        let invalid = |reason: &str| RegistryError::ManifestInvalid(reason.to_owned());
        let layer = *layer.ok_or_else(|| invalid("it has no layer with the DSSE envelope"))?;
        if layer.size > MAX_ENVELOPE_BYTES as u64 {
            return Err(invalid(&format!("its DSSE envelope has more than {MAX_ENVELOPE_BYTES} bytes")));
        }
        let mut transaction = self.database().reader.begin().await.map_err(RegistryError::sql)?;
        let before = known(&mut transaction, repository, digest).await?;
        here(&mut transaction, repository, layer).await?;
        drop(transaction);
        if before {
            return Ok(());
        }
        self.admits(repository, subject, layer.digest).await
    }

    /// Reads the component and compares what it says of itself with where it is pushed to.
    async fn look_into(
        &self,
        repository: &Repository,
        at: &At,
        component: Named,
    ) -> Result<Checked, RegistryError> {
        let mut transaction = self.database().reader.begin().await.map_err(RegistryError::sql)?;
        here(&mut transaction, repository, component).await?;
        drop(transaction);
        let Ok(_permit) = self.inner.checks.acquire().await else { return Err(RegistryError::Busy) };
        let bytes = match self.verified(component.digest).await {
            Err(error @ RegistryError::Tampered { .. }) => {
                // A sweep may have come between: then it is not changed but gone.
                let mut transaction = self.database().reader.begin().await.map_err(RegistryError::sql)?;
                here(&mut transaction, repository, component).await?;
                return Err(error);
            }
            read => read?,
        };
        let refused = |reason: String| RegistryError::Plugin(reason);
        let read = move || -> Result<(Manifest, String), RegistryError> {
            let text = section::read(&bytes).map_err(|error| refused(error.to_string()))?;
            let manifest = Manifest::parse(text).map_err(|error| refused(error.to_string()))?;
            component::check(&bytes).map_err(|error| refused(error.to_string()))?;
            Ok((manifest, text.to_owned()))
        };
        let (manifest, plugin) = tokio::task::spawn_blocking(read)
            .await
            .map_err(|error| RegistryError::Disk(std::io::Error::other(error)))??;
        fits(repository, at, &manifest).map_err(RegistryError::Plugin)?;
        Ok(Checked { version: manifest.version, component, plugin })
    }
}

/// Whether a plugin is pushed to where its own manifest says that it belongs.
fn fits(repository: &Repository, at: &At, manifest: &Manifest) -> Result<(), String> {
    let Manifest { name, version, vendor, .. } = manifest;
    if name::namespace(vendor).as_deref() != Some(repository.vendor()) {
        return Err(format!(
            "plugin.toml names the vendor `{vendor}`, but it is pushed to `{repository}`, which is `{}`'s: push it to your own namespace, or set `vendor = \"{0}\"`",
            repository.vendor()
        ));
    }
    if name != repository.plugin() {
        return Err(format!(
            "plugin.toml names the plugin `{name}`, but it is pushed to `{repository}`: push it to `{}/{name}`",
            repository.vendor()
        ));
    }
    // A release that is pushed by its digest gets its version as tag all the same.
    if let Err(error) = version.parse::<Tag>() {
        return Err(format!("plugin.toml has a version that cannot be a tag: {error}"));
    }
    match at {
        At::Tag(tag) if tag.as_str() != version => Err(format!(
            "plugin.toml has the version {version}, but it is pushed as `{tag}`: push it as `{repository}:{version}`"
        )),
        _ => Ok(()),
    }
}

pub(crate) async fn here(
    transaction: &mut Transaction<'_, Sqlite>,
    repository: &Repository,
    named: Named,
) -> Result<(), RegistryError> {
    let digest = named.digest;
    let size: Option<i64> = sqlx::query_scalar(
        "SELECT size FROM link JOIN blob USING (digest) WHERE repository = $1 AND digest = $2",
    )
    .bind(repository.as_str())
    .bind(digest.to_string())
    .fetch_optional(&mut **transaction)
    .await
    .map_err(RegistryError::sql)?;
    match size.map(unsigned) {
        None => Err(RegistryError::ManifestBlobUnknown { repository: repository.clone(), digest }),
        Some(size) if size != named.size => {
            Err(RegistryError::ManifestBlobSize { digest, said: named.size, size })
        }
        Some(_) => Ok(()),
    }
}

async fn known(
    transaction: &mut Transaction<'_, Sqlite>,
    repository: &Repository,
    digest: Digest,
) -> Result<bool, RegistryError> {
    let found: Option<i64> =
        sqlx::query_scalar("SELECT 1 FROM manifest WHERE repository = $1 AND digest = $2")
            .bind(repository.as_str())
            .bind(digest.to_string())
            .fetch_optional(&mut **transaction)
            .await
            .map_err(RegistryError::sql)?;
    Ok(found.is_some())
}

/// All that a release has must be read whenever it is verified: a rejection that came too late to be read would be none.
async fn room_for_signature(
    transaction: &mut Transaction<'_, Sqlite>,
    repository: &Repository,
    subject: Digest,
) -> Result<(), RegistryError> {
    let there: i64 = sqlx::query_scalar(
        "SELECT COUNT(*) FROM manifest WHERE repository = $1 AND subject = $2 AND artifact_type = $3",
    )
    .bind(repository.as_str())
    .bind(subject.to_string())
    .bind(ENVELOPE)
    .fetch_one(&mut **transaction)
    .await
    .map_err(RegistryError::sql)?;
    if unsigned(there) < MAX_ENVELOPES as u64 {
        return Ok(());
    }
    Err(RegistryError::Conflict(format!(
        "the release has {MAX_ENVELOPES} signatures, which are all that are read: delete those that are not good"
    )))
}

async fn insert(
    transaction: &mut Transaction<'_, Sqlite>,
    repository: &Repository,
    digest: Digest,
    manifest: &ImageManifest,
    body: &[u8],
) -> Result<(), RegistryError> {
    let annotations = serde_json::to_string(&manifest.annotations)
        .map_err(|error| RegistryError::Damaged(error.to_string()))?;
    sqlx::query("INSERT INTO manifest VALUES ($1, $2, $3, $4, $5, $6, $7, $8)")
        .bind(repository.as_str())
        .bind(digest.to_string())
        .bind(OCI_MANIFEST)
        .bind(&manifest.artifact_type)
        .bind(manifest.subject.map(|subject| subject.to_string()))
        .bind(annotations)
        .bind(body)
        .bind(now())
        .execute(&mut **transaction)
        .await
        .map_err(RegistryError::sql)?;
    for (position, named) in (0i64..).zip(&manifest.uses) {
        sqlx::query("INSERT INTO uses VALUES ($1, $2, $3, $4, $5)")
            .bind(repository.as_str())
            .bind(digest.to_string())
            .bind(position)
            .bind(named.digest.to_string())
            .bind(signed(named.size))
            .execute(&mut **transaction)
            .await
            .map_err(RegistryError::sql)?;
    }
    Ok(())
}

/// Writes the release under its version. Whether that changed anything.
async fn release(
    transaction: &mut Transaction<'_, Sqlite>,
    repository: &Repository,
    digest: Digest,
    checked: &Checked,
) -> Result<bool, RegistryError> {
    let version = &checked.version;
    let taken: Option<(String, Option<i64>, Option<String>)> =
        sqlx::query_as("SELECT digest, deleted, yanked FROM tag WHERE repository = $1 AND tag = $2")
            .bind(repository.as_str())
            .bind(version)
            .fetch_optional(&mut **transaction)
            .await
            .map_err(RegistryError::sql)?;
    if let Some((existing, deleted, yanked)) = taken {
        let existing: Digest = existing.parse()?;
        if existing != digest {
            return Err(RegistryError::VersionTaken {
                repository: repository.clone(),
                version: version.clone(),
                existing,
                pushed: digest,
            });
        }
        if let Some(reason) = yanked {
            return Err(RegistryError::VersionYanked {
                repository: repository.clone(),
                version: version.clone(),
                reason,
            });
        }
        if deleted.is_none() {
            return Ok(false);
        }
    }
    sqlx::query(
        "INSERT INTO release VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (repository, manifest) DO NOTHING",
    )
    .bind(repository.as_str())
    .bind(digest.to_string())
    .bind(version)
    .bind(checked.component.digest.to_string())
    .bind(signed(checked.component.size))
    .bind(&checked.plugin)
    .execute(&mut **transaction)
    .await
    .map_err(RegistryError::sql)?;
    sqlx::query(
        "INSERT INTO tag (repository, tag, digest, created) VALUES ($1, $2, $3, $4)
         ON CONFLICT (repository, tag) DO UPDATE SET deleted = NULL",
    )
    .bind(repository.as_str())
    .bind(version)
    .bind(digest.to_string())
    .bind(now())
    .execute(&mut **transaction)
    .await
    .map_err(RegistryError::sql)?;
    Ok(true)
}

#[cfg(test)]
mod tests;
