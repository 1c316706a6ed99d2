//! Who may work for an installation, where several hosts share the database. A lease ends by itself when its holder takes its leases on no
//! more, which it does for all of them at once; its epoch tells a holder that was thought dead, and goes on, from the one that has taken its
//! place.

use std::time::Duration;

use dongting_manifest::Timestamp;

use crate::sql::sql;
use crate::writer::Transaction;
use crate::{Store, StoreError};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    pub name: String,
    pub holder: String,
    /// Grows with each new holder.
    pub epoch: i64,
}

/// A lease as it is written down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    pub lease: Lease,
    /// Whoever comes may take it.
    pub is_free: bool,
}

/// At its end by `$now`, and its holder gone.
macro_rules! free {
    ($now:literal) => {
        concat!(
            "lease.until < ",
            $now,
            " AND NOT EXISTS (SELECT 1 FROM lease_holder WHERE lease_holder.name = lease.holder AND lease_holder.until >= ",
            $now,
            ")"
        )
    };
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
        let statement = sql(concat!(
            "INSERT INTO lease VALUES ($1, $2, 1, $3)
             ON CONFLICT (name) DO UPDATE SET
                 holder = $2, until = $3,
                 epoch = CASE WHEN lease.holder = $2 THEN lease.epoch ELSE lease.epoch + 1 END
             WHERE lease.holder = $2 OR (",
            free!("$4"),
            ") RETURNING epoch"
        ))
        .bind(name)
        .bind(holder)
        .bind(now.saturating_add(ttl).as_micros())
        .bind(now.as_micros())
        .owned();
        let taken = self.writer.transact(|transaction| Box::pin(statement.row(transaction))).await?;
        Ok(taken.map(|(epoch,): (i64,)| Lease { name: name.to_owned(), holder: holder.to_owned(), epoch }))
    }

    /// Takes on everything that `holder` has, for `ttl`. No commit waits for it: what each of them locks is the row of its own lease.
    pub async fn take_on(&self, holder: &str, now: Timestamp, ttl: Duration) -> Result<(), StoreError> {
        sql("INSERT INTO lease_holder VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET until = $2")
            .bind(holder)
            .bind(now.saturating_add(ttl).as_micros())
            .execute_alone(&self.writer)
            .await?;
        Ok(())
    }

    /// A holder that is known to be gone: what it had is free.
    pub async fn forget_holder(&self, holder: &str) -> Result<(), StoreError> {
        sql("DELETE FROM lease_holder WHERE name = $1").bind(holder).execute_alone(&self.writer).await?;
        Ok(())
    }

    /// All leases as of `now`.
    pub async fn leases(&self, now: Timestamp) -> Result<Vec<Standing>, StoreError> {
        let rows: Vec<(String, String, i64, i64)> = sqlx::query_as(concat!(
            "SELECT name, holder, epoch, CASE WHEN ",
            free!("$1"),
            " THEN 1 ELSE 0 END FROM lease"
        ))
        .bind(now.as_micros())
        .fetch_all(&self.reader)
        .await
        .map_err(StoreError::sql)?;
        let standing = |(name, holder, epoch, free)| Standing {
            lease: Lease { name, holder, epoch },
            is_free: free == 1,
        };
        Ok(rows.into_iter().map(standing).collect())
    }

    /// The same lease in its next epoch; none where another holder has it. Waits for a transaction that was begun under it and has not ended.
    pub async fn raise_epoch(&self, lease: &Lease) -> Result<Option<Lease>, StoreError> {
        let statement = sql("UPDATE lease SET epoch = epoch + 1 WHERE name = $1 AND holder = $2 AND epoch = $3 RETURNING epoch")
            .bind(&lease.name)
            .bind(&lease.holder)
            .bind(lease.epoch)
            .owned();
        let raised = self.writer.transact(|transaction| Box::pin(statement.row(transaction))).await?;
        Ok(raised.map(|(epoch,): (i64,)| Lease { epoch, ..lease.clone() }))
    }

    /// Lets another host take it at once.
    pub async fn release_lease(&self, lease: &Lease) -> Result<(), StoreError> {
        // Without a holder, since this one may live on with others.
        sql("UPDATE lease SET until = 0, holder = '' WHERE name = $1 AND holder = $2 AND epoch = $3")
            .bind(&lease.name)
            .bind(&lease.holder)
            .bind(lease.epoch)
            .execute_alone(&self.writer)
            .await?;
        Ok(())
    }

    /// Forgets holders whose time was over by `before`. What they had is free without them.
    pub async fn forget_holders(&self, before: Timestamp) -> Result<(), StoreError> {
        sql("DELETE FROM lease_holder WHERE until < $1")
            .bind(before.as_micros())
            .execute_alone(&self.writer)
            .await?;
        Ok(())
    }
}

/// Whether the lease is still the holder's. The row stays locked until the transaction ends, so it stays true until then.
pub(crate) async fn holds(transaction: &mut Transaction, lease: &Lease) -> Result<bool, StoreError> {
    let held = sql("UPDATE lease SET epoch = epoch WHERE name = $1 AND holder = $2 AND epoch = $3")
        .bind(&lease.name)
        .bind(&lease.holder)
        .bind(lease.epoch)
        .execute(transaction)
        .await?;
    Ok(held == 1)
}
