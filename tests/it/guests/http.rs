//! Requests of a call: how many, how long an answer; and of all calls of an installation: how many at once.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::routing::get;
use dongting_manifest::Message;
use dongting_manifest::exchange::{Answer, Failure};
use dongting_manifest::installation::{HttpGrant, Limits};
use dongting_sandbox::{
    Applied, Authorities, Call, Egress, Fault, Network, Outcome, Plugin, Refusal, Unkept,
};
use serde_json::json;
use tokio::sync::Barrier;

use super::{NOW, call, message, plugin};

/// Serves on loopback until the runtime of the test ends.
async fn serve(router: Router) -> SocketAddr {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

/// What the guest says of each of its requests, in their order, and the CPU time it used.
async fn fetched(server: SocketAddr, limits: Limits, times: usize) -> (Vec<String>, Duration) {
    let outcome = outcome(server, limits, times).await;
    (said(&outcome), outcome.cpu)
}

fn said(outcome: &Outcome<Applied>) -> Vec<String> {
    match &outcome.result {
        Err(Refusal::Reject(said)) => said.lines().map(str::to_owned).collect(),
        other => panic!("{other:?}"),
    }
}

async fn outcome(server: SocketAddr, limits: Limits, times: usize) -> Outcome<Applied> {
    after(server, limits, (times, 0)).await
}

async fn after(server: SocketAddr, limits: Limits, asked: (usize, u64)) -> Outcome<Applied> {
    let network = Arc::new(network(server, limits.http_concurrency));
    asks(&plugin("http"), &network, (server, limits), asked).await
}

/// The way out of an installation that is granted the server.
fn network(server: SocketAddr, at_once: u32) -> Network {
    let grant = HttpGrant {
        host: server.ip().to_string(),
        port: server.port(),
        networks: vec!["127.0.0.0/8".to_owned()],
    };
    Network::new(&[grant], at_once, &Authorities::default()).unwrap()
}

/// One call of an installation that has this way out.
async fn asks(
    plugin: &Plugin,
    network: &Arc<Network>,
    (server, limits): (SocketAddr, Limits),
    (times, wait_ms): (usize, u64),
) -> Outcome<Applied> {
    let asked = json!({ "url": format!("http://{server}/"), "times": times, "wait_ms": wait_ms });
    let message = Message { body: asked.to_string().into_bytes(), ..message("a") };
    let egress = Egress::Network(Arc::clone(network));
    plugin.apply(Call { egress, ..call(limits, NOW, 1) }, &[message]).await
}

/// The server answers when as many have come as may come at once, and counts whether one more does.
#[tokio::test(flavor = "multi_thread")]
async fn http() {
    for limit in [1, 4, 12] {
        let all = Arc::new(Barrier::new(limit));
        let here = Arc::new(AtomicUsize::new(0));
        let most = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&most);
        let answer = async move || {
            counted.fetch_max(here.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            all.wait().await;
            // Time for one more than may come.
            tokio::time::sleep(Duration::from_millis(50)).await;
            here.fetch_sub(1, Ordering::SeqCst);
            "answer"
        };
        let server = serve(Router::new().route("/", get(answer))).await;
        let limits = Limits { http_concurrency: limit.try_into().unwrap(), ..Limits::default() };
        let (said, _) = fetched(server, limits, 12).await;
        assert_eq!(said, ["200 6"; 12]);
        assert_eq!(most.load(Ordering::SeqCst), limit);
    }
}

/// Two calls have taken all places, and the server keeps them. A third call, of the release after it, reaches nobody and is ended by its wall
/// clock; what it waited for is free again when the two are answered.
#[tokio::test(flavor = "multi_thread")]
async fn calls_of_an_installation_share_its_requests_at_once() {
    let (all_here, may_answer) = (Arc::new(Barrier::new(5)), Arc::new(Barrier::new(5)));
    let come = Arc::new(AtomicUsize::new(0));
    let (here, answered, counted) = (Arc::clone(&all_here), Arc::clone(&may_answer), Arc::clone(&come));
    let answer = async move || {
        if counted.fetch_add(1, Ordering::SeqCst) < 4 {
            here.wait().await;
            answered.wait().await;
        }
        "answer"
    };
    let server = serve(Router::new().route("/", get(answer))).await;
    let limits = Limits { http_concurrency: 4, ..Limits::default() };
    let plugin = plugin("http");
    let first = Arc::new(network(server, 4));
    let mut next = network(server, 4);
    next.take_place_of(&first);
    let next = Arc::new(next);
    let two = async || asks(&plugin, &first, (server, limits), (2, 0)).await;
    let meanwhile = async {
        // Both calls together have four out, and no more are to come.
        all_here.wait().await;
        let hasty = Limits { wall_ms: 1_000, ..limits };
        let late = asks(&plugin, &next, (server, hasty), (1, 0)).await;
        assert!(matches!(late.result, Err(Refusal::Fault(Fault::Deadline(_)))), "{:?}", late.result);
        assert_eq!(come.load(Ordering::SeqCst), 4);
        may_answer.wait().await;
    };
    let (one, other, ()) = tokio::join!(two(), two(), meanwhile);
    assert_eq!([said(&one), said(&other)], [["200 6"; 2], ["200 6"; 2]]);
    assert_eq!(said(&asks(&plugin, &next, (server, limits), (12, 0)).await), ["200 6"; 12]);
}

#[tokio::test]
async fn http_requests_are_counted() {
    let server = serve(Router::new().route("/", get(async || "answer"))).await;
    let (said, _) = fetched(server, Limits { http_requests: 2, ..Limits::default() }, 3).await;
    assert_eq!(said[..2], ["200 6", "200 6"]);
    assert!(said[2].ends_with("cannot be reached: ErrorCode::ConnectionLimitReached"), "{}", said[2]);
}

#[tokio::test]
async fn an_http_answer_has_an_end() {
    const KIB: usize = 1024;
    let whole = async || vec![b'x'; 65 * KIB];
    // Of no length that the server would say beforehand.
    let endless = async || {
        let piece = || Ok::<_, std::io::Error>(Bytes::from_static(&[b'x'; KIB]));
        Body::from_stream(futures::stream::repeat_with(piece))
    };
    let limits = |http_response_kib| Limits { http_response_kib, ..Limits::default() };
    let server = serve(Router::new().route("/", get(whole))).await;
    assert_eq!(fetched(server, limits(65), 1).await.0, ["200 66560"]);
    for server in [server, serve(Router::new().route("/", get(endless))).await] {
        let (said, _) = fetched(server, limits(64), 1).await;
        assert!(said[0].contains("broke off") && said[0].contains("65536"), "{said:?}");
    }
}

#[tokio::test]
async fn all_http_answers_together_have_an_end() {
    const KIB: usize = 1024;
    let server = serve(Router::new().route("/", get(async || vec![b'x'; 64 * KIB]))).await;
    let limits = Limits { http_concurrency: 1, http_total_kib: 160, ..Limits::default() };
    let all = outcome(server, limits, 3).await;
    let told = said(&all);
    assert_eq!(told[..2], ["200 65536", "200 65536"]);
    assert!(told[2].contains("broke off") && told[2].contains("163840"), "{told:?}");
    // A replay is told the same: the third broke off.
    assert!(all.unkept.is_none() && all.exchanges.len() == 3);
    assert!(matches!(&all.exchanges[2].answer, Ok(Answer { broken: Some(Failure::TooLarge(163_840)), .. })));
}

/// What is too much to be held for the call's record is let go, and the call goes on.
#[tokio::test]
async fn http_answers_that_are_too_much_to_be_kept_are_let_go() {
    const KIB: usize = 1024;
    let server = serve(Router::new().route("/", get(async || vec![b'x'; 64 * KIB]))).await;
    let limits = |http_record_kib| Limits { http_record_kib, ..Limits::default() };
    let all = outcome(server, limits(128), 3).await;
    assert_eq!(said(&all), ["200 65536"; 3]);
    assert!(all.unkept == Some(Unkept::Answers) && all.exchanges.is_empty());
    let kept = outcome(server, limits(192), 3).await;
    assert!(kept.unkept.is_none() && kept.exchanges.len() == 3);
}

/// What came first is written down of answers, not of time.
#[tokio::test]
async fn a_call_that_waits_beside_its_answers_says_that_it_cannot_be_made_again() {
    let server = serve(Router::new().route("/", get(async || "answer"))).await;
    for (times, wait_ms, unkept) in [(1, 0, None), (0, 10, None), (1, 10, Some(Unkept::Time))] {
        let outcome = after(server, Limits::default(), (times, wait_ms)).await;
        assert_eq!(said(&outcome).len(), times);
        assert_eq!(outcome.unkept, unkept, "{times} {wait_ms}");
    }
}

/// Host I/O must not be charged as CPU.
#[tokio::test]
async fn a_slow_http_server_is_waited_for() {
    let slow = async || tokio::time::sleep(Duration::from_millis(500)).await;
    let server = serve(Router::new().route("/", get(slow))).await;
    let (said, cpu) = fetched(server, Limits { cpu_ms: 200, ..Limits::default() }, 2).await;
    assert_eq!(said, ["200 0", "200 0"]);
    assert!(cpu < Duration::from_millis(100), "{cpu:?}");
}
