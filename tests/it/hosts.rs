//! Two hosts on one NATS and one PostgreSQL.

mod service;
mod transform;

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Instant;

use dongting_tests::documents;
use dongting_tests::host::{Host, dongting, eventually, plugin};
use dongting_tests::nats::Nats;
use dongting_tests::postgres::Postgres;
use dongting_tests::process::{Signal, signal};
use dongting_tests::restamp::restamped;
use serde_json::Value;

fn configuration() -> String {
    let installation = r#"
        id = "model"
        region = "430000"
        grants.capabilities = ["state"]
        "#;
    documents::configuration("guests/counter.wasm", installation).unwrap()
}

fn counts(host: &Host) -> Vec<u64> {
    let messages = host.messages("assessment").unwrap();
    let mut counts: Vec<u64> = messages.iter().filter_map(|message| message["data"].as_u64()).collect();
    counts.sort_unstable();
    counts
}

/// A NATS and a PostgreSQL, and the environment of hosts that share them.
pub async fn shared() -> (Postgres, Nats, [(&'static str, String); 2]) {
    let postgres = Postgres::start().unwrap();
    let nats = Nats::start().await.unwrap();
    let login = nats.server.credentials();
    let address = nats.server.url().strip_prefix("nats://").unwrap().to_owned();
    let nats_url = format!("nats://{}:{}@{address}", login.user, login.password);
    let environment = [("DONGTING_DATABASE", postgres.url()), ("DONGTING_NATS", nats_url)];
    (postgres, nats, environment)
}

fn state(host: &Host) -> String {
    host.state("model").unwrap().0
}

/// A host that stood by while its release was replaced polls with the new one.
#[tokio::test(flavor = "multi_thread")]
async fn a_source_moves_to_the_release_that_is_enabled_by_then() {
    let (_postgres, _nats, environment) = shared().await;
    let environment = environment.each_ref().map(|(name, value)| (*name, value.as_str()));
    let component = plugin("guests/pulse.wasm").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let later = folder.path().join("later.wasm");
    std::fs::write(&later, restamped(&std::fs::read(&component).unwrap(), "0.2.0").unwrap()).unwrap();
    let configuration = |component: &Path| {
        format!(
            r#"
            [[installation]]
            id = "model"
            component = {component:?}
            region = "430000"
            every_seconds = 0.2
            settings = {{ every = 1 }}
            [installation.grants]
            capabilities = ["config", "state"]
            publish = [{{ domain = "test", kind = "observation" }}]
            "#
        )
    };
    let mut first = Host::start_with(&configuration(&component), &environment).unwrap();
    eventually("the first has it", || Ok(state(&first) == "running")).unwrap();
    let second = Host::start_with(&configuration(&component), &environment).unwrap();
    eventually("the second stands by", || Ok(state(&second) == "standby")).unwrap();
    for host in [&first, &second] {
        host.configure(&configuration(&later)).unwrap();
        assert!(dongting(&["reload", "--url", &host.url]).unwrap().status.success());
    }
    let made_by = |version: &str| {
        let messages = second.messages("observation").unwrap();
        let by = |one: &&Value| one["plugin"].as_str().unwrap().starts_with(version);
        messages.iter().filter(by).filter_map(|one| one["data"].as_u64()).collect::<BTreeSet<u64>>()
    };
    eventually("the later release", || Ok(!made_by("pulse@0.2.0").is_empty())).unwrap();
    let before = *made_by("pulse@0.2.0").first().unwrap();
    first.stop().unwrap();
    let told = *made_by("pulse@0.2.0").last().unwrap();
    eventually("the second goes on", || {
        Ok(state(&second) == "running" && *made_by("pulse@0.2.0").last().unwrap() > told + 3)
    })
    .unwrap();
    let early = made_by("pulse@0.1.0");
    assert!(early.iter().all(|count| *count < before), "{before}: {early:?}");
}

/// Documents are taken by every host; one counts them.
fn push(host: &Host, bodies: std::ops::Range<u64>) {
    for body in bodies {
        assert_eq!(documents::push(host, body.to_string().as_bytes()).unwrap().status, 200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_keeps_state_runs_on_one_and_moves_when_it_dies() {
    let (_postgres, _nats, environment) = shared().await;
    let environment = environment.each_ref().map(|(name, value)| (*name, value.as_str()));
    let mut first = Host::start_with(&configuration(), &environment).unwrap();
    eventually("the first has it", || Ok(state(&first) == "running")).unwrap();
    let second = Host::start_with(&configuration(), &environment).unwrap();
    eventually("the second stands by", || Ok(state(&second) == "standby")).unwrap();
    assert_eq!(second.get("health").unwrap().body["status"], "ok", "standing by is no failure");

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

/// A host that stands still for longer than its lease, and goes on, commits nothing of what it is given then.
#[tokio::test(flavor = "multi_thread")]
async fn a_host_that_comes_back_late_commits_nothing() {
    let (_postgres, _nats, environment) = shared().await;
    let environment = environment.each_ref().map(|(name, value)| (*name, value.as_str()));
    let first = Host::start_with(&configuration(), &environment).unwrap();
    eventually("the first has it", || Ok(state(&first) == "running")).unwrap();
    let second = Host::start_with(&configuration(), &environment).unwrap();
    push(&second, 0..3);
    eventually("three", || Ok(counts(&second) == [1, 2, 3])).unwrap();

    signal(first.pid(), Signal::STOP).unwrap();
    eventually("the second has it", || Ok(state(&second) == "running")).unwrap();
    // The bus gives them to the first, which waits for messages as far as the bus knows.
    push(&second, 3..6);
    signal(first.pid(), Signal::CONT).unwrap();
    eventually("six", || Ok(counts(&second) == (1..=6).collect::<Vec<u64>>())).unwrap();
    eventually("the first stands by", || Ok(state(&first) == "standby")).unwrap();
    push(&first, 6..9);
    eventually("nine", || Ok(counts(&first) == (1..=9).collect::<Vec<u64>>())).unwrap();
    assert_eq!(state(&second), "running");
}

/// However many installations are pinned, the leases of a host are taken on by one statement and looked at by another.
#[test]
fn many_leases_are_taken_on_by_one_statement() {
    const MANY: usize = 50;
    let postgres = Postgres::start().unwrap();
    let tally = plugin("guests/tally.wasm").unwrap();
    let installation = |n: usize| {
        format!(
            r#"
            [[installation]]
            id = "tally-{n}"
            component = {tally:?}
            region = "430000"
            push_token = "a-token-of-the-tests"
            grants = {{ capabilities = ["state"], publish = [{{ domain = "test", kind = "observation" }}] }}
            "#
        )
    };
    let configuration: String = (0..MANY).map(installation).collect();
    let host = Host::start_with(&configuration, &[("DONGTING_DATABASE", &postgres.url())]).unwrap();
    let running = |host: &Host| {
        let all = host.get("plugins?limit=1000").unwrap().body;
        let all = all["installations"].as_array().unwrap().clone();
        all.iter().filter(|one| one["state"] == "running").count()
    };
    eventually("all run", || Ok(running(&host) == MANY)).unwrap();
    postgres.log_statements().unwrap();
    let (renewal, look) = ("INSERT INTO lease_holder", "SELECT name, holder, epoch");
    let count = |log: &str, text: &str| log.lines().filter(|line| line.contains(text)).count();
    eventually("five renewals", || Ok(count(&postgres.log(), renewal) >= 5)).unwrap();
    let log = postgres.log();
    let of_leases = log.lines().filter(|line| line.contains("LOG:") && line.contains("lease")).count();
    let (renewed, looked) = (count(&log, renewal), count(&log, look));
    assert!(
        looked <= renewed + 1 && of_leases <= renewed + looked,
        "{of_leases} of {renewed} and {looked}:\n{log}"
    );
    assert_eq!(running(&host), MANY, "nothing was lost meanwhile");
}
