//! Connections of requests: which are used again, which never are, and whose certificates are believed.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::routing::get;
use dongting_manifest::Message;
use dongting_manifest::installation::{HttpGrant, Limits};
use dongting_registry::{Certificate, Listening};
use dongting_sandbox::capability::config::Config;
use dongting_sandbox::{Attempt, Authorities, Call, Delivered, Egress, Fault, Network, Plugin, Refusal};
use dongting_tests::authority::Authority;
use serde_json::json;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

use super::{NOW, call, message, plugin};

/// What the server does when a request has come.
enum Act {
    Answer,
    /// More than the caller takes.
    AnswerMore,
    /// Ends the connection without an answer.
    Close,
    /// Waits for the end of the connection, and tells it.
    Wait,
}
use Act::{Answer, AnswerMore, Close, Wait};

/// Each connection in turn does as it is told with its requests, and ends.
struct Server {
    address: SocketAddr,
    /// The number of its connection, and the method, of each request.
    heard: Arc<Mutex<Vec<(usize, String)>>>,
    /// The number of each connection that the other side has ended, as the server sees it.
    ended: mpsc::UnboundedReceiver<usize>,
}

impl Server {
    async fn start<const N: usize>(connections: [Vec<Act>; N]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let heard = Arc::default();
        let (ends, ended) = mpsc::unbounded_channel();
        let all = Arc::clone(&heard);
        tokio::spawn(async move {
            for (number, acts) in connections.into_iter().enumerate() {
                let (stream, _) = listener.accept().await.unwrap();
                tokio::spawn(connection(stream, number, acts.into(), Arc::clone(&all), ends.clone()));
            }
        });
        Self { address, heard, ended }
    }

    fn url(&self) -> String {
        format!("http://{}/", self.address)
    }

    /// The connections that were used, one for each request that has come.
    fn connections(&self) -> Vec<usize> {
        self.heard.lock().unwrap().iter().map(|(number, _)| *number).collect()
    }

    /// The way out of an installation that is granted the server.
    fn network(&self) -> Arc<Network> {
        network(self.address, &Authorities::default())
    }
}

async fn connection(
    stream: TcpStream,
    number: usize,
    mut acts: VecDeque<Act>,
    heard: Arc<Mutex<Vec<(usize, String)>>>,
    ends: mpsc::UnboundedSender<usize>,
) {
    let mut stream = BufReader::new(stream);
    while let Some(method) = request(&mut stream).await {
        heard.lock().unwrap().push((number, method));
        let length = match acts.pop_front() {
            Some(Answer) => 6,
            Some(AnswerMore) => 65 * 1024,
            Some(Wait) => continue,
            Some(Close) | None => return,
        };
        let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n");
        // Whoever has had enough may be gone.
        let _ = stream.write_all(&[head.into_bytes(), vec![b'x'; length]].concat()).await;
    }
    let _ = ends.send(number);
}

/// The method of the next request, once all of it has come.
async fn request(stream: &mut BufReader<TcpStream>) -> Option<String> {
    let (mut head, mut length) = (String::new(), 0);
    while !head.ends_with("\r\n\r\n") {
        let begin = head.len();
        if stream.read_line(&mut head).await.ok()? == 0 {
            return None;
        }
        if let Some(said) = head[begin..].strip_prefix("content-length: ") {
            length = said.trim().parse().unwrap();
        }
    }
    stream.read_exact(&mut vec![0; length]).await.ok()?;
    Some(head.split(' ').next().unwrap().to_owned())
}

fn network(server: SocketAddr, authorities: &Authorities) -> Arc<Network> {
    let grant = HttpGrant {
        host: server.ip().to_string(),
        port: server.port(),
        networks: vec!["127.0.0.0/8".to_owned()],
    };
    Arc::new(Network::new(&[grant], 1, authorities).unwrap())
}

/// One call of the guest `http` that makes so many GETs, one after the other; what it says of each.
async fn gets(
    plugin: &Plugin,
    network: &Arc<Network>,
    limits: Limits,
    (url, times): (&str, usize),
) -> Result<Vec<String>, Fault> {
    let asked = json!({ "url": url, "times": times });
    let message = Message { body: asked.to_string().into_bytes(), ..message("a") };
    let egress = Egress::Network(Arc::clone(network));
    match plugin.apply(Call { egress, ..call(limits, NOW, 1) }, &[message]).await.result {
        Err(Refusal::Reject(said)) => Ok(said.lines().map(str::to_owned).collect()),
        Err(Refusal::Fault(fault)) => Err(fault),
        other => panic!("{other:?}"),
    }
}

/// The same of a server that was told what to do.
async fn asks(plugin: &Plugin, network: &Arc<Network>, server: &Server, times: usize) -> Vec<String> {
    gets(plugin, network, Limits::default(), (&server.url(), times)).await.unwrap()
}

/// Compiled before the server is asked for anything: a connection does not rest for so long.
fn http() -> Plugin {
    plugin("http")
}

#[tokio::test]
async fn requests_of_an_installation_go_over_one_connection() {
    let http = http();
    let server = Server::start([vec![Answer, Answer, Answer, Answer]]).await;
    let network = server.network();
    assert_eq!(asks(&http, &network, &server, 3).await, ["200 6"; 3]);
    assert_eq!(asks(&http, &network, &server, 1).await, ["200 6"], "another call");
    assert_eq!(server.connections(), [0; 4]);
}

