//! A service asked by NATS, with two hosts: of one that keeps something, the host with the lease answers, and the other when it dies.

use std::time::Duration;

use dongting_tests::documents;
use dongting_tests::host::{Host, dongting, eventually};
use dongting_tests::nats::{self, DEADLINE, Nats};
use dongting_tests::process::{Signal, signal};
use tokio::time::timeout;

use super::shared;

/// After so long somebody who asks only to know whether anybody answers asks again.
const PATIENCE: Duration = Duration::from_secs(2);

/// Counts what is posted, in a state, and says how much it was.
fn counting() -> String {
    documents::asked("desk", "guests/desk.wasm", documents::DESK).unwrap()
}

/// Keeps nothing.
fn keeping_nothing() -> String {
    let grants = r#"publish = [{ domain = "test", kind = "feedback" }]"#;
    documents::asked("desk", "guests/service.wasm", grants).unwrap()
}

/// Asks as a stranger would. Each question is answered at an address of its own, so that no late answer is taken for that to another one.
struct Asker<'n> {
    nats: &'n Nats,
    asked: u64,
}

impl<'n> Asker<'n> {
    fn new(nats: &'n Nats) -> Self {
        Self { nats, asked: 0 }
    }

    /// Status and body of the answer; none where nobody answers in time.
    async fn ask(&mut self, method: &str, patience: Duration) -> Option<(String, String)> {
        self.asked += 1;
        let inbox = format!("_INBOX.answers.{}", self.asked);
        timeout(patience, asked(self.nats, &inbox, method)).await.ok()
    }

    /// Waits until somebody answers, and asks for nothing that is counted. What was counted so far.
    async fn count(&mut self) -> u64 {
        let answered = nats::eventually("somebody answers", async || {
            let (status, body) = self.ask("GET", PATIENCE).await?;
            assert_eq!(status, "200", "{body}");
            Some(body)
        });
        answered.await.unwrap().parse().unwrap()
    }

    /// Each is answered, once it is counted.
    async fn post(&mut self, counts: std::ops::RangeInclusive<u64>) {
        for count in counts {
            let answer = self.ask("POST", DEADLINE).await;
            assert_eq!(answer, Some(("200".to_owned(), count.to_string())));
        }
    }
}

async fn asked(nats: &Nats, inbox: &str, method: &str) -> (String, String) {
    let mut raw = nats.raw().await.unwrap();
    let (head, body) = (format!("NATS/1.0\r\nmethod: {method}\r\n\r\n"), "valve");
    let (head_bytes, bytes) = (head.len(), head.len() + body.len());
    raw.send(&format!("SUB {inbox} 1\r\nHPUB svc.desk {inbox} {head_bytes} {bytes}\r\n{head}{body}\r\n"))
        .await
        .unwrap();
    loop {
        let line = raw.line().await.unwrap();
        assert!(!line.starts_with("-ERR"), "{line}");
        if line.starts_with("HMSG ") {
            break;
        }
    }
    let mut status = String::new();
    loop {
        let line = raw.line().await.unwrap();
        if line.is_empty() {
            return (status, raw.line().await.unwrap());
        }
        if let Some(said) = line.strip_prefix("status: ") {
            status = said.to_owned();
        }
    }
}

fn state(host: &Host) -> String {
    host.state("desk").unwrap().0
}

fn calls(host: &Host) -> u64 {
    host.installation("desk").unwrap()["counts"]["calls"].as_u64().unwrap()
}

