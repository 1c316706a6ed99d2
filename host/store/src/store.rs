//! The database of one host: SQLite in the data directory, with one writer and several readers, or PostgreSQL. The
//! statements are the same for both; the schemas are in `migrations/`.

use std::path::Path;
use std::time::Duration;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use sqlx::any::{AnyPoolOptions, install_default_drivers};
use sqlx::migrate::{MigrateError, Migrator};
use sqlx::{AnyPool, Executor};

use crate::Database;

static SQLITE: Migrator = sqlx::migrate!("migrations/sqlite");
static POSTGRES: Migrator = sqlx::migrate!("migrations/postgres");

/// Connections to PostgreSQL, for as many calls as commit and read at once.
const CONNECTIONS: u32 = 8;
/// How long a call waits for one. A PostgreSQL that restarts is back by then; later the call is made again.
const PATIENCE: Duration = Duration::from_secs(10);

#[derive(Clone)]
pub struct Store {
    /// SQLite has one writer; one connection makes the others wait here rather than fail there.
    pub(crate) writer: AnyPool,
    pub(crate) reader: AnyPool,
}

/// A database is named in it without its password.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error(
        "the database is no URL that dongting knows: give it as postgres://user:password@host/name, or leave it out for SQLite in the data directory"
    )]
    Scheme,
    #[error("the database at {path} cannot be opened")]
    Open {
        path: String,
        #[source]
        source: sqlx::Error,
    },
    #[error(
        "the database {url} cannot be used: see that PostgreSQL runs there and that the user, the password and the database in the URL are right"
    )]
    Connect {
        url: String,
        #[source]
        source: sqlx::Error,
    },
    #[error(
        "the database at {database} was written by a newer version of dongting (schema {version}): start that version, or give this one another data directory or database"
    )]
    Newer { database: String, version: i64 },
    #[error("the database at {database} cannot be brought to this version's schema")]
    Migrate {
        database: String,
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
    /// Opens or makes the database. Every commit is on the disk before it is answered.
    pub async fn open(database: &Database) -> Result<Self, StoreError> {
        install_default_drivers();
        let (store, migrations) = match database {
            Database::Sqlite(path) => (sqlite(path).await, &SQLITE),
            Database::Postgres(url) => (postgres(url).await, &POSTGRES),
        };
        let store = store.map_err(|source| match database {
            Database::Sqlite(_) => StoreError::Open { path: database.to_string(), source },
            Database::Postgres(_) => StoreError::Connect { url: database.to_string(), source },
        })?;
        let database = || database.to_string();
        migrations.run(&store.writer).await.map_err(|source| match source {
            MigrateError::VersionMissing(version) => StoreError::Newer { database: database(), version },
            source => StoreError::Migrate { database: database(), source },
        })?;
        Ok(store)
    }

    pub async fn close(&self) {
        self.reader.close().await;
        self.writer.close().await;
    }
}

async fn sqlite(path: &Path) -> Result<Store, sqlx::Error> {
    let path = path.to_str().ok_or_else(|| {
        sqlx::Error::Configuration("the name of the data directory is not UTF-8: rename it".into())
    })?;
    let path = utf8_percent_encode(path, NON_ALPHANUMERIC);
    let writer = AnyPoolOptions::new()
        .max_connections(1)
        .after_connect(|connection, _| {
            Box::pin(async move {
                let settings =
                    "PRAGMA busy_timeout = 10000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL";
                connection.execute(sqlx::raw_sql(settings)).await.map(drop)
            })
        })
        .connect(&format!("sqlite:{path}?mode=rwc"))
        .await?;
    let reader = AnyPoolOptions::new().max_connections(4).connect(&format!("sqlite:{path}?mode=ro")).await?;
    Ok(Store { writer, reader })
}

async fn postgres(url: &str) -> Result<Store, sqlx::Error> {
    let pool = AnyPoolOptions::new()
        .max_connections(CONNECTIONS)
        .acquire_timeout(PATIENCE)
        .after_connect(|connection, _| {
            Box::pin(async move {
                // A server or a database may be set to answer first and write later.
                let settings = "SELECT set_config('synchronous_commit', 'on', false)
                     WHERE current_setting('synchronous_commit') = 'off'";
                connection.execute(sqlx::raw_sql(settings)).await.map(drop)
            })
        })
        .connect(url)
        .await?;
    Ok(Store { writer: pool.clone(), reader: pool })
}
