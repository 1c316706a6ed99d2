//! Connections to a database. A PostgreSQL that is gone without a word, as in a power cut or behind a firewall that forgets, says nothing to who
//! waits for it, and the system finds out after a quarter of an hour or never. So nobody waits that long, and a connection that has not answered
//! in time is not used again.

use std::io;
use std::time::Duration;

use futures::future::BoxFuture;
use futures::stream::{self, BoxStream};
use futures::{FutureExt, StreamExt, TryStreamExt};
use sqlx::any::{AnyQueryResult, AnyRow, AnyStatement, AnyTypeInfo};
use sqlx::pool::PoolConnection;
use sqlx::{Any, AnyPool, Database, Describe, Either, Error, Execute, Executor, SqlStr};
use tokio::time::timeout;

/// Shared by any number of users.
#[derive(Debug, Clone)]
pub struct Connections {
    pool: AnyPool,
    /// How long an answer may take. None for a file, which is always there.
    patience: Option<Duration>,
}

/// One of them. It goes back when it is given back; else it is closed, since nobody knows what it is in the middle of.
#[derive(Debug)]
pub struct Lent {
    /// None once it is given back.
    connection: Option<PoolConnection<Any>>,
    patience: Option<Duration>,
    /// It has not answered in time.
    silent: bool,
}

impl Connections {
    pub fn new(pool: AnyPool, patience: Option<Duration>) -> Self {
        Self { pool, patience }
    }

    pub async fn acquire(&self) -> Result<Lent, Error> {
        let connection = Some(self.pool.acquire().await?);
        Ok(Lent { connection, patience: self.patience, silent: false })
    }

    pub async fn close(&self) {
        self.pool.close().await;
    }
}

impl Lent {
    pub fn give_back(mut self) {
        if self.silent {
            return;
        }
        let Some(mut connection) = self.connection.take() else { return };
        // The pool asks it whether it is well, and waits for that without end.
        if let Some(patience) = self.patience {
            tokio::spawn(timeout(patience, connection.return_to_pool()));
        }
    }

    fn parts(&mut self) -> Result<(&mut <Any as Database>::Connection, Option<Duration>, &mut bool), Error> {
        match &mut self.connection {
            Some(connection) if !self.silent => Ok((connection, self.patience, &mut self.silent)),
            _ => Err(self.patience.map_or(Error::PoolClosed, late)),
        }
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        // A file's is in the middle of nothing, and is not given up.
        if let Some(connection) = self.connection.take()
            && self.patience.is_some()
        {
            drop(connection.detach());
        }
    }
}

fn late(patience: Duration) -> Error {
    let why = format!("PostgreSQL has not answered for {} s; its connection is given up", patience.as_secs());
    Error::Io(io::Error::new(io::ErrorKind::TimedOut, why))
}

/// Waits for an answer, as long as it may take.
async fn in_time<T>(
    answer: impl Future<Output = T>,
    patience: Option<Duration>,
    silent: &mut bool,
) -> Result<T, Error> {
    let Some(patience) = patience else { return Ok(answer.await) };
    timeout(patience, answer).await.map_err(|_| {
        *silent = true;
        late(patience)
    })
}

impl<'c> Executor<'c> for &'c mut Lent {
    type Database = Any;

    fn fetch_many<'e, 'q: 'e, E>(
        self,
        query: E,
    ) -> BoxStream<'e, Result<Either<AnyQueryResult, AnyRow>, Error>>
    where
        'c: 'e,
        E: 'q + Execute<'q, Any>,
    {
        let (connection, patience, silent) = match self.parts() {
            Ok(parts) => parts,
            Err(error) => return stream::once(async { Err(error) }).boxed(),
        };
        let answers = connection.fetch_many(query);
        stream::try_unfold((answers, silent), move |(mut answers, silent)| async move {
            let answer = in_time(answers.next(), patience, silent).await?.transpose()?;
            Ok(answer.map(|answer| (answer, (answers, silent))))
        })
        .boxed()
    }

    fn fetch_optional<'e, 'q: 'e, E>(self, query: E) -> BoxFuture<'e, Result<Option<AnyRow>, Error>>
    where
        'c: 'e,
        E: 'q + Execute<'q, Any>,
    {
        Box::pin(async move {
            let (connection, patience, silent) = self.parts()?;
            in_time(connection.fetch_optional(query), patience, silent).await?
        })
    }

    fn prepare_with<'e>(
        self,
        sql: SqlStr,
        parameters: &'e [AnyTypeInfo],
    ) -> BoxFuture<'e, Result<AnyStatement, Error>>
    where
        'c: 'e,
    {
        Box::pin(async move {
            let (connection, patience, silent) = self.parts()?;
            in_time(connection.prepare_with(sql, parameters), patience, silent).await?
        })
    }

    fn describe<'e>(self, sql: SqlStr) -> BoxFuture<'e, Result<Describe<Any>, Error>>
    where
        'c: 'e,
    {
        Box::pin(async move {
            let (connection, patience, silent) = self.parts()?;
            in_time(connection.describe(sql), patience, silent).await?
        })
    }
}

/// For one statement. What it finds is in memory before the first of it is seen; who wants it piece by piece acquires a connection.
impl<'p> Executor<'p> for &'_ Connections {
    type Database = Any;

    fn fetch_many<'e, 'q: 'e, E>(
        self,
        query: E,
    ) -> BoxStream<'e, Result<Either<AnyQueryResult, AnyRow>, Error>>
    where
        'p: 'e,
        E: 'q + Execute<'q, Any>,
    {
        let connections = self.clone();
        let found = async move {
            let mut lent = connections.acquire().await?;
            let found: Vec<_> = (&mut lent).fetch_many(query).try_collect().await?;
            lent.give_back();
            Ok::<_, Error>(stream::iter(found.into_iter().map(Ok)))
        };
        found.into_stream().try_flatten().boxed()
    }

    fn fetch_optional<'e, 'q: 'e, E>(self, query: E) -> BoxFuture<'e, Result<Option<AnyRow>, Error>>
    where
        'p: 'e,
        E: 'q + Execute<'q, Any>,
    {
        let connections = self.clone();
        Box::pin(async move {
            let mut lent = connections.acquire().await?;
            let found = (&mut lent).fetch_optional(query).await?;
            lent.give_back();
            Ok(found)
        })
    }

    fn prepare_with<'e>(
        self,
        sql: SqlStr,
        parameters: &'e [AnyTypeInfo],
    ) -> BoxFuture<'e, Result<AnyStatement, Error>>
    where
        'p: 'e,
    {
        let connections = self.clone();
        Box::pin(async move {
            let mut lent = connections.acquire().await?;
            let prepared = (&mut lent).prepare_with(sql, parameters).await?;
            lent.give_back();
            Ok(prepared)
        })
    }

    fn describe<'e>(self, sql: SqlStr) -> BoxFuture<'e, Result<Describe<Any>, Error>>
    where
        'p: 'e,
    {
        let connections = self.clone();
        Box::pin(async move {
            let mut lent = connections.acquire().await?;
            let described = (&mut lent).describe(sql).await?;
            lent.give_back();
            Ok(described)
        })
    }
}
