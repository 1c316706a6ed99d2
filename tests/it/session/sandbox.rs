//! A kept instance in the real sandbox: its clock, its chance, its memory, and the room there is for it.

use std::collections::BTreeSet;
use std::net::SocketAddr;

use dongting_guests_device::frame::Frame;
use dongting_manifest::Timestamp;
use dongting_manifest::installation::Limits;
use dongting_manifest::plugin::Capability;
use dongting_sandbox::{Ending, Fault, Plugin, Refusal, SESSIONS, Sandbox, SandboxOptions, Session, Step};

use super::component;
use crate::guests::call;

const OPENED: &str = "2026-08-29T06:36:52Z";

fn plugin() -> Plugin {
    let component = std::fs::read(component()).unwrap();
    let release = Sandbox::new(SandboxOptions::default()).unwrap().load(&component).unwrap();
    let asked: BTreeSet<Capability> = release.manifest.capabilities.keys().copied().collect();
    release.link(&asked).unwrap()
}

fn peer() -> SocketAddr {
    "192.0.2.7:40112".parse().unwrap()
}

fn after(seconds: u64) -> Timestamp {
    let opened: Timestamp = OPENED.parse().unwrap();
    opened.saturating_add(std::time::Duration::from_secs(seconds))
}

async fn open(plugin: &Plugin, limits: Limits, seed: u8) -> Session {
    let place = plugin.place().unwrap();
    let mut session = plugin.open(call(limits, OPENED, seed), place).await.result.unwrap();
    session.opened(peer(), after(0)).await.result.unwrap();
    session
}

async fn told(session: &mut Session, number: u32, said: &str, now: Timestamp) -> Result<Step, Refusal> {
    session.received(&Frame::new(number, said).written(), now).await.result
}

/// What a frame's draft says.
async fn stated(session: &mut Session, number: u32, said: &str, now: Timestamp) -> String {
    let step = told(session, number, said, now).await.unwrap();
    String::from_utf8(step.drafts[0].body.clone()).unwrap()
}

#[tokio::test]
async fn the_clock_stands_at_each_step_and_chance_follows_from_the_connection() {
    let plugin = plugin();
    let dice = async |seed| {
        let mut session = open(&plugin, Limits::default(), seed).await;
        [stated(&mut session, 1, "dice", after(5)).await, stated(&mut session, 2, "dice", after(65)).await]
    };
    let first = dice(1).await;
    for (said, at) in first.iter().zip([5, 65]) {
        let micros = after(at).as_micros().to_string();
        assert_eq!(said.matches(&micros).count(), 2, "{said}");
    }
    assert_eq!(dice(1).await, first, "the same bytes at the same instants");
    assert_ne!(dice(2).await[0], first[0]);
}

#[tokio::test]
async fn what_it_keeps_stays_and_goes_to_the_next() {
    let plugin = plugin();
    let mut session = open(&plugin, Limits::default(), 1).await;
    let step = told(&mut session, 0, "gauge-7", after(0)).await.unwrap();
    assert_eq!((step.send.as_slice(), step.wake), (b"A\0\0\0\0".as_slice(), None));
    let step = told(&mut session, 1, "3.5", after(1)).await.unwrap();
    assert_eq!(step.drafts[0].key, "gauge-7/1");
    let half = Frame::new(2, "4.5").written();
    assert_eq!(session.received(&half[..7], after(2)).await.result.unwrap(), Step::default());

    let state = session.leave(after(3)).await.result.unwrap();
    let place = plugin.place().unwrap();
    let mut next = plugin.open(call(Limits::default(), OPENED, 2), place).await.result.unwrap();
    next.resume(peer(), &state, after(3)).await.result.unwrap();
    let step = next.received(&half[7..], after(4)).await.result.unwrap();
    assert_eq!(step.drafts[0].key, "gauge-7/2");
    // The one that was asked to leave could have gone on.
    assert_eq!(session.received(&half[7..], after(4)).await.result.unwrap().drafts[0].key, "gauge-7/2");
    let step = next.closed(&Ending::Idle, after(5)).await.result.unwrap();
    assert_eq!(step.drafts[0].body, b"\"closed: Ending::Idle\"");
    let refused = next.resume(peer(), b"nonsense", after(6)).await.result;
    assert!(matches!(refused, Err(Refusal::Reject(_))), "{refused:?}");
}

#[tokio::test]
async fn limits_hold_for_each_step() {
    let plugin = plugin();
    let limits = Limits { cpu_ms: 200, memory_mib: 16, log_lines: 50, ..Limits::default() };
    for (said, fault) in [
        ("spin", Fault::Cpu(std::time::Duration::from_millis(200))),
        ("hoard", Fault::Memory(16)),
        ("too much", Fault::Output("65536".into())),
        ("trap", Fault::Trap(String::new())),
    ] {
        let mut session = open(&plugin, limits, 1).await;
        // Many steps use together more than one may.
        for number in 1..200 {
            told(&mut session, number, "x", after(1)).await.unwrap();
        }
        match told(&mut session, 1, said, after(1)).await {
            Err(Refusal::Fault(found)) => {
                assert_eq!(std::mem::discriminant(&found), std::mem::discriminant(&fault), "{found}");
            }
            other => panic!("{said}: {other:?}"),
        }
    }
    // In a minute, whatever the steps; then anew.
    let mut session = open(&plugin, limits, 1).await;
    let chatter = Frame::new(1, "chatter").written();
    let lines = [1, 2, 59, 60, 61].map(after);
    let mut written = Vec::new();
    for now in lines {
        written.push(session.received(&chatter, now).await.log.len());
    }
    assert_eq!(written, [49, 0, 0, 50, 0]);
}

#[tokio::test]
async fn sessions_leave_room_for_calls() {
    let plugin = plugin();
    let mut sessions = Vec::new();
    let before = resident_kib();
    while let Some(place) = plugin.place() {
        let opened = plugin.open(call(Limits::default(), OPENED, 1), place).await.result.unwrap();
        sessions.push(opened);
    }
    assert_eq!(sessions.len(), SESSIONS as usize);
    println!("{} KiB resident for each open instance", (resident_kib() - before) / sessions.len());
    // All that there is is taken, and as many calls as ever find an instance.
    let again: Vec<_> = (0..200).map(|_| plugin.instantiate(call(Limits::default(), OPENED, 1))).collect();
    for outcome in futures::future::join_all(again).await {
        outcome.result.unwrap();
    }
    sessions.pop();
    assert!(plugin.place().is_some());
}

fn resident_kib() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}
