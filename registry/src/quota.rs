//! What a vendor takes up, and whether more may come. Asked in the transaction that takes the room, so that two who ask at once
//! cannot both have the last of it.

use sqlx::{Sqlite, Transaction};

use crate::database::{signed, unsigned};
use crate::error::RegistryError;
use crate::registry::Registry;

/// A row and a file cost more than the few bytes that may be in them.
pub const LEAST: u64 = 4096;

/// Blobs once for all of a vendor's repositories, manifests, and what was promised to uploads.
const USED: &str = "SELECT
    (SELECT COALESCE(SUM(MAX(size, 4096)), 0) FROM blob WHERE digest IN
        (SELECT digest FROM link WHERE repository >= $1 || '/' AND repository < $1 || '0'))
    + (SELECT COALESCE(SUM(MAX(LENGTH(body), 4096)), 0) FROM manifest
        WHERE repository >= $1 || '/' AND repository < $1 || '0')
    + (SELECT COALESCE(SUM(MAX(reserved, 4096)), 0) FROM upload WHERE vendor = $1)";

/// What a vendor uses and may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    pub used: u64,
    pub most: u64,
}

/// On whose account something comes. What the province says of a vendor's release must be heard however much the vendor has here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Account {
    Vendor,
    Province,
}

impl Registry {
    pub async fn quota(&self, vendor: &str) -> Result<Quota, RegistryError> {
        let vendor = crate::name::vendor(vendor)?;
        let mut transaction = self.database().reader.begin().await.map_err(RegistryError::sql)?;
        self.quota_in(&mut transaction, vendor).await
    }

    /// Gives a vendor a quota of its own; none takes it back.
    pub async fn set_quota(&self, vendor: &str, bytes: Option<u64>) -> Result<Quota, RegistryError> {
        let vendor = crate::name::vendor(vendor)?;
        let mut transaction = self.database().write().await?;
        match bytes {
            Some(bytes) => {
                sqlx::query("INSERT INTO vendor VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET quota = $2")
                    .bind(vendor)
                    .bind(signed(bytes))
            }
            None => sqlx::query("DELETE FROM vendor WHERE name = $1").bind(vendor),
        }
        .execute(&mut *transaction)
        .await
        .map_err(RegistryError::sql)?;
        let quota = self.quota_in(&mut transaction, vendor).await?;
        transaction.commit().await.map_err(RegistryError::sql)?;
        Ok(quota)
    }

    /// Whether `wanted` more bytes fit.
    pub(crate) async fn afford(
        &self,
        transaction: &mut Transaction<'_, Sqlite>,
        (account, vendor): (Account, &str),
        wanted: u64,
    ) -> Result<(), RegistryError> {
        if account == Account::Province {
            return Ok(());
        }
        let Quota { used, most: quota } = self.quota_in(transaction, vendor).await?;
        if used.saturating_add(wanted) <= quota {
            return Ok(());
        }
        Err(RegistryError::Quota { vendor: vendor.to_owned(), quota, used, wanted })
    }

    async fn quota_in(
        &self,
        transaction: &mut Transaction<'_, Sqlite>,
        vendor: &str,
    ) -> Result<Quota, RegistryError> {
        let own: Option<i64> = sqlx::query_scalar("SELECT quota FROM vendor WHERE name = $1")
            .bind(vendor)
            .fetch_optional(&mut **transaction)
            .await
            .map_err(RegistryError::sql)?;
        let used: i64 = sqlx::query_scalar(USED)
            .bind(vendor)
            .fetch_one(&mut **transaction)
            .await
            .map_err(RegistryError::sql)?;
        Ok(Quota { used: unsigned(used), most: own.map_or(self.inner.options.quota(), unsigned) })
    }
}
