//! The real host on a real PostgreSQL.

use std::path::Path;

use dongting_manifest::plugin::Topic;
use dongting_manifest::{Kind, Lane, Timestamp};
use dongting_store::{Entry, Store, Tailed};
use dongting_tests::documents;
use dongting_tests::host::{Host, eventually};
use dongting_tests::link::Link;
use dongting_tests::postgres::Postgres;

use crate::guests::message;

fn configuration() -> String {
    let installation = r#"
        id = "model"
        region = "430000"
        grants.capabilities = ["state"]
        "#;
    documents::configuration("guests/counter.wasm", installation).unwrap()
}

fn counts(host: &Host) -> anyhow::Result<Vec<u64>> {
    let messages = host.messages("assessment")?;
    let mut counts: Vec<u64> = messages.iter().filter_map(|message| message["data"].as_u64()).collect();
    counts.sort_unstable();
    Ok(counts)
}

#[test]
fn a_history_of_several_rows_a_message_is_kept() {
    let postgres = Postgres::start().unwrap();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../host/store/migrations/postgres");
    let files =
        std::fs::read_dir(&folder).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap());
    let mut files: Vec<String> = files.collect();
    files.sort_unstable();
    let run = |file: &String| postgres.run(&std::fs::read_to_string(folder.join(file)).unwrap()).unwrap();
    let (before, after): (Vec<String>, Vec<String>) =
        files.into_iter().partition(|file| file.as_str() < "0026_one_row.sql");
    before.iter().for_each(|file| drop(run(file)));
    for rows in [
        "INSERT INTO message VALUES
             ('b', 'alert', 2, 20, 21, 'water', 'warning', 430000, '{}', '\\x01'),
             ('a', 'bulk', 1, 10, 22, 'water', 'observation', 430100, '{}', '\\x02')",
        "INSERT INTO statement VALUES
             ('a', 's', 't', 'l', 10, 22, 'water', 'observation', 'level', 430100, 2),
             ('b', 's', 't', 'k', 20, 21, 'water', 'warning', '-', 430000, 1)",
        "INSERT INTO causation VALUES ('a', 'anidofahashthatgoeson')",
        "INSERT INTO latest VALUES ('s', 't', 'l', 'a', 10, 'water', 'observation', 'level', 430100)",
    ] {
        postgres.run(rows).unwrap();
    }
    after.iter().for_each(|file| drop(run(file)));
    let whole = "SELECT id, batch, domain, kind, detail, region, source, type, key FROM message ORDER BY id";
    let rows = ["a|2|water|observation|level|430100|s|t|l", "b|1|water|warning|-|430000|s|t|k"];
    assert_eq!(postgres.run(whole).unwrap(), rows.join("\n"));
    let places = "SELECT id, position, holds FROM message ORDER BY position";
    assert_eq!(postgres.run(places).unwrap(), "b|1|0\na|2|1", "`b` was never the latest");
    assert_eq!(postgres.run("SELECT position FROM history_extent").unwrap(), "2");
    let names = "SELECT named, rowid FROM named ORDER BY named";
    assert_eq!(postgres.run(names).unwrap(), "canidofahashthatg|2\nia|2\nib|1");
    let keys = "SELECT COUNT(*) FROM pg_constraint WHERE conname IN ('message_pkey', 'named_pkey')";
    assert_eq!(postgres.run(keys).unwrap(), "2");
}

/// What of many keys holds is found by looking at those that are asked for.
#[tokio::test]
async fn of_many_keys_as_many_are_looked_at_as_are_asked_for() {
    let postgres = Postgres::start().unwrap();
    let open = async || Store::open(&postgres.url().parse().unwrap()).await.unwrap();
    let close = async |store: Store| {
        store.close().await;
        let others = "SELECT COUNT(*) FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()";
        eventually("a server that nobody is connected to", || Ok(postgres.run(others)? == "0")).unwrap();
    };
    let looked_at = "SELECT idx_tup_fetch + seq_tup_read FROM pg_stat_user_tables WHERE relname = 'message'";
    let keep = |first: u64| {
        let entry = |sequence: u64| {
            let mut message = message(&sequence.to_string());
            message.id = sequence.to_string();
            message.time = Timestamp::from_micros(1_790_000_000_000_000 + sequence as i64).unwrap();
            Entry { lane: Lane::Bulk, sequence, message }
        };
        (first..first + 500).map(entry).collect::<Vec<_>>()
    };
    let store = open().await;
    for first in [1, 501, 1001, 1501] {
        let tailed = Tailed { stream_created: Timestamp::now(), sequence: first + 499 };
        store.keep(Lane::Bulk, keep(first), tailed).await.unwrap();
    }
    close(store).await;
    // Without statistics. With them it would rather read this few rows at once.
    for region in ["430000", "430100"] {
        postgres.run("SELECT pg_stat_reset()").unwrap();
        let store = open().await;
        let topic = Topic { domain: "test".to_owned(), kind: Kind::Observation, detail: None };
        let found = store.latest(&topic, region.parse().unwrap(), None, 10).await.unwrap();
        assert_eq!(found.len(), 10);
        close(store).await;
        let rows: u64 = postgres.run(looked_at).unwrap().parse().unwrap();
        assert!((10..200).contains(&rows), "{rows} rows for {region}");
    }
}

