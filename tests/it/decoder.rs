//! A decoder that keeps something: what it wrote is committed with its messages.

use std::io::Write;
use std::net::TcpStream;
use std::sync::Arc;

use dongting_store::Store;
use dongting_tests::database::DatabaseKind;
use dongting_tests::documents::{self, TOKEN};
use dongting_tests::host::{Host, dongting, eventually};
use dongting_tests::hosts_on_both;
use dongting_tests::nats;
use dongting_tests::postgres::Postgres;
use dongting_tests::process::{Signal, signal};
use tokio::sync::Notify;

hosts_on_both! {
    fn {
        what_a_decoder_wrote_is_there_for_the_next_document_and_after_a_kill
        what_was_committed_is_answered_as_done_while_the_bus_is_away
    }
    async fn {
        what_was_committed_goes_out_though_its_deliverer_hung_up
        what_began_before_its_installation_was_disabled_is_not_committed_beside_what_came_after
        what_was_committed_goes_out_though_the_host_was_killed_before
    }
}

fn start(database: DatabaseKind) -> Host {
    let host = Host::start_on(database, &configuration("guests/tally.wasm")).unwrap();
    has_the_lease(&host);
    host
}

/// Where another host could decode instead, it answers 503 until it is known that none does.
fn has_the_lease(host: &Host) {
    eventually("it decodes", || Ok(host.state("tally")?.0 == "running")).unwrap();
}

fn start_with(environment: &[(&str, &str)]) -> Host {
    Host::start_with(&configuration("guests/tally.wasm"), environment).unwrap()
}

fn configuration(guest: &str) -> String {
    let grants = r#"
        capabilities = ["state"]
        publish = [{ domain = "test", kind = "observation" }]
        "#;
    documents::asked("tally", guest, grants).unwrap()
}

/// The counts that are on the bus, the lowest first.
fn counts(host: &Host) -> anyhow::Result<Vec<u64>> {
    let messages = host.messages("observation")?;
    let mut counts: Vec<u64> = messages.iter().filter_map(|one| one["data"].as_u64()).collect();
    counts.sort_unstable();
    Ok(counts)
}

/// Delivers a document, and is not there for the answer when it is dropped.
fn deliver(host: &Host) -> TcpStream {
    let address = host.url.trim_start_matches("http://").trim_end_matches('/');
    let mut deliverer = TcpStream::connect(address).unwrap();
    let request = format!(
        "POST /api/v1/push/tally HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {TOKEN}\r\ncontent-length: 1\r\n\r\n2"
    );
    deliverer.write_all(request.as_bytes()).unwrap();
    deliverer
}

fn what_a_decoder_wrote_is_there_for_the_next_document_and_after_a_kill(database: DatabaseKind) {
    let mut host = start(database);
    for expected in [vec![1, 2, 3], vec![1, 2, 3, 4, 5, 6]] {
        for _ in 0..3 {
            let answer = host.push("tally", TOKEN, b"a document").unwrap();
            assert_eq!(answer.status, 200, "{}", answer.body);
        }
        eventually("every count once", || Ok(counts(&host)? == expected)).unwrap();
        host.kill_and_restart().unwrap();
        has_the_lease(&host);
    }
}

async fn what_was_committed_goes_out_though_its_deliverer_hung_up(database: DatabaseKind) {
    let host = start(database);
    assert_eq!(host.push("tally", TOKEN, b"a document").unwrap().status, 200);
    let store = Store::open(&host.database().unwrap()).await.unwrap();
    let waiting = async |count: usize| {
        let pending = async || (store.pending("tally", 8).await.ok()?.len() == count).then_some(());
        nats::eventually(&format!("{count} rows in the outbox"), pending).await.unwrap();
    };
    waiting(0).await;
    // What is sent to it now waits in a socket.
    let nats_server = host.nats_pid().unwrap();
    signal(nats_server, Signal::STOP).unwrap();
    let deliverer = deliver(&host);
    waiting(1).await;
    drop(deliverer);
    nats::kill(nats_server).unwrap();
    eventually("both counts", || Ok(counts(&host)? == [1, 2])).unwrap();
}