/// What is on the bus: each count once.
fn counted(host: &Host, count: u64) {
    let counts = || -> Vec<u64> {
        let messages = host.messages("feedback").unwrap();
        let mut counts: Vec<u64> = messages.iter().filter_map(|one| one["data"][0].as_u64()).collect();
        counts.sort_unstable();
        counts
    };
    let all: Vec<u64> = (1..=count).collect();
    eventually(&format!("{count} are counted"), || Ok(counts().len() as u64 >= count)).unwrap();
    assert_eq!(counts(), all);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_host_with_the_lease_answers_and_the_other_when_it_dies() {
    let (_postgres, nats, environment) = shared().await;
    let environment = environment.each_ref().map(|(name, value)| (*name, value.as_str()));
    let mut first = Host::start_with(&counting(), &environment).unwrap();
    eventually("the first has it", || Ok(state(&first) == "running")).unwrap();
    let second = Host::start_with(&counting(), &environment).unwrap();
    eventually("the second stands by", || Ok(state(&second) == "standby")).unwrap();
    let mut asker = Asker::new(&nats);
    assert_eq!(asker.count().await, 0);
    let before = calls(&second);
    asker.post(1..=40).await;
    assert_eq!(calls(&second), before, "it has not the lease");

    first.stop().unwrap();
    assert_eq!(asker.count().await, 40, "the second has what the first had");
    assert_eq!(state(&second), "running");
    asker.post(41..=60).await;
    counted(&second, 60);
}

/// As far as nats-server knows it listens on, and no request is lost in its hands.
#[tokio::test(flavor = "multi_thread")]
async fn a_host_that_hangs_keeps_no_request_to_itself() {
    let (_postgres, nats, environment) = shared().await;
    let environment = environment.each_ref().map(|(name, value)| (*name, value.as_str()));
    let first = Host::start_with(&counting(), &environment).unwrap();
    eventually("the first has it", || Ok(state(&first) == "running")).unwrap();
    let second = Host::start_with(&counting(), &environment).unwrap();
    let mut asker = Asker::new(&nats);
    asker.count().await;
    asker.post(1..=5).await;

    signal(first.pid(), Signal::STOP).unwrap();
    eventually("the second has it", || Ok(state(&second) == "running")).unwrap();
    assert_eq!(asker.count().await, 5);
    asker.post(6..=20).await;
    // It finds what was asked meanwhile, and the lease gone.
    signal(first.pid(), Signal::CONT).unwrap();
    eventually("the first stands by", || Ok(state(&first) == "standby")).unwrap();
    asker.post(21..=30).await;
    counted(&second, 30);
}

/// From a release that keeps nothing, which every host answers for, to one that does, and back.
#[tokio::test(flavor = "multi_thread")]
async fn who_listens_follows_the_release() {
    let (_postgres, nats, environment) = shared().await;
    let environment = environment.each_ref().map(|(name, value)| (*name, value.as_str()));
    let hosts = [(); 2].map(|()| Host::start_with(&keeping_nothing(), &environment).unwrap());
    let states = || -> Vec<String> {
        let mut states: Vec<String> = hosts.iter().map(state).collect();
        states.sort();
        states
    };
    let reload = |configuration: &str| {
        for host in &hosts {
            host.configure(configuration).unwrap();
            assert!(dongting(&["reload", "--url", &host.url]).unwrap().status.success());
        }
    };
    let mut asker = Asker::new(&nats);
    eventually("both run", || Ok(states() == ["running", "running"])).unwrap();
    both_answer(&hosts, &mut asker).await;

    reload(&counting());
    eventually("one has it", || Ok(states() == ["running", "standby"])).unwrap();
    assert_eq!(asker.count().await, 0);
    let standby = hosts.iter().find(|host| state(host) == "standby").unwrap();
    let before = calls(standby);
    asker.post(1..=20).await;
    assert_eq!(calls(standby), before, "it has not the lease");
    counted(standby, 20);

    reload(&keeping_nothing());
    eventually("both run", || Ok(states() == ["running", "running"])).unwrap();
    both_answer(&hosts, &mut asker).await;
}

/// Asks until each host has answered something.
async fn both_answer(hosts: &[Host; 2], asker: &mut Asker<'_>) {
    let before = hosts.each_ref().map(calls);
    let answered = nats::eventually("both answer", async || {
        let (status, body) = asker.ask("GET", PATIENCE).await?;
        assert_eq!(status, "200", "{body}");
        let both = hosts.iter().zip(before).all(|(host, before)| calls(host) > before);
        both.then_some(())
    });
    answered.await.unwrap();
}
