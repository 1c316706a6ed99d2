//! A guest that spins, in the real host with one CPU to itself and its nats-server: the neighbours go on.

use std::time::{Duration, Instant};

use dongting_tests::host::{Host, eventually, plugin};

const TOKEN: &str = "a-token-of-the-tests";
const ROUNDS: usize = 150;

/// A decoder and a model that keeps state; with `spin` also a model that never answers.
fn configuration(spin: bool) -> String {
    let model = |id: &str, more: &str| {
        let component = plugin(&format!("guests/{id}.wasm")).unwrap();
        format!(
            r#"
            [[installation]]
            id = "{id}"
            component = {component:?}
            region = "430000"
            {more}
            [installation.grants]
            capabilities = ["state"]
            subscribe = [{{ domain = "test", kind = "observation" }}]
            publish = [{{ domain = "test", kind = "assessment", per_second = 1000 }}]
            "#
        )
    };
    let document = plugin("guests/document.wasm").unwrap();
    format!(
        r#"
        [[installation]]
        id = "document"
        component = {document:?}
        region = "430000"
        push_token = "{TOKEN}"
        grants = {{ publish = [{{ domain = "test", kind = "observation", per_second = 1000 }}] }}
        {}
        {}
        "#,
        model("counter", ""),
        if spin { model("spin", "limits = { cpu_ms = 500 }") } else { String::new() },
    )
}

fn push(host: &Host, number: usize) {
    let pushed = host.push("document", TOKEN, number.to_string().as_bytes()).unwrap();
    assert_eq!(pushed.status, 200, "{}", pushed.body);
}

/// How far the counter is. What one batch makes is equally new, so several are looked at.
fn counted(host: &Host) -> u64 {
    let newest = host.get("messages?kind=assessment&limit=64").unwrap().body;
    let all = newest["messages"].as_array().unwrap();
    all.iter().filter_map(|message| message["data"].as_u64()).max().unwrap_or_default()
}

fn faults(host: &Host) -> u64 {
    host.installation("spin").unwrap()["counts"]["faults"].as_u64().unwrap()
}

/// How long a push takes, and how long until what the model makes of it can be read: the 99th of a hundred.
fn p99(host: &Host, first: usize) -> [Duration; 2] {
    let mut pushed = Vec::new();
    let mut read = Vec::new();
    for number in first..first + ROUNDS {
        let began = Instant::now();
        push(host, number);
        pushed.push(began.elapsed());
        eventually("it is counted", || Ok(counted(host) > number as u64)).unwrap();
        read.push(began.elapsed());
    }
    [pushed, read].map(|mut all| {
        all.sort_unstable();
        all[ROUNDS * 99 / 100]
    })
}

#[test]
fn spin_on_one_cpu() {
    const BACKLOG: usize = 80;
    let run = |spin: bool| {
        let host = Host::start_on_one_cpu(&configuration(spin)).unwrap();
        for number in 0..BACKLOG {
            push(&host, number);
        }
        eventually("the backlog", || Ok(counted(&host) == BACKLOG as u64)).unwrap();
        if !spin {
            return p99(&host, BACKLOG);
        }
        eventually("it spins", || Ok(faults(&host) > 1)).unwrap();
        let before = faults(&host);
        let measured = p99(&host, BACKLOG);
        assert!(faults(&host) > before, "it span all the while");
        measured
    };
    let [alone, beside] = [false, true].map(run);
    for (what, alone, beside) in
        [("a push", alone[0], beside[0]), ("until it is counted", alone[1], beside[1])]
    {
        println!("{what}: p99 {alone:?} alone, {beside:?} beside one that spins");
        let bound = (5 * alone).max(Duration::from_millis(250));
        assert!(beside <= bound, "{what}: {beside:?} beside one that spins, {alone:?} alone");
    }
}
