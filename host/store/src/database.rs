//! Which database a host keeps what it knows in.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use sqlx::postgres::PgConnectOptions;

use crate::StoreError;

/// Not `Debug`: the URL may hold a password.
#[derive(Clone)]
pub enum Database {
    /// A file of this host alone.
    Sqlite(PathBuf),
    /// A `postgres://` URL.
    Postgres(String),
}

impl FromStr for Database {
    type Err = StoreError;

    fn from_str(url: &str) -> Result<Self, StoreError> {
        match url.split_once("://") {
            Some(("postgres" | "postgresql", _)) => Ok(Self::Postgres(url.to_owned())),
            _ => Err(StoreError::Scheme),
        }
    }
}

/// As the operator knows it, without the password.
impl fmt::Display for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => path.display().fmt(f),
            Self::Postgres(url) => match PgConnectOptions::from_str(url) {
                Ok(options) => {
                    let database = options.get_database().unwrap_or(options.get_username());
                    write!(
                        f,
                        "postgres://{}@{}:{}/{database}",
                        options.get_username(),
                        options.get_host(),
                        options.get_port()
                    )
                }
                Err(_) => f.write_str("postgres://"),
            },
        }
    }
}
