//! Bodies that clients send to the host, and clients that send none: raw connections, as no client library behaves so badly.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;

use dongting_tests::documents::{self, TOKEN, push};
use dongting_tests::host::{DEADLINE, Host, eventually, plugin};

/// More than may come in without a place.
const LARGE: usize = 200_000;

fn start() -> Host {
    let service = plugin("guests/service.wasm").unwrap();
    let documents = documents::alone().unwrap();
    let host = Host::start(&format!(
        r#"
        {documents}
        [[installation]]
        id = "bridge"
        component = {service:?}
        region = "430000"
        push_token = "{TOKEN}"
        grants = {{ publish = [{{ domain = "test", kind = "feedback" }}] }}
        "#
    ))
    .unwrap();
    for id in ["documents", "bridge"] {
        eventually("it runs", || Ok(host.state(id)?.0 == "running")).unwrap();
    }
    host
}

/// A request of which the body is still to come, or part of it.
fn begin(host: &Host, path: &str, token: &str, length: usize, part: &[u8]) -> TcpStream {
    let address = host.url.trim_start_matches("http://").trim_end_matches('/');
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    stream.set_write_timeout(Some(DEADLINE)).unwrap();
    let head = format!(
        "POST /api/v1/{path} HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {token}\r\ncontent-length: {length}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(part).unwrap();
    stream
}

/// The status and the body of the answer.
fn answer(stream: &TcpStream) -> (u16, String) {
    let mut lines = BufReader::new(stream);
    let (mut status, mut line, mut length) = (String::new(), String::new(), 0);
    lines.read_line(&mut status).unwrap();
    while lines.read_line(&mut line).unwrap() > 2 {
        if let Some(said) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = said.trim().parse().unwrap();
        }
        line.clear();
    }
    let mut body = vec![0; length];
    lines.read_exact(&mut body).unwrap();
    (status.split(' ').nth(1).unwrap().parse().unwrap(), String::from_utf8(body).unwrap())
}

#[test]
fn who_may_not_push_is_told_before_a_body_is_read() {
    let host = start();
    for path in
        ["push/documents", "push/nowhere", "push/bridge", "services/bridge/valves", "services/nowhere/x"]
    {
        let token = if path == "push/bridge" { TOKEN } else { "guess" };
        let (status, said) = answer(&begin(&host, path, token, 7_000_000, b""));
        assert_eq!(status, 401, "{path}: {said}");
        assert!(said.contains("the token opens no installation of this name"), "{path}: {said}");
    }
    // One that sends on regardless may, for a moment, and its connection is good for another request.
    let mut stream = begin(&host, "push/documents", "guess", LARGE, &[b'x'; LARGE / 2]);
    assert_eq!(answer(&stream).0, 401);
    stream.write_all(&[b'x'; LARGE / 2]).unwrap();
    let again = format!(
        "POST /api/v1/push/documents HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {TOKEN}\r\ncontent-length: 5\r\n\r\nagain"
    );
    stream.write_all(again.as_bytes()).unwrap();
    assert_eq!(answer(&stream).0, 200);
    // As is one that is too large, whatever it sends.
    for path in ["push/documents", "services/bridge/valves"] {
        let (status, said) = answer(&begin(&host, path, TOKEN, (7 << 20) + 1, b""));
        assert_eq!((status, &*said), (413, "Failed to buffer the request body: length limit exceeded"));
    }
}

#[test]
fn bodies_that_stop_halfway_keep_no_small_one_waiting() {
    let host = start();
    let stopped: Vec<TcpStream> =
        (0..40).map(|_| begin(&host, "push/documents", TOKEN, LARGE, &[b'x'; LARGE / 2])).collect();
    assert_eq!(push(&host, b"small").unwrap().status, 200);
    // A large one finds no place and is told when to come again.
    let large = vec![b'y'; LARGE];
    eventually("all places are taken", || {
        let refused = push(&host, &large)?;
        Ok(refused.status == 503 && refused.body.to_string().contains("too many large bodies"))
    })
    .unwrap();
    assert_eq!(push(&host, b"small again").unwrap().status, 200);
    assert!(host.ask("bridge", TOKEN, "GET", "").is_ok());
    drop(stopped);
    eventually("there is a place again", || Ok(push(&host, &large)?.status != 503)).unwrap();
}
