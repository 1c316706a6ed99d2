//! A decoder that keeps something: what it wrote is committed with its messages.

use std::io::Write;
use std::net::TcpStream;

use dongting_store::{Database, Store};
use dongting_tests::host::{Host, eventually, plugin};
use dongting_tests::nats;
use dongting_tests::process::{Signal, signal};

const TOKEN: &str = "a-token-of-the-tests";

fn start() -> Host {
    let tally = plugin("guests/tally.wasm").unwrap();
    Host::start(&format!(
        r#"
        [[installation]]
        id = "tally"
        component = {tally:?}
        region = "430000"
        push_token = "{TOKEN}"
        [installation.grants]
        capabilities = ["state"]
        publish = [{{ domain = "test", kind = "observation" }}]
        "#
    ))
    .unwrap()
}

#[test]
fn what_a_decoder_wrote_is_there_for_the_next_document_and_after_a_kill() {
    let mut host = start();
    for expected in [vec![1, 2, 3], vec![1, 2, 3, 4, 5, 6]] {
        for _ in 0..3 {
            let answer = host.push("tally", TOKEN, b"a document").unwrap();
            assert_eq!(answer.status, 200, "{}", answer.body);
        }
        eventually("every count once", || {
            let mut counts: Vec<u64> =
                host.messages("observation")?.iter().filter_map(|one| one["data"].as_u64()).collect();
            counts.sort_unstable();
            Ok(counts == expected)
        })
        .unwrap();
        host.kill_and_restart().unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_committed_goes_out_though_its_deliverer_hung_up() {
    let host = start();
    assert_eq!(host.push("tally", TOKEN, b"a document").unwrap().status, 200);
    let store = Store::open(&Database::Sqlite(host.folder.path().join("data/dongting.db"))).await.unwrap();
    let waiting = async |count: usize| {
        let pending = async || (store.pending("tally", 8).await.ok()?.len() == count).then_some(());
        nats::eventually(&format!("{count} rows in the outbox"), pending).await.unwrap();
    };
    waiting(0).await;
    // What is sent to it now waits in a socket.
    let nats_server = host.nats_pid().unwrap();
    signal(nats_server, Signal::STOP).unwrap();
    let address = host.url.trim_start_matches("http://").trim_end_matches('/');
    let mut deliverer = TcpStream::connect(address).unwrap();
    let request = format!(
        "POST /api/v1/push/tally HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {TOKEN}\r\ncontent-length: 1\r\n\r\n2"
    );
    deliverer.write_all(request.as_bytes()).unwrap();
    waiting(1).await;
    drop(deliverer);
    nats::kill(nats_server).unwrap();
    eventually("both counts", || Ok(host.messages("observation")?.len() == 2)).unwrap();
}
