//! The registry's database: one writer, several readers, every commit on the disk before it is answered.

use std::path::Path;
use std::time::Duration;

use sqlx::migrate::{MigrateError, Migrator};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{Sqlite, SqlitePool, Transaction};

use crate::error::{OpenError, RegistryError};

static MIGRATIONS: Migrator = sqlx::migrate!("./migrations");
const READERS: u32 = 4;

#[derive(Debug, Clone)]
pub struct Database {
    /// SQLite has one writer; one connection makes the others wait here rather than fail there.
    writer: SqlitePool,
    pub reader: SqlitePool,
}

impl Database {
    pub async fn open(path: &Path) -> Result<Self, OpenError> {
        let failed = |source| OpenError::Database { path: path.to_owned(), source };
        let options = SqliteConnectOptions::new()
            .filename(path)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(Duration::from_secs(10));
        let writer = SqlitePoolOptions::new()
            .max_connections(1)
            .connect_with(options.clone().create_if_missing(true))
            .await
            .map_err(failed)?;
        MIGRATIONS.run(&writer).await.map_err(|source| match source {
            MigrateError::VersionMissing(version) => OpenError::Newer { path: path.to_owned(), version },
            source => OpenError::Migrate { path: path.to_owned(), source },
        })?;
        let reader = SqlitePoolOptions::new()
            .max_connections(READERS)
            .connect_with(options.read_only(true))
            .await
            .map_err(failed)?;
        Ok(Self { writer, reader })
    }

    /// Everybody who writes stands in one line for this.
    pub async fn write(&self) -> Result<Transaction<'static, Sqlite>, RegistryError> {
        self.writer.begin().await.map_err(RegistryError::sql)
    }

    pub async fn close(&self) {
        self.reader.close().await;
        self.writer.close().await;
    }
}

/// SQLite's integers have a sign; sizes here are far from it.
pub fn signed(size: u64) -> i64 {
    i64::try_from(size).unwrap_or(i64::MAX)
}

pub fn unsigned(size: i64) -> u64 {
    u64::try_from(size).unwrap_or(0)
}
