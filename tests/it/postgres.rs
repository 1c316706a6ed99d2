//! The real host on a real PostgreSQL.

use dongting_tests::host::{Host, eventually, plugin};
use dongting_tests::postgres::Postgres;

const TOKEN: &str = "a-token-of-the-tests";

fn configuration() -> String {
    let document = plugin("guests/document.wasm").unwrap();
    let counter = plugin("guests/counter.wasm").unwrap();
    format!(
        r#"
        [[installation]]
        id = "documents"
        component = {document:?}
        region = "430000"
        push_token = "{TOKEN}"
        grants = {{ publish = [{{ domain = "test", kind = "observation" }}] }}
        [[installation]]
        id = "model"
        component = {counter:?}
        region = "430000"
        [installation.grants]
        capabilities = ["state"]
        subscribe = [{{ domain = "test", kind = "observation" }}]
        publish = [{{ domain = "test", kind = "assessment" }}]
        "#
    )
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
            assert_eq!(host.push("documents", TOKEN, pushed.to_string().as_bytes()).unwrap().status, 200);
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
