//! The bus away, and the host killed: a device that repeats what has no answer is on the bus once.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

use dongting_manifest::Lane;
use dongting_tests::device::{Answer, Device, address, stream};
use dongting_tests::host::{Host, eventually};
use dongting_tests::nats::Nats;
use dongting_tests::process::{Signal, signal};

use super::{component, configuration, has, said};

#[tokio::test(flavor = "multi_thread")]
async fn without_the_bus_there_is_no_acknowledgement() {
    let nats = Nats::start().await.unwrap();
    let host = Host::start_with(&configuration(&component(), ""), &[("DONGTING_NATS", &url(&nats))]).unwrap();
    let at = address(&host, "devices").unwrap();
    let mut device = Device::named(&at, "a").unwrap();
    assert_eq!(device.tell(1, "reading 1").unwrap(), Answer::Has(1));
    let pid = nats.server.pid().unwrap();
    signal(pid, Signal::STOP).unwrap();
    assert_eq!(device.tell(2, "reading 2").unwrap(), Answer::Gone, "no answer, and no connection");
    signal(pid, Signal::CONT).unwrap();
    let again = stream("a", 1..=3, || Some(at.clone()), |_| {}).unwrap();
    assert!(again >= 1);
    has(&host, "a", 3);
    once(&nats, &host).await;
}

/// Everything that is on the bus is there once.
async fn once(nats: &Nats, host: &Host) {
    let stored = nats.bus.lane(Lane::Bulk).await.unwrap().last_sequence;
    // The history has each id once; it follows the bus.
    eventually("the history has all", || Ok(said(host).len() as u64 >= stored)).unwrap();
    assert_eq!(said(host).len() as u64, stored, "something is there twice");
}

fn url(nats: &Nats) -> String {
    let login = nats.server.credentials();
    let address = nats.server.url().strip_prefix("nats://").unwrap().to_owned();
    format!("nats://{}:{}@{address}", login.user, login.password)
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_in_the_middle_each_frame_is_there_once() {
    const FRAMES: u32 = 400;
    const KILLS: u32 = 4;
    let nats = Nats::start().await.unwrap();
    let mut host =
        Host::start_with(&configuration(&component(), ""), &[("DONGTING_NATS", &url(&nats))]).unwrap();
    let now_at = Mutex::new(Some(address(&host, "devices").unwrap()));
    let acknowledged = AtomicU32::new(0);
    let connections = std::thread::scope(|scope| {
        let streaming = scope.spawn(|| {
            let at = || now_at.lock().unwrap().clone();
            stream("a", 1..=FRAMES, at, |number| acknowledged.store(number, Ordering::Release)).unwrap()
        });
        for kill in 1..=KILLS {
            let reached = kill * FRAMES / (KILLS + 1);
            eventually("some frames", || Ok(acknowledged.load(Ordering::Acquire) >= reached)).unwrap();
            *now_at.lock().unwrap() = None;
            host.kill_and_restart().unwrap();
            *now_at.lock().unwrap() = Some(address(&host, "devices").unwrap());
        }
        streaming.join().unwrap()
    });
    assert!(connections > KILLS, "{connections}");
    has(&host, "a", FRAMES as usize);
    once(&nats, &host).await;
}
