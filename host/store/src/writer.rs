//! Who writes to a database. SQLite has one writer: a thread of its own, which makes of all the work that waits for it one transaction, so that
//! it waits for the disk once. Each piece holds by itself all the same: one that fails takes nothing with it.

use std::iter;
use std::path::Path;
use std::sync::Arc;
use std::thread;

use dongting_priority::Priority;
use futures::executor::block_on;
use futures::future::BoxFuture;
use rusqlite::{Connection, OpenFlags};
use tokio::sync::mpsc::{self, UnboundedReceiver as Receiver, UnboundedSender as Sender};
use tokio::sync::oneshot;

use crate::StoreError;
use crate::connections::{Connections, Lent};
use crate::sql::sql;

/// Pieces of work in one transaction of SQLite, at most: who waits for the disk waits for the others' work too.
const TOGETHER: usize = 16;
/// Statements that stay prepared.
const PREPARED: usize = 256;

/// How one of SQLite's files is written.
#[derive(Clone, Copy)]
pub struct Manner {
    /// When a commit is on the disk.
    pub synchronous: &'static str,
    /// Pages of the log after which it is brought to its place in the file.
    pub log: u32,
    /// Of the thread that writes.
    pub priority: Priority,
}

#[derive(Clone)]
pub enum Writer {
    Sqlite(Sender<Order>),
    Postgres(Connections),
}

/// In which a piece of work reads and writes.
pub enum Transaction {
    Sqlite(Connection),
    Postgres(Lent),
}

/// What SQLite's thread is given.
pub enum Order {
    Work(Box<dyn Work>),
    Close(oneshot::Sender<()>),
}

/// A piece of work, with somebody who waits for it.
pub trait Work: Send {
    /// Whether it holds; else it is to be undone.
    fn run(&mut self, transaction: &mut Transaction) -> bool;

    /// Tells what came of it, now that that is certain.
    fn tell(self: Box<Self>, committed: Result<(), &Arc<StoreError>>);
}

struct Piece<F, T, E> {
    work: Option<F>,
    result: Option<Result<T, E>>,
    waits: oneshot::Sender<Result<T, E>>,
}

impl<F, T, E> Work for Piece<F, T, E>
where
    F: for<'t> FnOnce(&'t mut Transaction) -> BoxFuture<'t, Result<T, E>> + Send,
    T: Send,
    E: From<StoreError> + Send,
{
    fn run(&mut self, transaction: &mut Transaction) -> bool {
        // Nothing in it waits: SQLite answers at once.
        self.result = self.work.take().map(|work| block_on(work(transaction)));
        matches!(self.result, Some(Ok(_)))
    }

    fn tell(self: Box<Self>, committed: Result<(), &Arc<StoreError>>) {
        let result = match (self.result, committed) {
            (Some(Ok(_)) | None, Err(error)) => Err(E::from(StoreError::Undone(Arc::clone(error)))),
            (Some(result), _) => result,
            (None, Ok(())) => Err(E::from(StoreError::Closed)),
        };
        // Who waited may be gone.
        let _ = self.waits.send(result);
    }
}

impl Writer {
    pub fn sqlite(path: &Path, manner: Manner) -> Result<Self, StoreError> {
        let Manner { synchronous, log, priority } = manner;
        let opened = || {
            let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
                | OpenFlags::SQLITE_OPEN_CREATE
                | OpenFlags::SQLITE_OPEN_NO_MUTEX;
            let connection = Connection::open_with_flags(path, flags)?;
            // Pages that are written again and again stay in memory (KiB). So does what one statement would undo: in a file it was written as
            // often as the log.
            connection.execute_batch(&format!(
                "PRAGMA busy_timeout = 10000; PRAGMA journal_mode = WAL; PRAGMA synchronous = {synchronous};
                 PRAGMA foreign_keys = ON; PRAGMA cache_size = -16384; PRAGMA wal_autocheckpoint = {log};
                 PRAGMA temp_store = MEMORY"
            ))?;
            connection.set_prepared_statement_cache_capacity(PREPARED);
            Ok(connection)
        };
        let cannot = |source| StoreError::Open { path: path.display().to_string(), source };
        let connection = opened().map_err(|error: rusqlite::Error| cannot(Box::new(error)))?;
        // Not the standard library's: its receiver spins while a sender is in the middle of sending, and one that runs before the usual
        // threads would keep that sender from ever ending.
        let (orders, given) = mpsc::unbounded_channel();
        let work = move || {
            if let Err(error) = priority.take() {
                tracing::debug!("SQLite's writer runs at the priority of all else: {error}");
            }
            serve(Transaction::Sqlite(connection), given);
        };
        let thread = thread::Builder::new().name("sqlite-writer".to_owned()).spawn(work);
        thread.map_err(|error| cannot(Box::new(error)))?;
        Ok(Self::Sqlite(orders))
    }

