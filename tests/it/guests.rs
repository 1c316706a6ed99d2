//! One guest a behaviour, in the real sandbox: what it may not do ends its call and nothing else.

mod at_once;
mod core_module;
mod egress;
mod http;
mod log_flood;
mod one_cpu;
mod output_flood;
mod slow_host_calls;
mod two_memories;

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use dongting_manifest::installation::Limits;
use dongting_manifest::plugin::Capability;
use dongting_manifest::{Message, Timestamp};
use dongting_sandbox::capability::config::Config;
use dongting_sandbox::{
    Applied, Call, Egress, Fault, Outcome, Plugin, Readers, Refusal, Sandbox, SandboxOptions,
};

pub fn plugin(name: &str) -> Plugin {
    load(&std::fs::read(dongting_tests::host::plugin(&format!("guests/{name}.wasm")).unwrap()).unwrap())
}

fn load(component: &[u8]) -> Plugin {
    let release = Sandbox::new(SandboxOptions::default()).unwrap().load(component).unwrap();
    let asked: BTreeSet<Capability> = release.manifest.capabilities.keys().copied().collect();
    release.link(&asked).unwrap()
}

pub fn call(limits: Limits, now: &str, seed: u8) -> Call {
    Call {
        config: Config::default(),
        limits,
        now: now.parse().unwrap(),
        seed: [seed; 32],
        readers: Readers::default(),
        egress: Egress::Closed,
    }
}

pub fn message(key: &str) -> Message {
    let time: Timestamp = "2026-08-29T00:00:00Z".parse().unwrap();
    Message {
        id: key.into(),
        source: "/systems/test".into(),
        r#type: "em.test.observation.v1".into(),
        subject: "em.43.00.00.test.observation.-".parse().unwrap(),
        time,
        received: time,
        key: key.into(),
        revision: "1".into(),
        partition: key.into(),
        causation: Vec::new(),
        plugin: String::new(),
        traceparent: String::new(),
        content_type: "application/json".into(),
        extensions: Vec::new(),
        body: b"1".to_vec(),
    }
}

pub const NOW: &str = "2026-08-29T06:36:52Z";

async fn run(name: &str, limits: Limits) -> Outcome<Applied> {
    plugin(name).apply(call(limits, NOW, 1), &[message("a")]).await
}

/// One call with a message of this body.
async fn told(plugin: &Plugin, limits: Limits, body: &serde_json::Value) -> Outcome<Applied> {
    let message = Message { body: body.to_string().into_bytes(), ..message("a") };
    plugin.apply(call(limits, NOW, 1), &[message]).await
}

fn fault(outcome: Outcome<Applied>) -> Fault {
    match outcome.result {
        Err(Refusal::Fault(fault)) => fault,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn trap() {
    assert!(matches!(fault(run("trap", Limits::default()).await), Fault::Trap(_)));
}

/// The host's own stack lies behind the guest's: what ends is the call.
#[tokio::test]
async fn stack_overflow() {
    for _ in 0..2 {
        let fault = fault(run("stack-overflow", Limits::default()).await);
        assert!(matches!(&fault, Fault::Trap(said) if said.contains("call stack exhausted")), "{fault:?}");
    }
    assert!(run("counter", Limits::default()).await.result.is_ok());
}

/// On a runtime of one thread: the ticker is on a thread of its own, and the spinning guest lets its neighbours run.
#[tokio::test(flavor = "current_thread")]
async fn spin() {
    let limits = Limits { cpu_ms: 300, ..Limits::default() };
    let began = Instant::now();
    let spinning = tokio::spawn(async move { run("spin", limits).await });
    let mut turns = 0;
    while !spinning.is_finished() {
        tokio::task::yield_now().await;
        turns += 1;
    }
    assert!(matches!(fault(spinning.await.unwrap()), Fault::Cpu(_)));
    assert!(began.elapsed() < Duration::from_secs(30));
    assert!(turns > 10, "the neighbour had {turns} turns");
}

#[tokio::test]
async fn spin_is_ended_by_the_wall_clock_too() {
    let limits = Limits { cpu_ms: 60_000, wall_ms: 200, ..Limits::default() };
    assert!(matches!(fault(run("spin", limits).await), Fault::Deadline(_)));
}

#[tokio::test]
async fn memory() {
    let limits = Limits { memory_mib: 32, ..Limits::default() };
    assert_eq!(fault(run("memory", limits).await), Fault::Memory(32));
}

#[tokio::test]
async fn log_flood() {
    let outcome = run("log-flood", Limits { log_lines: 50, ..Limits::default() }).await;
    assert!(outcome.result.is_ok());
    assert_eq!(outcome.log.len(), 50);
    assert_eq!(outcome.log_dropped, 10_001 - 50);
}

#[tokio::test]
async fn clock() {
    let plugin = plugin("clock");
    let said = async |now: &str, seed| match plugin
        .apply(call(Limits::default(), now, seed), &[message("a")])
        .await
        .result
    {
        Err(Refusal::Reject(said)) => said,
        other => panic!("{other:?}"),
    };
    let first = said(NOW, 1).await;
    assert!(first.starts_with("1787985412000000 "), "{first}");
    assert!(first.ends_with(" 0 1"), "no environment: {first}");
    assert_eq!(said(NOW, 1).await, first, "the same inputs, the same chance");
    assert_ne!(said(NOW, 2).await, first);
    assert_ne!(said("2026-08-29T06:36:53Z", 1).await, first);
}

#[tokio::test]
async fn counter() {
    let plugin = plugin("counter");
    let mut bad = message("b");
    bad.body = b"\"reject\"".to_vec();
    let batch = [message("a"), bad, message("c")];
    let outcome = plugin.apply(call(Limits::default(), NOW, 1), &batch).await;
    let applied = outcome.result.unwrap();
    assert_eq!(
        applied.drafts.iter().map(|d| d.body.clone()).collect::<Vec<_>>(),
        [b"1".to_vec(), b"2".to_vec()]
    );
    assert_eq!(applied.drafts[1].from, [2]);
    assert_eq!(applied.rejected.len(), 1);
    assert_eq!(outcome.writes.state["count"].as_deref(), Some(b"2".as_slice()));
    let tight = Limits { state_kib: 0, ..Limits::default() };
    let full = plugin.apply(call(tight, NOW, 1), &batch).await;
    assert!(matches!(full.result, Err(Refusal::Other(said)) if said.contains("limits.state_kib")));
    assert!(full.writes.state.is_empty(), "a call that failed writes nothing");
}
