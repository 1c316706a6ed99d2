//! Who may work for an installation, where several hosts share the database. A lease ends by itself; its epoch tells a holder that was
//! thought dead, and goes on, from the one that has taken its place.

use std::time::Duration;

use dongting_manifest::Timestamp;
use sqlx::{Any, Transaction};

use crate::{Store, StoreError};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    pub name: String,
    pub holder: String,
    /// Grows with each new holder.
    pub epoch: i64,
}

impl Store {
    /// Takes the lease for `ttl`, or takes it on: where it is free, at its end, or held by `holder` already. None while another has it.
    pub async fn take_lease(
        &self,
        name: &str,
        holder: &str,
        now: Timestamp,
        ttl: Duration,
    ) -> Result<Option<Lease>, StoreError> {
        // Compare and set in one statement: of two that find it free one takes it.
        let epoch: Option<i64> = sqlx::query_scalar(
            "INSERT INTO lease VALUES ($1, $2, 1, $3)
             ON CONFLICT (name) DO UPDATE SET
                 holder = $2, until = $3,
                 epoch = CASE WHEN lease.holder = $2 THEN lease.epoch ELSE lease.epoch + 1 END
             WHERE lease.holder = $2 OR lease.until < $4
             RETURNING epoch",
        )
        .bind(name)
        .bind(holder)
        .bind(now.saturating_add(ttl).as_micros())
        .bind(now.as_micros())
        .fetch_optional(&self.writer)
        .await
        .map_err(StoreError::sql)?;
        Ok(epoch.map(|epoch| Lease { name: name.to_owned(), holder: holder.to_owned(), epoch }))
    }

    /// Lets another host take it at once.
    pub async fn release_lease(&self, lease: &Lease) -> Result<(), StoreError> {
        sqlx::query("UPDATE lease SET until = 0 WHERE name = $1 AND holder = $2 AND epoch = $3")
            .bind(&lease.name)
            .bind(&lease.holder)
            .bind(lease.epoch)
            .execute(&self.writer)
            .await
            .map_err(StoreError::sql)?;
        Ok(())
    }
}

/// Whether the lease is still the holder's. The row stays locked until the transaction ends, so it stays true until then.
pub(crate) async fn holds(transaction: &mut Transaction<'_, Any>, lease: &Lease) -> Result<bool, StoreError> {
    let held = sqlx::query("UPDATE lease SET epoch = epoch WHERE name = $1 AND holder = $2 AND epoch = $3")
        .bind(&lease.name)
        .bind(&lease.holder)
        .bind(lease.epoch)
        .execute(&mut **transaction)
        .await
        .map_err(StoreError::sql)?;
    Ok(held.rows_affected() == 1)
}
