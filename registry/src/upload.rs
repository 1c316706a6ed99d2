//! Blobs on their way in. The row says how many bytes are on the disk; what the file has beyond them is cut off when the upload goes on,
//! so a kill at any instant costs no more than the last few megabytes. Room is taken from the quota before bytes are.

use std::pin::pin;
use std::time::Duration;

use bytes::Bytes;
use futures::{Stream, StreamExt};
use sqlx::{Sqlite, Transaction};
use tokio::io::AsyncWriteExt;

use crate::database::{signed, unsigned};
use crate::digest::Digest;
use crate::error::RegistryError;
use crate::name::Repository;
use crate::quota::{self, Account};
use crate::registry::{Registry, ago, now};

/// What is written between two looks at the quota, and at most lost by a kill.
const STEP: u64 = 4 << 20;
/// For a request that writes to the same upload to end.
const ENDING: Duration = Duration::from_secs(2);
/// Between two pieces of a body.
const PATIENCE: Duration = Duration::from_secs(60);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arrived {
    pub received: u64,
}

/// How much a request's headers say that it brings, and where it belongs.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Announced {
    pub first: Option<u64>,
    pub size: Option<u64>,
}

/// An upload that one request is writing to.
struct Claim {
    registry: Registry,
    id: String,
}

impl Drop for Claim {
    fn drop(&mut self) {
        if let Ok(mut writing) = self.registry.inner.writing.lock() {
            writing.remove(&self.id);
        }
        self.registry.inner.released.notify_waiters();
    }
}

impl Registry {
    /// The new upload's id.
    pub(crate) async fn begin_upload(
        &self,
        repository: &Repository,
        account: Account,
    ) -> Result<String, RegistryError> {
        let mut random = [0; 16];
        getrandom::fill(&mut random).map_err(|_| RegistryError::Random)?;
        let id = hex::encode(random);
        let vendor = repository.vendor();
        let most = self.inner.options.uploads_per_vendor;
        let mut transaction = self.database().write().await?;
        let begun: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM upload WHERE vendor = $1 AND touched > $2")
            .bind(vendor)
            .bind(ago(self.inner.options.upload_age()))
            .fetch_one(&mut *transaction)
            .await
            .map_err(RegistryError::sql)?;
        if account == Account::Vendor && unsigned(begun) >= u64::from(most) {
            return Err(RegistryError::TooManyUploads { vendor: vendor.to_owned(), most });
        }
        self.afford(&mut transaction, (account, vendor), quota::LEAST).await?;
        sqlx::query("INSERT INTO upload VALUES ($1, $2, $3, $4, 0, 0)")
            .bind(&id)
            .bind(repository.as_str())
            .bind(vendor)
            .bind(now())
            .execute(&mut *transaction)
            .await
            .map_err(RegistryError::sql)?;
        transaction.commit().await.map_err(RegistryError::sql)?;
        Ok(id)
    }

    pub(crate) async fn upload(&self, repository: &Repository, id: &str) -> Result<Arrived, RegistryError> {
        let received: Option<i64> = sqlx::query_scalar(
            "SELECT received FROM upload WHERE id = $1 AND repository = $2 AND touched > $3",
        )
        .bind(id)
        .bind(repository.as_str())
        .bind(ago(self.inner.options.upload_age()))
        .fetch_optional(&self.database().reader)
        .await
        .map_err(RegistryError::sql)?;
        Ok(Arrived { received: received.map(unsigned).ok_or(RegistryError::UnknownUpload)? })
    }

    pub(crate) async fn cancel_upload(&self, repository: &Repository, id: &str) -> Result<(), RegistryError> {
        let _claim = self.claim(id).await?;
        self.upload(repository, id).await?;
        self.forget_upload(id).await
    }

    /// Takes a body to the upload's end. What arrived of a body that broke off is kept, to go on from.
    pub(crate) async fn receive<E>(
        &self,
        repository: &Repository,
        id: &str,
        account: Account,
        announced: Announced,
        body: impl Stream<Item = Result<Bytes, E>>,
    ) -> Result<Arrived, RegistryError> {
        let claim = self.claim(id).await?;
        let received = self.upload(repository, id).await?.received;
        if announced.first.is_some_and(|first| first != received) {
            return Err(RegistryError::OutOfOrder { received });
        }
        let Ok(_permit) = self.inner.arriving.try_acquire() else { return Err(RegistryError::Busy) };
        let mut incoming = Incoming {
            registry: self,
            id: &claim.id,
            account,
            vendor: repository.vendor(),
            end: announced.size.map(|size| received.saturating_add(size)),
            received,
            reserved: received,
        };
        // Refused by its headers, a body is never read.
        if let Some(end) = incoming.end {
            incoming.fits(end)?;
            if end > received {
                incoming.reserve(end).await?;
            }
        }
        match incoming.write(body).await {
            Ok(()) => Ok(Arrived { received: incoming.received }),
            Err(error) => {
                if matches!(error, RegistryError::Quota { .. } | RegistryError::BlobTooLarge { .. }) {
                    // It will never fit: its room is given back at once.
                    self.forget_upload(id).await?;
                }
                Err(error)
            }
        }
    }

