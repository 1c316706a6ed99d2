//! The real host on a real PostgreSQL.

use dongting_tests::documents;
use dongting_tests::host::{Host, eventually};
use dongting_tests::postgres::Postgres;

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