#[tokio::test]
async fn no_connection_is_shared_by_two_installations_or_kept_for_the_next_release() {
    let http = http();
    let mut server = Server::start([vec![Answer], vec![Answer], vec![Answer]]).await;
    let (one, other) = (server.network(), server.network());
    asks(&http, &one, &server, 1).await;
    asks(&http, &other, &server, 1).await;
    let mut next = Arc::into_inner(server.network()).unwrap();
    next.take_place_of(&one);
    asks(&http, &Arc::new(next), &server, 1).await;
    assert_eq!(server.connections(), [0, 1, 2]);
    // The next one was let go with the call.
    assert_eq!(server.ended.recv().await, Some(2));
    drop(one);
    assert_eq!(server.ended.recv().await, Some(0));
}

/// The server has read the second request when it closes, as one does whose time for the next request ran out just then.
#[tokio::test]
async fn a_kept_connection_that_the_server_closes_costs_no_failure() {
    let http = http();
    let server = Server::start([vec![Answer, Close], vec![Answer, Answer]]).await;
    assert_eq!(asks(&http, &server.network(), &server, 3).await, ["200 6"; 3]);
    assert_eq!(server.connections(), [0, 0, 1, 1]);
}

#[tokio::test]
async fn a_request_is_made_anew_once() {
    let http = http();
    let server = Server::start([vec![Answer, Close], vec![Close], vec![Answer]]).await;
    let said = asks(&http, &server.network(), &server, 3).await;
    assert_eq!((&*said[0], &*said[2]), ("200 6", "200 6"));
    assert!(said[1].contains("HttpResponseIncomplete"), "{said:?}");
    assert_eq!(server.connections(), [0, 0, 1, 2]);
}

#[tokio::test]
async fn a_connection_whose_answer_was_not_read_to_its_end_is_closed() {
    let http = http();
    let mut server = Server::start([vec![AnswerMore, Answer], vec![Answer]]).await;
    let limits = Limits { http_response_kib: 64, ..Limits::default() };
    let said = gets(&http, &server.network(), limits, (&server.url(), 2)).await.unwrap();
    assert!(said[0].contains("65536") && said[1] == "200 6", "{said:?}");
    assert_eq!(server.connections(), [0, 1]);
    assert_eq!(server.ended.recv().await, Some(0));
}

#[tokio::test]
async fn a_connection_ends_with_the_call_that_is_cut_off() {
    let http = http();
    let mut server = Server::start([vec![Answer, Wait], vec![Answer]]).await;
    let network = server.network();
    let hasty = Limits { wall_ms: 2_000, ..Limits::default() };
    let cut = gets(&http, &network, hasty, (&server.url(), 2)).await;
    assert!(matches!(cut, Err(Fault::Deadline(_))), "{cut:?}");
    assert_eq!(server.ended.recv().await, Some(0));
    assert_eq!(asks(&http, &network, &server, 1).await, ["200 6"]);
    assert_eq!(server.connections(), [0, 0, 1]);
}

/// What a POST has done when its connection breaks off, nobody knows.
#[tokio::test]
async fn a_post_has_a_connection_of_its_own() {
    let (http, sink) = (http(), plugin("ledger-sink"));
    let server = Server::start([vec![Answer, Answer], vec![Answer], vec![Answer]]).await;
    let network = server.network();
    asks(&http, &network, &server, 1).await;
    let settings = json!({ "url": format!("http://{}", server.address) }).to_string();
    let config = Config { settings: settings.into(), ..Config::default() };
    let egress = Egress::Network(Arc::clone(&network));
    let call = Call { egress, config, ..call(Limits::default(), NOW, 1) };
    let message = message("a");
    let attempt = |key: &str| Attempt { message: &message, key: key.to_owned(), number: 1 };
    let delivered = sink.deliver(call, &[attempt("1"), attempt("2")]).await;
    assert_eq!(delivered.result.unwrap(), [Delivered::Done, Delivered::Done]);
    asks(&http, &network, &server, 1).await;
    let heard = server.heard.lock().unwrap().clone();
    let heard: Vec<(usize, &str)> = heard.iter().map(|(number, method)| (*number, &**method)).collect();
    assert_eq!(heard, [(0, "GET"), (1, "POST"), (2, "POST"), (0, "GET")]);
}

#[tokio::test]
async fn the_authority_that_the_operator_names_is_believed_and_no_other() {
    let http = http();
    let (authority, other) = (Authority::new().unwrap(), Authority::new().unwrap());
    let files = authority.issue("127.0.0.1").unwrap();
    let certificate = Certificate::read(&files.certificate, &files.key).unwrap();
    let listening = Listening::on("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let app = Router::new().route("/", get(async || "answer"));
    let served = listening.serve(app, Some(certificate));
    let asks = async |authorities: &Authorities| {
        let network = network(served.address, authorities);
        gets(&http, &network, Limits::default(), (&served.url, 2)).await.unwrap()
    };
    let named = |authority: &Authority| Authorities::read(&authority.certificate()).unwrap();
    for unknown in [Authorities::default(), named(&other)] {
        let said = asks(&unknown).await;
        assert!(said[0].contains("TlsProtocolError"), "{said:?}");
    }
    assert_eq!(asks(&named(&authority)).await, ["200 6"; 2]);
}
