//! The database of one host: SQLite in the data directory, with one writer and several readers, or PostgreSQL. The
//! statements are the same for both; the schemas are in `migrations/`. With SQLite the history has a file of its own, so that writing it
//! keeps no commit waiting.

use std::error::Error;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use dongting_priority::Priority;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use sqlx::any::{AnyPoolOptions, install_default_drivers};
use sqlx::migrate::{MigrateError, Migrator};
use sqlx::{AnyPool, Executor};

use crate::Database;
use crate::connections::Connections;
use crate::writer::{Manner, Writer};

static SQLITE: Migrator = sqlx::migrate!("migrations/sqlite");
static SQLITE_HISTORY: Migrator = sqlx::migrate!("migrations/sqlite-history");
static POSTGRES: Migrator = sqlx::migrate!("migrations/postgres");

/// Every commit is on the disk before it is answered. What is written again and again goes to its place seldom.
pub(crate) const CALLS: Manner = Manner { synchronous: "FULL", log: 4_000, priority: Priority::Urgent };
/// What a power cut takes of the history is read again from the lanes. It goes to its place in small pieces: while a piece is on its way to the
/// disk, whoever else waits for that waits for the piece.
const HISTORY: Manner = Manner { synchronous: "NORMAL", log: 1_000, priority: Priority::History };

/// Connections to PostgreSQL, for as many calls as commit and read at once.
const CONNECTIONS: u32 = 8;
/// And for the history, so that nobody's long look back keeps a commit waiting.
const HISTORY_CONNECTIONS: u32 = 4;
/// How long a call waits for one. A PostgreSQL that restarts is back by then; later the call is made again.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long PostgreSQL may take for a row or the end of a statement. Each here reads or writes a bounded number of rows, by an index.
const SILENCE: Duration = Duration::from_secs(20);

#[derive(Clone)]
pub struct Store {
    pub(crate) writer: Writer,
    pub(crate) reader: Connections,
    pub(crate) history_writer: Writer,
    pub(crate) history_reader: Connections,
    /// For looking after SQLite's write-ahead logs; none for PostgreSQL.
    pub(crate) logs: Vec<AnyPool>,
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
        source: Box<dyn Error + Send + Sync>,
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
    #[error("the database cannot be read or written")]
    Sqlite(#[source] rusqlite::Error),
    #[error("what was to be written together could not be, and is undone")]
    Undone(#[source] Arc<Self>),
    #[error("the database is closed")]
    Closed,
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
        match database {
            Database::Sqlite(path) => {
                let history = path.with_extension("history.db");
                let Sqlite { writer, reader, log } = sqlite(path, CALLS, &SQLITE).await?;
                let history = sqlite(&history, HISTORY, &SQLITE_HISTORY).await?;
                Ok(Self {
                    writer,
                    reader,
                    history_writer: history.writer,
                    history_reader: history.reader,
                    logs: vec![log, history.log],
                })
            }
            Database::Postgres(url) => {
                let cannot = |source| StoreError::Connect { url: database.to_string(), source };
                let calls = postgres(url, CONNECTIONS).await.map_err(cannot)?;
                migrate(&POSTGRES, &calls, database.to_string()).await?;
                let history = postgres(url, HISTORY_CONNECTIONS).await.map_err(cannot)?;
                let [calls, history] = [calls, history].map(|pool| Connections::new(pool, Some(SILENCE)));
                Ok(Self {
                    writer: Writer::Postgres(calls.clone()),
                    reader: calls,
                    history_writer: Writer::Postgres(history.clone()),
                    history_reader: history,
                    logs: Vec::new(),
                })
            }
        }
    }

    pub async fn close(&self) {
        for log in &self.logs {
            log.close().await;
        }
        self.history_reader.close().await;
        self.reader.close().await;
        self.history_writer.close().await;
        self.writer.close().await;
    }
}

async fn migrate(migrations: &Migrator, pool: &AnyPool, database: String) -> Result<(), StoreError> {
    migrations.run(pool).await.map_err(|source| match source {
        MigrateError::VersionMissing(version) => StoreError::Newer { database, version },
        source => StoreError::Migrate { database, source },
    })
}

/// The connections to one file.
struct Sqlite {
    writer: Writer,
    reader: Connections,
    log: AnyPool,
}

/// Opens or makes a file.
async fn sqlite(path: &Path, manner: Manner, migrations: &Migrator) -> Result<Sqlite, StoreError> {
    let cannot =
        |source: sqlx::Error| StoreError::Open { path: path.display().to_string(), source: Box::new(source) };
    let name = path.to_str().ok_or_else(|| {
        let why = "the name of the data directory is not UTF-8: rename it";
        cannot(sqlx::Error::Configuration(why.into()))
    })?;
    let name = utf8_percent_encode(name, NON_ALPHANUMERIC);
    let writer = Writer::sqlite(path, manner)?;
    // A connection to a file does not break while nobody uses it, and it is tested when it is given back: asked before each use as well, it
    // would take as long as a statement.
    let connections = |most| AnyPoolOptions::new().max_connections(most).test_before_acquire(false);
    let log = connections(1).connect(&format!("sqlite:{name}?mode=rw")).await.map_err(cannot)?;
    migrate(migrations, &log, path.display().to_string()).await?;
    let reader = connections(4).connect(&format!("sqlite:{name}?mode=ro")).await.map_err(cannot)?;
    Ok(Sqlite { writer, reader: Connections::new(reader, None), log })
}

async fn postgres(url: &str, most: u32) -> Result<AnyPool, sqlx::Error> {
    AnyPoolOptions::new()
        .max_connections(most)
        .acquire_timeout(PATIENCE)
        .after_connect(|connection, _| {
            Box::pin(async move {
                // A server or a database may be set to answer first and write later. And compiling a plan takes longer than any of these
                // questions: tens of milliseconds. And what a client has given up, or lost, is not to hold its locks until the server finds that out by itself, hours later.
                let settings = "SELECT set_config('synchronous_commit', 'on', false)
                     WHERE current_setting('synchronous_commit') = 'off';
                     SET jit = off;
                     SELECT set_config(name, value, false) FROM pg_settings JOIN (VALUES
                         ('idle_in_transaction_session_timeout', '30s'), ('client_connection_check_interval', '5s'),
                         ('tcp_keepalives_idle', '10'), ('tcp_keepalives_interval', '5'), ('tcp_keepalives_count', '3'),
                         ('tcp_user_timeout', '20s')) AS wanted (setting_name, value) ON name = setting_name
                     WHERE name <> 'client_connection_check_interval' OR version() LIKE '%linux%'";
                connection.execute(sqlx::raw_sql(settings)).await.map(drop)
            })
        })
        .connect(url)
        .await
}

#[cfg(test)]
mod tests;
