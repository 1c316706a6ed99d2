//! A statement with its values, for a transaction of either database.

use std::borrow::Cow;
use std::sync::OnceLock;

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{CachedStatement, Connection, ToSql};
use sqlx::any::{AnyArguments, AnyRow};
use sqlx::{Arguments, FromRow};

use crate::StoreError;
use crate::connections::Connections;
use crate::row::POWERS;
use crate::writer::{Transaction, Writer};

/// Its values are `$1, $2, …` in the text.
pub struct Sql<'q> {
    text: &'static str,
    values: Vec<Value<'q>>,
}

/// A value, or the absence of one of its kind: PostgreSQL tells them apart.
pub enum Value<'q> {
    Integer(Option<i64>),
    Text(Option<Cow<'q, str>>),
    Blob(Option<Cow<'q, [u8]>>),
}

/// What a row is read as: a tuple of columns.
pub trait Columns:
    for<'r> TryFrom<&'r rusqlite::Row<'r>, Error = rusqlite::Error> + for<'r> FromRow<'r, AnyRow> + Send + Unpin
{
}

impl<T> Columns for T where
    T: for<'r> TryFrom<&'r rusqlite::Row<'r>, Error = rusqlite::Error>
        + for<'r> FromRow<'r, AnyRow>
        + Send
        + Unpin
{
}

pub fn sql<'q>(text: &'static str) -> Sql<'q> {
    Sql { text, values: Vec::new() }
}

/// A statement that is there for any number of rows or listed values: each text is put together once. Of placeholders only: what comes from
/// outside is bound.
pub struct Listed {
    text: fn(usize) -> String,
    texts: [OnceLock<String>; POWERS],
}

impl Listed {
    pub const fn new(text: fn(usize) -> String) -> Self {
        Self { text, texts: [const { OnceLock::new() }; POWERS] }
    }

    pub fn of<'q>(&'static self, count: usize) -> Sql<'q> {
        sql(self.text(count))
    }

    /// For so many: a power of two, as `row::pieces` and `row::lists` cut them.
    pub fn text(&'static self, count: usize) -> &'static str {
        debug_assert!(count.is_power_of_two(), "{count} is not what `row` cuts");
        #[expect(clippy::indexing_slicing, reason = "`row` cuts no longer pieces")]
        let text = &self.texts[count.ilog2() as usize];
        text.get_or_init(|| (self.text)(count))
    }
}

impl<'q> Sql<'q> {
    pub fn bind(mut self, value: impl Into<Value<'q>>) -> Self {
        self.values.push(value.into());
        self
    }

    /// How many rows it has changed.
    pub async fn execute(self, transaction: &mut Transaction) -> Result<u64, StoreError> {
        match transaction {
            Transaction::Sqlite(connection) => {
                let changed = self.bound(connection).and_then(|mut statement| statement.raw_execute());
                Ok(changed.map_err(StoreError::Sqlite)? as u64)
            }
            Transaction::Postgres(connection) => {
                let query = sqlx::query_with(self.text, arguments(self.values)?);
                Ok(query.execute(connection).await.map_err(StoreError::sql)?.rows_affected())
            }
        }
    }

    /// The same, in a transaction of its own.
    pub async fn execute_alone(self, writer: &Writer) -> Result<u64, StoreError> {
        let statement = self.owned();
        writer.transact(|transaction| Box::pin(statement.execute(transaction))).await
    }

    pub async fn rows<T: Columns>(self, transaction: &mut Transaction) -> Result<Vec<T>, StoreError> {
        match transaction {
            Transaction::Sqlite(connection) => self.read_all(connection).map_err(StoreError::Sqlite),
            Transaction::Postgres(connection) => {
                let query = sqlx::query_as_with(self.text, arguments(self.values)?);
                query.fetch_all(connection).await.map_err(StoreError::sql)
            }
        }
    }

    /// What it finds outside any transaction.
    pub async fn read<T: Columns>(self, reader: &Connections) -> Result<Vec<T>, StoreError> {
        let query = sqlx::query_as_with(self.text, arguments(self.values)?);
        query.fetch_all(reader).await.map_err(StoreError::sql)
    }