    /// Makes the upload a blob of the repository, if it has the digest that was announced.
    pub(crate) async fn finish_upload(
        &self,
        repository: &Repository,
        id: &str,
        wanted: Digest,
    ) -> Result<(), RegistryError> {
        let claim = self.claim(id).await?;
        let received = self.upload(repository, id).await?.received;
        let name = claim.id.clone();
        let found = self.on_disk(move |blobs| blobs.seal(&name, received)).await?;
        if found != wanted {
            self.forget_upload(id).await?;
            return Err(RegistryError::Mismatch { wanted, found });
        }
        // A sweep that sees the file sees its row as well.
        let _shelves = self.inner.shelves.read().await;
        let name = claim.id.clone();
        self.on_disk(move |blobs| blobs.keep(&name, found)).await?;
        let mut transaction = self.database().write().await?;
        sqlx::query("INSERT INTO blob VALUES ($1, $2, $3) ON CONFLICT (digest) DO NOTHING")
            .bind(found.to_string())
            .bind(signed(received))
            .bind(now())
            .execute(&mut *transaction)
            .await
            .map_err(RegistryError::sql)?;
        link(&mut transaction, repository, found).await?;
        sqlx::query("DELETE FROM upload WHERE id = $1")
            .bind(id)
            .execute(&mut *transaction)
            .await
            .map_err(RegistryError::sql)?;
        transaction.commit().await.map_err(RegistryError::sql)
    }

    /// Shows a blob of one repository in another. Whether it was there to show.
    pub(crate) async fn mount(
        &self,
        from: &Repository,
        to: &Repository,
        digest: Digest,
        account: Account,
    ) -> Result<bool, RegistryError> {
        let mut transaction = self.database().write().await?;
        let size: Option<i64> = sqlx::query_scalar(
            "SELECT size FROM link JOIN blob USING (digest) WHERE repository = $1 AND digest = $2",
        )
        .bind(from.as_str())
        .bind(digest.to_string())
        .fetch_optional(&mut *transaction)
        .await
        .map_err(RegistryError::sql)?;
        let Some(size) = size else { return Ok(false) };
        if from.vendor() != to.vendor() {
            self.afford(&mut transaction, (account, to.vendor()), unsigned(size).max(quota::LEAST)).await?;
        }
        link(&mut transaction, to, digest).await?;
        transaction.commit().await.map_err(RegistryError::sql)?;
        Ok(true)
    }

    /// Drops uploads that nobody has gone on with. How many there were.
    pub(crate) async fn expire_uploads(&self) -> Result<u64, RegistryError> {
        let ids: Vec<String> = sqlx::query_scalar("SELECT id FROM upload WHERE touched <= $1")
            .bind(ago(self.inner.options.upload_age()))
            .fetch_all(&self.database().reader)
            .await
            .map_err(RegistryError::sql)?;
        let mut dropped = 0u64;
        for id in ids {
            // One that is being written to is not left alone.
            let Some(_claim) = self.try_claim(&id) else { continue };
            self.forget_upload(&id).await?;
            dropped = dropped.saturating_add(1);
        }
        Ok(dropped)
    }

    /// Waits a moment for a request that is ending: a client that was cut off comes back before that is noticed.
    async fn claim(&self, id: &str) -> Result<Claim, RegistryError> {
        let free = async {
            loop {
                let released = self.inner.released.notified();
                if let Some(claim) = self.try_claim(id) {
                    return claim;
                }
                released.await;
            }
        };
        tokio::time::timeout(ENDING, free).await.map_err(|_| RegistryError::UploadBusy)
    }

    fn try_claim(&self, id: &str) -> Option<Claim> {
        let free = self.inner.writing.lock().is_ok_and(|mut writing| writing.insert(id.to_owned()));
        free.then(|| Claim { registry: self.clone(), id: id.to_owned() })
    }

