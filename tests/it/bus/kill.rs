//! `kill -9`: of the host, whose child must be gone, and of the child, while messages flow.

use std::process::Stdio;
use std::time::Duration;

use dongting_bus::{Bus, PublishError, Server};
use dongting_manifest::Lane;
use dongting_tests::nats::{DEADLINE, Nats, eventually, is_alive, kill, options, small};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::time::{Instant, timeout};

use super::observations;

const HOST: &str = "DONGTING_TEST_HOST";

/// Not a test by itself: the next one runs it in a process of its own, as the host that is killed.
#[tokio::test(flavor = "multi_thread")]
async fn host_to_be_killed() {
    let Some(directory) = std::env::var_os(HOST) else { return };
    let options = dongting_bus::server::ServerOptions::new(dongting_tests::nats::binary(), directory);
    let server = Server::start(&options).await.unwrap();
    println!("\nchild={}", server.pid().unwrap());
    std::future::pending::<()>().await;
}

#[tokio::test]
async fn the_child_dies_with_its_host() {
    let directory = tempfile::tempdir().unwrap();
    let options = options(&directory);
    let mut host = tokio::process::Command::new(std::env::current_exe().unwrap())
        .args(["bus::kill::host_to_be_killed", "--exact", "--nocapture"])
        .env(HOST, &options.directory)
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(host.stdout.take().unwrap()).lines();
    let child: u32 = loop {
        let line = timeout(DEADLINE, lines.next_line())
            .await
            .unwrap()
            .unwrap()
            .expect("the host says its child's pid");
        if let Some(pid) = line.strip_prefix("child=") {
            break pid.parse().unwrap();
        }
    };
    assert!(is_alive(child));
    kill(host.id().unwrap()).unwrap();
    // The next host starts at once, and has the directory as soon as the child is gone.
    let server = Server::start(&options).await.unwrap();
    assert!(!is_alive(child));
    Bus::connect(&server.url(), server.credentials(), &small()).await.unwrap();
}

/// The child is killed again and again while messages are published. What was not confirmed is published
/// again, as the outbox does; in the end each message is there, once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_and_nothing_twice_when_the_child_is_killed() {
    const MESSAGES: usize = 4_000;
    const KILLS: u32 = 3;
    let nats = Nats::start().await.unwrap();
    let messages = observations(0..MESSAGES);
    let mut confirmed = vec![false; MESSAGES];
    let mut duplicates = 0;
    let mut kills = 0;
    let deadline = Instant::now() + 4 * DEADLINE;
    while confirmed.contains(&false) {
        assert!(Instant::now() < deadline, "{} of {MESSAGES}", confirmed.iter().filter(|c| **c).count());
        let open: Vec<usize> = (0..MESSAGES).filter(|n| !confirmed[*n]).take(500).collect();
        let batch: Vec<_> = open.iter().map(|n| messages[*n].clone()).collect();
        let done = confirmed.iter().filter(|confirmed| **confirmed).count();
        let publish = nats.bus.publish(&batch);
        let results = if kills < KILLS && done >= 500 * (kills as usize + 1) && nats.server.pid().is_some() {
            kills += 1;
            let killed = async {
                // In the middle of the batch: the lane has grown by some of it.
                let before = nats.bus.lane(Lane::Bulk).await.map_or(0, |lane| lane.messages);
                let grown = async || {
                    let now = nats.bus.lane(Lane::Bulk).await.map_or(0, |lane| lane.messages);
                    (now > before + 20).then_some(())
                };
                let _ = timeout(Duration::from_millis(200), eventually("it grows", grown)).await;
                nats.kill().unwrap();
            };
            tokio::join!(publish, killed).0
        } else {
            publish.await
        };
        for (n, result) in open.into_iter().zip(results) {
            match result {
                Ok(stored) => {
                    confirmed[n] = true;
                    duplicates += usize::from(stored.duplicate);
                }
                Err(error) => assert!(matches!(error, PublishError::Unavailable { .. }), "{error}"),
            }
        }
    }
    assert_eq!(kills, KILLS);
    let lane = nats.bus.lane(Lane::Bulk).await.unwrap();
    assert_eq!(lane.messages, MESSAGES as u64);
    let mut tail = nats.bus.tail(Lane::Bulk, 1);
    let mut ids = Vec::new();
    while ids.len() < MESSAGES {
        let batch = timeout(DEADLINE, tail.batch(Duration::ZERO)).await.unwrap();
        ids.extend(batch.into_iter().map(|tailed| tailed.message.unwrap().id));
    }
    ids.sort();
    let mut expected: Vec<String> = messages.into_iter().map(|message| message.id).collect();
    expected.sort();
    assert_eq!(ids, expected);
    println!("{kills} kills, {duplicates} stored before their ack was lost");
}