    /// The first row, where there is one.
    pub async fn row<T: Columns>(self, transaction: &mut Transaction) -> Result<Option<T>, StoreError> {
        Ok(self.rows(transaction).await?.into_iter().next())
    }

    /// The row of a statement that always has one.
    pub async fn the_row<T: Columns>(self, transaction: &mut Transaction) -> Result<T, StoreError> {
        self.row(transaction).await?.ok_or_else(|| StoreError::sql(sqlx::Error::RowNotFound))
    }

    /// For another thread.
    pub fn owned(self) -> Sql<'static> {
        Sql { text: self.text, values: self.values.into_iter().map(Value::owned).collect() }
    }

    fn read_all<T: Columns>(self, connection: &Connection) -> rusqlite::Result<Vec<T>> {
        let mut statement = self.bound(connection)?;
        let mut rows = statement.raw_query();
        let mut read = Vec::new();
        while let Some(row) = rows.next()? {
            read.push(T::try_from(row)?);
        }
        Ok(read)
    }

    /// SQLite takes `$1` for a name, which it would look for each time it is bound, and `?1` for the number.
    fn bound<'c>(&self, connection: &'c Connection) -> rusqlite::Result<CachedStatement<'c>> {
        let mut statement = connection.prepare_cached(&self.text.replace('$', "?"))?;
        for (at, value) in self.values.iter().enumerate() {
            statement.raw_bind_parameter(at + 1, value)?;
        }
        Ok(statement)
    }
}

fn arguments(values: Vec<Value<'_>>) -> Result<AnyArguments, StoreError> {
    let mut arguments = AnyArguments::default();
    for value in values {
        let added = match value {
            Value::Integer(value) => arguments.add(value),
            Value::Text(value) => arguments.add(value.map(Cow::into_owned)),
            Value::Blob(value) => arguments.add(value.map(Cow::into_owned)),
        };
        added.map_err(|error| StoreError::sql(sqlx::Error::Encode(error)))?;
    }
    Ok(arguments)
}

impl Value<'_> {
    fn owned(self) -> Value<'static> {
        match self {
            Self::Integer(value) => Value::Integer(value),
            Self::Text(value) => Value::Text(value.map(|text| Cow::Owned(text.into_owned()))),
            Self::Blob(value) => Value::Blob(value.map(|bytes| Cow::Owned(bytes.into_owned()))),
        }
    }
}

impl ToSql for Value<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        let value = match self {
            Self::Integer(value) => value.map(ValueRef::Integer),
            Self::Text(value) => value.as_ref().map(|text| ValueRef::Text(text.as_bytes())),
            Self::Blob(value) => value.as_ref().map(|bytes| ValueRef::Blob(bytes)),
        };
        Ok(ToSqlOutput::Borrowed(value.unwrap_or(ValueRef::Null)))
    }
}

impl From<i64> for Value<'_> {
    fn from(value: i64) -> Self {
        Self::Integer(Some(value))
    }
}

impl From<Option<i64>> for Value<'_> {
    fn from(value: Option<i64>) -> Self {
        Self::Integer(value)
    }
}

impl<'q> From<&'q str> for Value<'q> {
    fn from(text: &'q str) -> Self {
        Self::Text(Some(Cow::Borrowed(text)))
    }
}

impl<'q> From<&'q String> for Value<'q> {
    fn from(text: &'q String) -> Self {
        Self::from(text.as_str())
    }
}

impl From<String> for Value<'_> {
    fn from(text: String) -> Self {
        Self::Text(Some(Cow::Owned(text)))
    }
}

impl<'q> From<&'q Option<String>> for Value<'q> {
    fn from(text: &'q Option<String>) -> Self {
        Self::Text(text.as_deref().map(Cow::Borrowed))
    }
}

impl<'q> From<&'q [u8]> for Value<'q> {
    fn from(bytes: &'q [u8]) -> Self {
        Self::Blob(Some(Cow::Borrowed(bytes)))
    }
}

impl<'q> From<&'q Vec<u8>> for Value<'q> {
    fn from(bytes: &'q Vec<u8>) -> Self {
        Self::from(bytes.as_slice())
    }
}

impl<'q> From<Option<&'q [u8]>> for Value<'q> {
    fn from(bytes: Option<&'q [u8]>) -> Self {
        Self::Blob(bytes.map(Cow::Borrowed))
    }
}
