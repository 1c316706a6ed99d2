use std::sync::mpsc::{self, Sender};

use super::*;
use crate::sql::Value;

/// A file with the table `t`, and somebody who reads it.
struct File {
    writer: Writer,
    reader: Connection,
    _folder: tempfile::TempDir,
}

impl File {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.db");
        let writer = Writer::sqlite(&path, crate::store::CALLS).unwrap();
        sql("CREATE TABLE t (name TEXT PRIMARY KEY, body BLOB)").execute_alone(&writer).await.unwrap();
        Self { writer, reader: Connection::open(&path).unwrap(), _folder: folder }
    }

    async fn add(&self, name: &'static str, body: Vec<u8>) -> Result<u64, StoreError> {
        sql("INSERT INTO t VALUES ($1, $2)").bind(name).bind(&body).execute_alone(&self.writer).await
    }

    /// A piece that ends with `result` when the other end is let go; whatever is asked of the writer until then runs together with it.
    async fn hold(
        &self,
        result: Result<(), StoreError>,
    ) -> (Sender<()>, impl Future<Output = Result<(), StoreError>>) {
        let (go, held) = mpsc::channel::<()>();
        let (holds, holding) = oneshot::channel();
        let writer = self.writer.clone();
        let work = tokio::spawn(async move {
            let hold = writer.transact(move |_| {
                let _ = holds.send(());
                let _ = held.recv();
                Box::pin(async { result })
            });
            hold.await
        });
        holding.await.unwrap();
        (go, async move { work.await.unwrap() })
    }

    fn names(&self) -> Vec<String> {
        let mut statement = self.reader.prepare("SELECT name FROM t ORDER BY name").unwrap();
        statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    }
}

#[tokio::test]
async fn a_piece_that_fails_takes_nothing_with_it() {
    let file = File::new().await;
    let (go, held) = file.hold(Ok(())).await;
    let (a, failed, b, again, held, ()) = tokio::join!(
        file.add("a", vec![]),
        file.writer.transact(|transaction| Box::pin(async move {
            sql("INSERT INTO t VALUES ('x', NULL)").execute(transaction).await?;
            sql("INSERT INTO t VALUES ('a', NULL)").execute(transaction).await
        })),
        file.add("b", vec![]),
        file.add("b", vec![]),
        held,
        async { go.send(()).unwrap() },
    );
    assert!(matches!(failed, Err(StoreError::Sqlite(_))), "{failed:?}");
    assert!(matches!(again, Err(StoreError::Sqlite(_))), "{again:?}");
    for done in [a.map(drop), b.map(drop), held] {
        done.unwrap();
    }
    assert_eq!(file.names(), ["a", "b"]);
}

#[tokio::test]
async fn what_waits_is_one_transaction() {
    let file = File::new().await;
    let other = Connection::open(file.reader.path().unwrap()).unwrap();
    let (go, held) = file.hold(Ok(())).await;
    let (a, seen, held, ()) = tokio::join!(
        file.add("a", vec![]),
        file.writer.transact(move |transaction| Box::pin(async move {
            let within: Vec<(i64,)> = sql("SELECT COUNT(*) FROM t").rows(transaction).await?;
            let outside: i64 = other.query_row("SELECT COUNT(*) FROM t", [], |row| row.get(0)).unwrap();
            Ok::<_, StoreError>((within, outside))
        })),
        held,
        async { go.send(()).unwrap() },
    );
    a.unwrap();
    held.unwrap();
    assert_eq!(seen.unwrap(), (vec![(1,)], 0), "the second sees the first, which is not committed yet");
    assert_eq!(file.names(), ["a"]);
}

#[tokio::test]
async fn the_first_may_fail() {
    let file = File::new().await;
    file.add("a", vec![]).await.unwrap();
    let (go, held) = file.hold(Err(StoreError::Closed)).await;
    let (again, b, held, ()) =
        tokio::join!(file.add("a", vec![]), file.add("b", vec![]), held, async { go.send(()).unwrap() },);
    assert!(matches!(again, Err(StoreError::Sqlite(_))), "{again:?}");
    assert!(matches!(held, Err(StoreError::Closed)), "{held:?}");
    b.unwrap();
    assert_eq!(file.names(), ["a", "b"]);
}

/// Where the disk is full SQLite undoes the whole transaction by itself.
#[tokio::test]
async fn who_is_undone_with_another_is_told() {
    let file = File::new().await;
    let full = sql("PRAGMA max_page_count = 20");
    let pages: Vec<(i64,)> =
        file.writer.transact(|transaction| Box::pin(full.rows(transaction))).await.unwrap();
    assert_eq!(pages, [(20,)]);
    let (go, held) = file.hold(Ok(())).await;
    let (a, large, held, ()) =
        tokio::join!(file.add("a", vec![]), file.add("b", vec![1; 1 << 20]), held, async {
            go.send(()).unwrap()
        },);
    assert!(matches!(large, Err(StoreError::Sqlite(_))), "{large:?}");
    assert!(matches!(a, Err(StoreError::Undone(_))), "{a:?}");
    held.unwrap_err();
    assert!(file.names().is_empty());
    file.add("c", vec![]).await.unwrap();
    assert_eq!(file.names(), ["c"]);
}

#[tokio::test]
async fn closed_is_closed() {
    let file = File::new().await;
    let (a, ()) = tokio::join!(file.add("a", vec![]), file.writer.close());
    a.unwrap();
    let late = file.add("b", vec![]).await;
    assert!(matches!(late, Err(StoreError::Closed)), "{late:?}");
    assert_eq!(file.names(), ["a"]);
    file.writer.close().await;
}

#[tokio::test]
async fn values_go_by_their_numbers() {
    let file = File::new().await;
    let statement = sql("SELECT $3, $1, $1, $2 IS NULL, $4")
        .bind("one")
        .bind(None::<i64>)
        .bind(3)
        .bind(Value::Blob(Some(vec![4].into())));
    let rows: Vec<(i64, String, String, i64, Vec<u8>)> =
        file.writer.transact(|transaction| Box::pin(statement.rows(transaction))).await.unwrap();
    assert_eq!(rows, [(3, "one".to_owned(), "one".to_owned(), 1, vec![4])]);
}
