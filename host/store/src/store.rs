//! The database of one host: SQLite in the data directory, one writer, several readers.

use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::migrate::MigrateError;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};

#[derive(Clone)]
pub struct Store {
    /// SQLite has one writer; one connection makes the others wait here rather than fail there.
    pub(crate) writer: SqlitePool,
    pub(crate) reader: SqlitePool,
}

#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("the database at {path} cannot be opened", path = path.display())]
    Open {
        path: PathBuf,
        #[source]
        source: sqlx::Error,
    },
    #[error(
        "the database at {path} was written by a newer version of dongting (schema {version}): start that version, or give this one another data directory",
        path = path.display()
    )]
    Newer { path: PathBuf, version: i64 },
    #[error("the database at {path} cannot be brought to this version's schema", path = path.display())]
    Migrate {
        path: PathBuf,
        #[source]
        source: MigrateError,
    },
    #[error("the database cannot be read or written")]
    Sql(#[source] sqlx::Error),
    #[error("a stored message cannot be read: {0}")]
    Damaged(String),
}

impl StoreError {
    pub(crate) fn sql(source: sqlx::Error) -> Self {
        Self::Sql(source)
    }
}

impl Store {
    /// Opens or makes the database. Every commit is on the disk before it is answered (`synchronous=FULL`).
    pub async fn open(path: &Path) -> Result<Self, StoreError> {
        let opened = |source| StoreError::Open { path: path.to_owned(), source };
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(Duration::from_secs(10));
        let writer = SqlitePoolOptions::new()
            .max_connections(1)
            .connect_with(options.clone())
            .await
            .map_err(opened)?;
        sqlx::migrate!().run(&writer).await.map_err(|source| match source {
            MigrateError::VersionMissing(version) => StoreError::Newer { path: path.to_owned(), version },
            source => StoreError::Migrate { path: path.to_owned(), source },
        })?;
        let reader = SqlitePoolOptions::new()
            .max_connections(4)
            .connect_with(options.read_only(true))
            .await
            .map_err(opened)?;
        Ok(Self { writer, reader })
    }

    pub async fn close(&self) {
        self.reader.close().await;
        self.writer.close().await;
    }
}
