use super::*;

const FIRST: &str = include_str!("../../migrations/sqlite-history/0001_first.sql");
const IN_ORDER: &str = include_str!("../../migrations/sqlite-history/0002_rows_in_order.sql");
const ONE_ROW: &str = include_str!("../../migrations/sqlite-history/0003_one_row.sql");
const WAYS_IN: &str = include_str!("../../migrations/sqlite-history/0004_ways_in.sql");
const FEW_PLACES: &str = include_str!("../../migrations/sqlite-history/0005_few_places.sql");
const NAMED: &str = include_str!("../../migrations/sqlite-history/0006_named.sql");

/// A history as the first version made it, with two messages.
struct Old {
    file: AnyPool,
    _folder: tempfile::TempDir,
}

impl Old {
    async fn new() -> Self {
        install_default_drivers();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("history.db").display().to_string();
        let file = AnyPoolOptions::new().max_connections(1);
        let file = file.connect(&format!("sqlite:{path}?mode=rwc")).await.unwrap();
        let old = Self { file, _folder: folder };
        old.run(FIRST).await.unwrap();
        let messages = "INSERT INTO message VALUES
             ('b', 'alert', 2, 20, 21, 'water', 'warning', 430000, '{}', x'01'),
             ('a', 'bulk', 1, 10, 22, 'water', 'observation', 430100, '{}', x'02')";
        old.run(messages).await.unwrap();
        old
    }

    async fn run(&self, sql: &'static str) -> Result<(), sqlx::Error> {
        self.file.execute(sqlx::raw_sql(sql)).await.map(drop)
    }

    async fn count(&self, sql: &'static str) -> i64 {
        sqlx::query_scalar(sql).fetch_one(&self.file).await.unwrap()
    }
}

#[tokio::test]
async fn a_history_that_lay_by_its_ids_is_kept() {
    let old = Old::new().await;
    old.run(
        "INSERT INTO statement VALUES
             ('b', 's', 't', 'k', 20, 21, 'water', 'warning', '-', 430000, 1),
             ('a', 's', 't', 'l', 10, 22, 'water', 'observation', '-', 430100, 2)",
    )
    .await
    .unwrap();
    old.run(IN_ORDER).await.unwrap();
    assert_eq!(old.count("SELECT COUNT(*) FROM message m JOIN statement s ON s.id = m.id").await, 2);
    assert_eq!(
        old.count("SELECT rowid FROM message WHERE id = 'b' AND body = x'01'").await,
        1,
        "it came first"
    );
    // A statement still goes with its message, and without one there is none.
    old.run("DELETE FROM message WHERE id = 'a'").await.unwrap();
    assert_eq!(old.count("SELECT COUNT(*) FROM statement").await, 1);
    old.run("INSERT INTO statement VALUES ('c', 's', 't', 'm', 1, 1, 'water', 'warning', '-', 430000, 3)")
        .await
        .unwrap_err();
    assert_eq!(old.count("SELECT COUNT(*) FROM sqlite_master WHERE name LIKE '%in_order%'").await, 0);
}

#[tokio::test]
async fn a_history_of_several_rows_a_message_is_kept() {
    let old = Old::new().await;
    old.run(IN_ORDER).await.unwrap();
    old.run(
        "INSERT INTO statement VALUES
             ('a', 's', 't', 'l', 10, 22, 'water', 'observation', 'level', 430100, 2),
             ('b', 's', 't', 'k', 20, 21, 'water', 'warning', '-', 430000, 1)",
    )
    .await
    .unwrap();
    old.run("INSERT INTO causation VALUES ('b', 'a'), ('a', 'anidofahashthatgoeson')").await.unwrap();
    old.run(ONE_ROW).await.unwrap();
    let whole = "SELECT COUNT(*) FROM message WHERE id = 'a' AND lane = 'bulk' AND sequence = 1 AND batch = 2 AND time = 10
                     AND received = 22 AND domain = 'water' AND kind = 'observation' AND detail = 'level' AND region = 430100
                     AND source = 's' AND type = 't' AND key = 'l' AND message = '{}' AND body = x'02'";
    assert_eq!(old.count(whole).await, 1);
    assert_eq!(old.count("SELECT COUNT(*) FROM message").await, 2);
    assert_eq!(old.count("SELECT rowid FROM message WHERE id = 'b'").await, 1, "it came first");
    assert_eq!(old.count("SELECT COUNT(*) FROM causation WHERE cause = 'a' AND effect = 'b'").await, 1);
    old.run("INSERT INTO latest VALUES ('s', 't', 'l', 'a', 10, 'water', 'observation', 'level', 430100)")
        .await
        .unwrap();
    old.run(WAYS_IN).await.unwrap();
    let latest = "SELECT COUNT(*) FROM latest WHERE source = 's' AND type = 't' AND key = 'l' AND id = 'a' AND time = 10
                      AND domain = 'water' AND kind = 'observation' AND detail = 'level' AND region = 430100 AND city = 4301";
    assert_eq!(old.count(latest).await, 1);
    old.run(FEW_PLACES).await.unwrap();
    let in_place = "SELECT COUNT(*) FROM message WHERE position = 2 AND holds = 1 AND id = 'a' AND lane = 'bulk' AND sequence = 1
                        AND batch = 2 AND time = 10 AND received = 22 AND domain = 'water' AND kind = 'observation' AND detail = 'level'
                        AND region = 430100 AND source = 's' AND type = 't' AND key = 'l' AND message = '{}' AND body = x'02'";
    assert_eq!(old.count(in_place).await, 1);
    assert_eq!(
        old.count("SELECT holds FROM message WHERE id = 'b' AND position = 1").await,
        0,
        "it was never the latest"
    );
    assert_eq!(old.count("SELECT position FROM history_extent").await, 2);
    assert_eq!(old.count("SELECT effect FROM causation WHERE cause = 'anidofahashthatg'").await, 2);
    old.run(NAMED).await.unwrap();
    for (name, position) in [("ia", 2), ("ib", 1), ("canidofahashthatg", 2)] {
        let found: Vec<(i64,)> = sqlx::query_as("SELECT rowid FROM named WHERE named = $1")
            .bind(name)
            .fetch_all(&old.file)
            .await
            .unwrap();
        assert_eq!(found, [(position,)], "{name}");
    }
    let left = "SELECT COUNT(*) FROM sqlite_master WHERE name LIKE '%of_topic%' OR name LIKE '%in_one%' OR name LIKE '%statement%'
                    OR name LIKE '%down%' OR name LIKE '%in_place%' OR name LIKE 'latest%'";
    assert_eq!(old.count(left).await, 0);
}