#[test]
fn it_counts_on_over_the_death_of_the_host_and_of_the_database() {
    let mut postgres = Postgres::start().unwrap();
    let mut host = Host::start_with(&configuration(), &[("DONGTING_DATABASE", &postgres.url())]).unwrap();
    let mut pushed = 0;
    let mut push = |host: &Host| {
        for _ in 0..5 {
            pushed += 1;
            assert_eq!(documents::push(host, pushed.to_string().as_bytes()).unwrap().status, 200);
        }
        (1..=pushed).collect::<Vec<u64>>()
    };
    push(&host);
    // In the middle of the work, or before or after it.
    host.kill_and_restart().unwrap();
    let all = push(&host);
    eventually("a count for each", || Ok(counts(&host)? == all)).unwrap();
    postgres.restart().unwrap();
    let all = push(&host);
    eventually("a count for each", || Ok(counts(&host)? == all)).unwrap();
    assert!(!host.folder.path().join("data/dongting.db").exists());
}

/// Who begins again in the same data directory knows that the life before is over, and waits for none of its leases to end.
#[test]
fn a_host_that_was_killed_takes_at_once_what_it_had() {
    let postgres = Postgres::start().unwrap();
    let mut host = Host::start_with(&configuration(), &[("DONGTING_DATABASE", &postgres.url())]).unwrap();
    let works = |host: &Host| eventually("it works", || Ok(host.state("model")?.0 == "running")).unwrap();
    works(&host);
    let standing = || {
        let holders = postgres.run("SELECT name FROM lease_holder").unwrap();
        let lease = postgres.run("SELECT holder, epoch FROM lease WHERE name = 'model'").unwrap();
        let (holder, epoch) = lease.split_once('|').unwrap();
        assert_eq!(holders, holder, "nobody else holds anything");
        (holder.to_owned(), epoch.parse::<u64>().unwrap())
    };
    let (first, epoch) = standing();
    host.kill_and_restart().unwrap();
    works(&host);
    let (second, next) = standing();
    assert_ne!(first, second);
    assert_eq!(next, epoch + 1, "what the first had begun cannot be committed any more");
}

fn over_a_link() -> (Postgres, Link, Host) {
    let postgres = Postgres::start().unwrap();
    let link = postgres.link().unwrap();
    let url = postgres.url_by(link.address.port());
    let host = Host::start_with(&configuration(), &[("DONGTING_DATABASE", &url)]).unwrap();
    (postgres, link, host)
}

/// As in a power cut of the database's machine, or where a firewall has forgotten the connections. One of them is in the middle of a commit, of
/// which nobody is told that it was made.
#[test]
fn connections_that_fall_silent_are_given_up() {
    let (postgres, link, host) = over_a_link();
    let push = |number: u64| documents::push(&host, number.to_string().as_bytes()).unwrap().status;
    assert_eq!((push(1), push(2)), (200, 200));
    eventually("a count for each", || Ok(counts(&host)? == [1, 2])).unwrap();
    let mut held = postgres.hold_state().unwrap();
    assert_eq!(push(3), 200);
    eventually("a commit in the middle", || Ok(postgres.holds()? == 1)).unwrap();
    link.fall_silent();
    held.kill().unwrap();
    held.wait().unwrap();
    assert_eq!(push(4), 200, "the bus has it");
    eventually("a count for each", || Ok(counts(&host)? == [1, 2, 3, 4])).unwrap();
    eventually("it is well", || Ok(host.state("model")?.0 == "running")).unwrap();
}

/// A commit that the host has given up is made all the same, later. Nothing of the installation is read before that is known.
#[test]
fn what_is_given_up_may_be_committed_later() {
    let (postgres, link, host) = over_a_link();
    let push = |number: u64| documents::push(&host, number.to_string().as_bytes()).unwrap().status;
    assert_eq!(push(1), 200);
    eventually("a count for each", || Ok(counts(&host)? == [1])).unwrap();
    let mut held = postgres.hold_state().unwrap();
    assert_eq!(push(2), 200);
    eventually("a commit in the middle", || Ok(postgres.holds()? == 1)).unwrap();
    link.fall_silent();
    eventually("it is given up", || Ok(host.state("model")?.1.contains("has not answered for 20 s")))
        .unwrap();
    assert_eq!(push(3), 200);
    // By way of another connection: for the row of the lease, which the commit has locked.
    let waits =
        "SELECT COUNT(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query ILIKE '%lease%'";
    eventually("the next one waits for it", || Ok(postgres.run(waits)? != "0")).unwrap();
    held.kill().unwrap();
    held.wait().unwrap();
    eventually("a count for each", || Ok(counts(&host)? == [1, 2, 3])).unwrap();
}