    /// The row goes first: a file without one is removed at the next start.
    async fn forget_upload(&self, id: &str) -> Result<(), RegistryError> {
        let mut transaction = self.database().write().await?;
        sqlx::query("DELETE FROM upload WHERE id = $1")
            .bind(id)
            .execute(&mut *transaction)
            .await
            .map_err(RegistryError::sql)?;
        transaction.commit().await.map_err(RegistryError::sql)?;
        let id = id.to_owned();
        self.on_disk(move |blobs| blobs.drop_upload(&id)).await
    }
}

/// Says that the repository has the blob, and that somebody relied on it just now.
async fn link(
    transaction: &mut Transaction<'_, Sqlite>,
    repository: &Repository,
    digest: Digest,
) -> Result<(), RegistryError> {
    sqlx::query(
        "INSERT INTO link VALUES ($1, $2, $3) ON CONFLICT (repository, digest) DO UPDATE SET linked = $3",
    )
    .bind(repository.as_str())
    .bind(digest.to_string())
    .bind(now())
    .execute(&mut **transaction)
    .await
    .map_err(RegistryError::sql)?;
    Ok(())
}

/// A body being written.
struct Incoming<'a> {
    registry: &'a Registry,
    id: &'a str,
    account: Account,
    vendor: &'a str,
    /// Where its headers say that it ends.
    end: Option<u64>,
    received: u64,
    reserved: u64,
}

impl Incoming<'_> {
    async fn write<E>(&mut self, body: impl Stream<Item = Result<Bytes, E>>) -> Result<(), RegistryError> {
        let (id, received) = (self.id.to_owned(), self.received);
        let file = self.registry.on_disk(move |blobs| blobs.resume(&id, received)).await?;
        let mut file = tokio::fs::File::from_std(file);
        let mut body = pin!(body);
        let mut written = self.received;
        let mut outcome = Ok(());
        loop {
            let piece = match tokio::time::timeout(PATIENCE, body.next()).await {
                Ok(Some(Ok(piece))) => piece,
                Ok(None) => break,
                Ok(Some(Err(_))) | Err(_) => {
                    outcome = Err(());
                    break;
                }
            };
            let after = written.saturating_add(piece.len() as u64);
            self.fits(after)?;
            if let Some(announced) = self.end.filter(|end| after > *end) {
                return Err(RegistryError::ChunkSize { sent: after, announced });
            }
            if after > self.reserved {
                self.reserve(after).await?;
            }
            file.write_all(&piece).await.map_err(RegistryError::disk)?;
            written = after;
            if written.saturating_sub(self.received) >= STEP {
                self.settle(&mut file, written).await?;
            }
        }
        self.reserved = written;
        self.settle(&mut file, written).await?;
        let cut = outcome.is_err() || self.end.is_some_and(|end| written < end);
        if cut { Err(RegistryError::CutOff { received: written }) } else { Ok(()) }
    }

    fn fits(&self, size: u64) -> Result<(), RegistryError> {
        let most = self.registry.inner.options.max_blob();
        if size > most { Err(RegistryError::BlobTooLarge { size, most }) } else { Ok(()) }
    }

    /// Takes room up to `end` and, if it is there, a step more, so that small pieces do not each ask.
    async fn reserve(&mut self, end: u64) -> Result<(), RegistryError> {
        let ahead = if self.end.is_some() { end } else { end.saturating_add(STEP) };
        let mut transaction = self.registry.database().write().await?;
        let mut taken = ahead;
        let payer = (self.account, self.vendor);
        let more = |to: u64| to.saturating_sub(self.reserved);
        if self.registry.afford(&mut transaction, payer, more(ahead)).await.is_err() {
            self.registry.afford(&mut transaction, payer, more(end)).await?;
            taken = end;
        }
        sqlx::query("UPDATE upload SET reserved = $2 WHERE id = $1")
            .bind(self.id)
            .bind(signed(taken))
            .execute(&mut *transaction)
            .await
            .map_err(RegistryError::sql)?;
        transaction.commit().await.map_err(RegistryError::sql)?;
        self.reserved = taken;
        Ok(())
    }

    /// The bytes are on the disk before the row says so.
    async fn settle(&mut self, file: &mut tokio::fs::File, written: u64) -> Result<(), RegistryError> {
        file.flush().await.map_err(RegistryError::disk)?;
        file.sync_data().await.map_err(RegistryError::disk)?;
        let mut transaction = self.registry.database().write().await?;
        sqlx::query("UPDATE upload SET received = $2, reserved = $3, touched = $4 WHERE id = $1")
            .bind(self.id)
            .bind(signed(written))
            .bind(signed(self.reserved))
            .bind(now())
            .execute(&mut *transaction)
            .await
            .map_err(RegistryError::sql)?;
        transaction.commit().await.map_err(RegistryError::sql)?;
        self.received = written;
        Ok(())
    }
}