#[test]
fn a_decoder_that_faults_on_one_document_after_the_other_is_left_alone_for_a_while() {
    let host = Host::start(&configuration("guests/brittle.wasm")).unwrap();
    let push = |body: &str| host.push("tally", TOKEN, body.as_bytes()).unwrap().status;
    let faults =
        |count: usize, from: usize| (from..from + count).map(|n| push(&format!("k{n}"))).collect::<Vec<_>>();
    assert_eq!(faults(4, 0), [422; 4]);
    assert_eq!((push("k;a frame."), push("no frame")), (200, 422), "what it says something of is no fault");
    assert_eq!(faults(5, 4), [422; 5]);
    let (state, reason) = host.state("tally").unwrap();
    assert_eq!(state, "tripped");
    assert!(reason.starts_with("it faults on one document or request after the other"), "{reason}");
    assert_eq!((push("k9"), push("k;another frame.")), (503, 503), "it is asked for nothing now");
    assert_eq!(host.rejects("tally").unwrap(), 10, "and nothing is buried");
    // Another release is a reason to try at once.
    host.configure(&configuration("guests/tally.wasm")).unwrap();
    assert!(dongting(&["reload", "--url", &host.url]).unwrap().status.success());
    assert_eq!(push("k9"), 200);
    assert_eq!(host.state("tally").unwrap().0, "running");
}

/// A deliverer that is told to come again comes again: what is committed must not be among that.
fn what_was_committed_is_answered_as_done_while_the_bus_is_away(database: DatabaseKind) {
    let host = start(database);
    let push = || host.push("tally", TOKEN, b"a document").unwrap().status;
    assert_eq!(push(), 200);
    eventually("the first", || Ok(counts(&host)? == [1])).unwrap();
    let nats_server = host.nats_pid().unwrap();
    signal(nats_server, Signal::STOP).unwrap();
    assert_eq!(push(), 200, "it is committed");
    assert_eq!(push(), 503, "nothing more is, behind what cannot get out");
    signal(nats_server, Signal::CONT).unwrap();
    eventually("it is taken again", || Ok(push() == 200)).unwrap();
    eventually("each once", || Ok(counts(&host)? == [1, 2, 3])).unwrap();
}