    /// Does `work` in a transaction, which holds when this returns, or leaves nothing behind where it fails.
    pub async fn transact<T, E>(
        &self,
        work: impl for<'t> FnOnce(&'t mut Transaction) -> BoxFuture<'t, Result<T, E>> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        match self {
            Self::Sqlite(orders) => {
                let (waits, told) = oneshot::channel();
                let piece = Piece { work: Some(work), result: None, waits };
                orders.send(Order::Work(Box::new(piece))).map_err(|_| StoreError::Closed)?;
                told.await.map_err(|_| StoreError::Closed)?
            }
            Self::Postgres(connections) => {
                let lent = connections.acquire().await.map_err(StoreError::sql)?;
                let mut transaction = Transaction::Postgres(lent);
                // Dropped in the middle, the connection is closed, which undoes it.
                control(&mut transaction, "BEGIN").await?;
                let done = work(&mut transaction).await;
                let ended = control(&mut transaction, if done.is_ok() { "COMMIT" } else { "ROLLBACK" }).await;
                if ended.is_ok()
                    && let Transaction::Postgres(lent) = transaction
                {
                    lent.give_back();
                }
                let done = done?;
                Ok(ended.map(|()| done)?)
            }
        }
    }

    /// Once what waits is done.
    pub async fn close(&self) {
        match self {
            Self::Sqlite(orders) => {
                let (closing, closed) = oneshot::channel();
                if orders.send(Order::Close(closing)).is_ok() {
                    let _ = closed.await;
                }
            }
            Self::Postgres(connections) => connections.close().await,
        }
    }
}

fn serve(mut transaction: Transaction, mut orders: Receiver<Order>) {
    let mut closing = None;
    while closing.is_none()
        && let Some(order) = orders.blocking_recv()
    {
        let waiting = iter::once(order).chain(iter::from_fn(|| orders.try_recv().ok()));
        let work = waiting.map_while(|order| match order {
            Order::Work(work) => Some(work),
            Order::Close(closed) => {
                closing = Some(closed);
                None
            }
        });
        one_transaction(&mut transaction, work.take(TOGETHER));
    }
    drop(transaction);
    if let Some(closing) = closing {
        let _ = closing.send(());
    }
}

fn one_transaction(transaction: &mut Transaction, work: impl Iterator<Item = Box<dyn Work>>) {
    let mut begun = Vec::new();
    let committed = run_all(transaction, work, &mut begun).map_err(Arc::new);
    if committed.is_err() {
        // After some errors SQLite has done so already, and says that there is nothing to undo.
        let _ = block_on(control(transaction, "ROLLBACK"));
    }
    for piece in begun {
        piece.tell(committed.as_ref().copied());
    }
}

/// Whatever it has begun is undone where this fails.
fn run_all(
    transaction: &mut Transaction,
    work: impl Iterator<Item = Box<dyn Work>>,
    begun: &mut Vec<Box<dyn Work>>,
) -> Result<(), StoreError> {
    // Whether something holds already. What comes behind it must be undone without it.
    let mut holds = false;
    for mut piece in work {
        let ready = block_on(control(transaction, if holds { "SAVEPOINT piece" } else { "BEGIN IMMEDIATE" }));
        let done = ready.is_ok() && piece.run(transaction);
        begun.push(piece);
        ready?;
        match (holds, done) {
            (false, true) => holds = true,
            (false, false) => block_on(control(transaction, "ROLLBACK"))?,
            (true, true) => block_on(control(transaction, "RELEASE piece"))?,
            (true, false) => {
                block_on(control(transaction, "ROLLBACK TO piece"))?;
                block_on(control(transaction, "RELEASE piece"))?;
            }
        }
    }
    if holds { block_on(control(transaction, "COMMIT")) } else { Ok(()) }
}

async fn control(transaction: &mut Transaction, statement: &'static str) -> Result<(), StoreError> {
    sql(statement).execute(transaction).await.map(drop)
}

#[cfg(test)]
mod tests;
