//! The keys that releases and reviews are signed with: added, retired, revoked, never removed. What somebody signed must stay his.

use dongting_manifest::Timestamp;
use dongting_manifest::version::VersionError;
use dongting_trust::{Claim, KeyRecord, Keyring, Owner, PublicKey, Revoked, admit, admit_early};

use crate::digest::Digest;
use crate::error::RegistryError;
use crate::name::{self, Repository};
use crate::reference::{At, Reference};
use crate::registry::{Registry, instant, now};
use crate::release::Release;

/// Said to everyone whose release stops by it.
const MAX_REASON: usize = 500;
/// Fewer digits of an id name no key: somebody could meet them by chance.
const LEAST_DIGITS: usize = 8;

type Row = (String, String, i64, Option<i64>, Option<i64>, Option<String>);

impl Registry {
    /// All keys, as `dongting_trust` wants them. Whose reviews count is for the host's operator to add.
    pub async fn keyring(&self) -> Result<Keyring, RegistryError> {
        Ok(Keyring::new(self.keys().await?))
    }

    /// The first added first.
    pub async fn keys(&self) -> Result<Vec<KeyRecord>, RegistryError> {
        let rows: Vec<Row> = sqlx::query_as(
            "SELECT public_key, owner, added, retired, revoked, reason FROM key ORDER BY added, id",
        )
        .fetch_all(&self.database().reader)
        .await
        .map_err(RegistryError::sql)?;
        rows.into_iter().map(record).collect()
    }

    /// Says that a key is somebody's. A key that is here already stays whose it is and as it stands.
    pub async fn add_key(&self, pem: &str, owner: &Owner) -> Result<KeyRecord, RegistryError> {
        let key = PublicKey::from_pem(pem).map_err(parameter)?;
        name::vendor(owner.name())?;
        let added = KeyRecord::new(key, owner.clone(), Timestamp::now()).map_err(parameter)?;
        let pem = added.key.to_pem().map_err(parameter)?;
        let mut transaction = self.database().write().await?;
        let inserted = sqlx::query(
            "INSERT INTO key (id, algorithm, public_key, owner, added) VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (id) DO NOTHING",
        )
        .bind(added.id.as_str())
        .bind(added.key.algorithm().as_str())
        .bind(pem)
        .bind(owner.to_string())
        .bind(added.added.as_micros())
        .execute(&mut *transaction)
        .await
        .map_err(RegistryError::sql)?;
        transaction.commit().await.map_err(RegistryError::sql)?;
        if inserted.rows_affected() == 1 {
            self.changed();
            return Ok(added);
        }
        let there = self.key(added.id.as_str()).await?;
        if there.owner == *owner {
            return Ok(there);
        }
        Err(RegistryError::Conflict(format!(
            "the key {} is {}'s already and cannot be {owner}'s too: generate another",
            there.id.short(),
            there.owner
        )))
    }

    /// From now on it signs nothing new; what was pushed before stays good.
    pub async fn retire_key(&self, id: &str) -> Result<KeyRecord, RegistryError> {
        let key = self.key(id).await?;
        self.mark("UPDATE key SET retired = $2 WHERE id = $1 AND retired IS NULL", &key, None).await
    }

    /// All that it signed is bad at once, on every host that uses this registry. For good: a key that was in wrong hands stays that.
    pub async fn revoke_key(&self, id: &str, reason: &str) -> Result<KeyRecord, RegistryError> {
        let reason = reason.trim();
        if reason.is_empty() || reason.len() > MAX_REASON {
            return Err(RegistryError::Parameter(format!(
                "give a reason of 1 to {MAX_REASON} bytes: those whose releases stop by it will read it"
            )));
        }
        let key = self.key(id).await?;
        let statement = "UPDATE key SET revoked = $2, reason = $3 WHERE id = $1 AND revoked IS NULL";
        self.mark(statement, &key, Some(reason)).await
    }

    /// By its id or the first digits of it.
    pub async fn key(&self, id: &str) -> Result<KeyRecord, RegistryError> {
        if id.len() < LEAST_DIGITS || !id.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(RegistryError::Parameter(format!(
                "`{}` names no key: give its id, or at least the first {LEAST_DIGITS} digits of it",
                id.chars().take(80).collect::<String>()
            )));
        }
        let mut found = self.keys().await?;
        found.retain(|key| key.id.as_str().starts_with(id));
        match (found.pop(), found.is_empty()) {
            (Some(key), true) => Ok(key),
            (Some(_), false) => {
                Err(RegistryError::Parameter(format!("several keys begin with {id}: give more digits")))
            }
            (None, _) => Err(RegistryError::Parameter(format!(
                "there is no key {id}: `dongting keys list` has those that there are"
            ))),
        }
    }

    async fn mark(
        &self,
        statement: &'static str,
        key: &KeyRecord,
        reason: Option<&str>,
    ) -> Result<KeyRecord, RegistryError> {
        let mut transaction = self.database().write().await?;
        let mut query = sqlx::query(statement).bind(key.id.as_str()).bind(now());
        if let Some(reason) = reason {
            query = query.bind(reason);
        }
        let done = query.execute(&mut *transaction).await.map_err(RegistryError::sql)?;
        transaction.commit().await.map_err(RegistryError::sql)?;
        if done.rows_affected() == 1 {
            self.changed();
        }
        self.key(key.id.as_str()).await
    }

    /// Whether a signature is taken at all: one that is bad for a reason that will not pass is told to whoever pushes it, not to the
    /// operator who tries to run the release.
    pub(crate) async fn admits(
        &self,
        repository: &Repository,
        subject: Digest,
        layer: Digest,
    ) -> Result<(), RegistryError> {
        let envelope = self.verified(layer).await?;
        let keyring = self.keyring().await?;
        // Who is a reviewer for which host is that host's to say.
        let reference = Reference { repository: repository.clone(), at: At::Digest(subject) };
        let admitted = match self.release(&reference).await {
            Ok(release) => admit(&keyring, &release.claim()?, &envelope),
            // A bundle brings what is said of a release before the release itself.
            Err(RegistryError::UnknownManifest { .. }) => {
                admit_early(&keyring, repository.as_str(), &envelope)
            }
            Err(error) => return Err(error),
        };
        admitted.map_err(RegistryError::Distrusted)
    }
}

impl Release {
    /// What signatures must be over, as this registry has it. A host that runs the release says it by the bytes in hand instead.
    pub fn claim(&self) -> Result<Claim, RegistryError> {
        Ok(Claim {
            repository: self.repository.to_string(),
            version: self
                .version
                .parse()
                .map_err(|error: VersionError| RegistryError::Damaged(error.to_string()))?,
            component_digest: self.component_digest.hex(),
        })
    }
}

fn record(row: Row) -> Result<KeyRecord, RegistryError> {
    let (pem, owner, added, retired, revoked, reason) = row;
    let damaged = |error: &dyn std::error::Error| RegistryError::Damaged(error.to_string());
    let key = PublicKey::from_pem(&pem).map_err(|error| damaged(&error))?;
    let owner: Owner = owner.parse().map_err(|error| damaged(&error))?;
    let mut record = KeyRecord::new(key, owner, instant(added)).map_err(|error| damaged(&error))?;
    record.retired = retired.map(instant);
    record.revoked = revoked.map(|at| Revoked { at: instant(at), reason: reason.unwrap_or_default() });
    Ok(record)
}

fn parameter(error: dongting_trust::KeyError) -> RegistryError {
    RegistryError::Parameter(error.to_string())
}
