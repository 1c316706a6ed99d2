//! Two hosts on one NATS and one PostgreSQL.

use std::time::Instant;

use dongting_tests::host::{Host, eventually, plugin};
use dongting_tests::nats::Nats;
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

fn counts(host: &Host) -> Vec<u64> {
    let messages = host.messages("assessment").unwrap();
    let mut counts: Vec<u64> = messages.iter().filter_map(|message| message["data"].as_u64()).collect();
    counts.sort_unstable();
    counts
}

#[tokio::test(flavor = "multi_thread")]
async fn what_keeps_state_runs_on_one_and_moves_when_it_dies() {
    let postgres = Postgres::start().unwrap();
    let nats = Nats::start().await.unwrap();
    let login = nats.server.credentials();
    let address = nats.server.url().strip_prefix("nats://").unwrap().to_owned();
    let nats_url = format!("nats://{}:{}@{address}", login.user, login.password);
    let database = postgres.url();
    let environment = [("DONGTING_DATABASE", database.as_str()), ("DONGTING_NATS", nats_url.as_str())];
    let state = |host: &Host| host.state("model").unwrap().0;

    let mut first = Host::start_with(&configuration(), &environment).unwrap();
    eventually("the first has it", || Ok(state(&first) == "running")).unwrap();
    let second = Host::start_with(&configuration(), &environment).unwrap();
    eventually("the second stands by", || Ok(state(&second) == "standby")).unwrap();
    assert_eq!(second.get("health").unwrap().body["status"], "ok", "standing by is no failure");

    // Documents are taken by both; one counts them.
    let push = |host: &Host, bodies: std::ops::Range<u64>| {
        for body in bodies {
            assert_eq!(host.push("documents", TOKEN, body.to_string().as_bytes()).unwrap().status, 200);
        }
    };
    push(&first, 0..5);
    push(&second, 5..10);
    eventually("ten", || Ok(counts(&second) == (1..=10).collect::<Vec<u64>>())).unwrap();
    assert_eq!(state(&second), "standby");

    first.stop().unwrap();
    let died = Instant::now();
    push(&second, 10..15);
    eventually("fifteen", || Ok(counts(&second) == (1..=15).collect::<Vec<u64>>())).unwrap();
    println!("moved and caught up {:?} after the kill", died.elapsed());
    assert!(died.elapsed().as_secs() < 15, "{:?}", died.elapsed());
    assert_eq!(state(&second), "running");
}