async fn what_began_before_its_installation_was_disabled_is_not_committed_beside_what_came_after(
    database: DatabaseKind,
) {
    let (asked, release) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (told, waits) = (Arc::clone(&asked), Arc::clone(&release));
    let answer = async move || {
        told.notify_one();
        waits.notified().await;
        "answer"
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let router = axum::Router::new().route("/", axum::routing::get(answer));
    let server = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    let way_out = format!(r#"http = [{{ host = "127.0.0.1", port = {port}, networks = ["127.0.0.0/8"] }}]"#);
    let grants = format!("{}\n{way_out}", documents::DESK);
    let configuration = documents::asked("tally", "guests/desk.wasm", &grants).unwrap();
    let host = Arc::new(Host::start_on(database, &configuration).unwrap());
    has_the_lease(&host);
    let push = |body: String| {
        let host = Arc::clone(&host);
        tokio::task::spawn_blocking(move || host.push("tally", TOKEN, body.as_bytes()).unwrap())
    };
    assert_eq!(push("{}".to_owned()).await.unwrap().body, 1);
    let slow = push(format!(r#"{{"fetch": "http://127.0.0.1:{port}/"}}"#));
    asked.notified().await;
    for (configuration, outcome) in [("", "stopped"), (&*configuration, "started")] {
        host.configure(configuration).unwrap();
        let ran = dongting(&["reload", "--url", &host.url]).unwrap();
        assert_eq!(String::from_utf8(ran.stdout).unwrap(), format!("tally\t{outcome}\n"));
    }
    has_the_lease(&host);
    assert_eq!(push("{}".to_owned()).await.unwrap().body, 2);
    release.notify_one();
    let slow = slow.await.unwrap();
    assert_eq!(slow.status, 503, "{}", slow.body);
    assert_eq!(push("{}".to_owned()).await.unwrap().body, 3);
    let of = |message: &serde_json::Value| message["data"][0].as_u64();
    let counts = || -> anyhow::Result<Vec<u64>> {
        let mut counts: Vec<u64> = host.messages("observation")?.iter().filter_map(of).collect();
        counts.sort_unstable();
        Ok(counts)
    };
    eventually("each once", || Ok(counts()? == [1, 2, 3])).unwrap();
    server.abort();
}

async fn what_was_committed_goes_out_though_the_host_was_killed_before(database: DatabaseKind) {
    let mut host = start(database);
    assert_eq!(host.push("tally", TOKEN, b"a document").unwrap().status, 200);
    let store = Store::open(&host.database().unwrap()).await.unwrap();
    let waiting = async |count: usize| {
        let pending = async || (store.pending("tally", 8).await.ok()?.len() == count).then_some(());
        nats::eventually(&format!("{count} rows in the outbox"), pending).await.unwrap();
    };
    waiting(0).await;
    let nats_server = host.nats_pid().unwrap();
    signal(nats_server, Signal::STOP).unwrap();
    let _deliverer = deliver(&host);
    waiting(1).await;
    store.close().await;
    host.stop().unwrap();
    nats::kill(nats_server).unwrap();
    // Nobody delivers anything again.
    host.kill_and_restart().unwrap();
    eventually("both counts", || Ok(counts(&host)? == [1, 2])).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_host_has_committed_goes_out_by_the_other() {
    let (postgres, nats, environment) = crate::hosts::shared().await;
    let environment = environment.each_ref().map(|(name, value)| (*name, value.as_str()));
    let state = |host: &Host| host.state("tally").map(|(state, _)| state);
    let first = start_with(&environment);
    eventually("a first document", || Ok(first.push("tally", TOKEN, b"a document")?.status == 200)).unwrap();
    let rows = |count: &str| {
        let rows = "SELECT COUNT(*) FROM outbox";
        eventually("rows in the outbox", || Ok(postgres.run(rows)? == count)).unwrap();
    };
    rows("0");
    let mut second = start_with(&environment);
    eventually("the second stands by", || Ok(state(&second)? == "standby")).unwrap();
    signal(first.pid(), Signal::STOP).unwrap();
    eventually("the second has it", || Ok(state(&second)? == "running")).unwrap();
    let nats_server = nats.server.pid().unwrap();
    signal(nats_server, Signal::STOP).unwrap();
    let _deliverer = deliver(&second);
    rows("1");
    second.stop().unwrap();
    signal(nats_server, Signal::CONT).unwrap();
    // It knew that nothing lay there, when it had the lease before.
    signal(first.pid(), Signal::CONT).unwrap();
    eventually("both counts", || Ok(counts(&first)? == [1, 2])).unwrap();
}

#[test]
fn who_pushes_next_sees_what_one_that_hung_up_has_committed() {
    let postgres = Postgres::start().unwrap();
    let host = start_with(&[("DONGTING_DATABASE", &postgres.url())]);
    let pushed = || Ok(host.push("tally", TOKEN, b"a document")?.status == 200);
    eventually("a first document", pushed).unwrap();
    let mut session = postgres.hold_state().unwrap();
    let deliverer = deliver(&host);
    eventually("it is being committed", || Ok(postgres.holds()? == 1)).unwrap();
    std::thread::scope(|scope| {
        let next = scope.spawn(|| host.push("tally", TOKEN, b"a document").unwrap().status);
        // The host hears of both while it answers others.
        let others = || (0..20).for_each(|_| drop(host.get("health").unwrap()));
        others();
        drop(deliverer);
        others();
        drop(session.stdin.take());
        session.wait().unwrap();
        assert_eq!(next.join().unwrap(), 200);
    });
    eventually("each counted once", || Ok(counts(&host)? == [1, 2, 3])).unwrap();
}
