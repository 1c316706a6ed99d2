//! The way out of a host's plugins: whose certificates are believed, and what a grant that is taken back ends.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::ConnectInfo;
use axum::routing::get;
use dongting_registry::{Certificate, Listening};
use dongting_tests::authority::Authority;
use dongting_tests::documents::{DESK, TOKEN, asked};
use dongting_tests::host::{Host, dongting, eventually, serve};

/// A plugin that fetches what a document names, and is granted this port of the loopback address.
fn desk(host: &str, port: u16) -> String {
    let http = format!(r#"http = [{{ host = "127.0.0.1", port = {port}, networks = ["127.0.0.0/8"] }}]"#);
    format!("{host}\n{}", asked("desk", "guests/desk.wasm", &format!("{DESK}\n{http}")).unwrap())
}

/// Has the plugin fetch it, and waits for a message in which it says this of it.
fn fetches(host: &Host, url: &str, said: &str) {
    eventually("it runs", || Ok(host.state("desk")?.0 == "running")).unwrap();
    let answer = host.push("desk", TOKEN, format!(r#"{{"fetch": "{url}"}}"#).as_bytes()).unwrap();
    assert_eq!(answer.status, 200, "{}", answer.body);
    let told =
        || host.messages("observation").map(|all| all.iter().any(|one| one.to_string().contains(said)));
    eventually(&format!("`{said}` in {:?}", host.messages("observation")), told).unwrap();
}

fn reload(host: &Host) -> (String, String) {
    let ran = dongting(&["reload", "--url", &host.url]).unwrap();
    assert!(ran.status.success(), "{ran:?}");
    (String::from_utf8(ran.stdout).unwrap(), String::from_utf8(ran.stderr).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_with_the_provinces_certificate_is_reached_when_the_file_names_its_authority() {
    let authority = Authority::new().unwrap();
    let files = authority.issue("127.0.0.1").unwrap();
    let certificate = Certificate::read(&files.certificate, &files.key).unwrap();
    let listening = Listening::on("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let served =
        listening.serve(Router::new().route("/", get(async || "by the province")), Some(certificate));
    let port = served.address.port();
    let mut host = Host::start(&desk("", port)).unwrap();
    fetches(&host, &served.url, "TlsProtocolError");
    // Taken relative to the file that names it.
    std::fs::copy(authority.certificate(), host.folder.path().join("province.pem")).unwrap();
    host.configure(&desk("http.ca_certificates = \"province.pem\"", port)).unwrap();
    let (said, restart) = reload(&host);
    assert_eq!(said, "desk\tunchanged\n");
    assert!(restart.contains("http, which the host does when it is started again"), "{restart}");
    host.kill_and_restart().unwrap();
    fetches(&host, &served.url, "by the province");
    assert_eq!(reload(&host), ("desk\tunchanged\n".to_owned(), String::new()));
}

#[test]
fn certificates_that_cannot_be_used_keep_the_host_from_starting() {
    let authority = Authority::new().unwrap();
    let pem = std::fs::read_to_string(authority.certificate()).unwrap();
    let key = std::fs::read_to_string(authority.issue("example.org").unwrap().key).unwrap();
    let empty = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("province.pem");
    std::fs::write(folder.path().join("dongting.toml"), "[http]\nca_certificates = \"province.pem\"\n")
        .unwrap();
    let unread = "cannot be read: name a PEM file, with BEGIN CERTIFICATE";
    for (content, why) in [
        (None, unread),
        (Some(key), unread),
        (Some(pem[..200].to_owned()), unread),
        (Some(format!("{pem}{empty}")), "cannot be used: have it from its authority again, or take it out"),
    ] {
        if let Some(content) = content {
            std::fs::write(&file, content).unwrap();
        }
        let output = serve(folder.path(), "127.0.0.1:0").unwrap().output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success(), "{said}");
        assert!(said.contains(file.to_str().unwrap()) && said.contains(why), "{said}");
    }
}

/// The connection is still open, and the server would answer.
#[tokio::test(flavor = "multi_thread")]
async fn a_grant_that_is_taken_back_reaches_nothing_over_an_old_connection() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let requests = Arc::new(Mutex::new(Vec::new()));
    let heard = Arc::clone(&requests);
    let answer = async move |ConnectInfo(from): ConnectInfo<SocketAddr>| {
        let mut heard = heard.lock().unwrap();
        heard.push(from);
        format!("request {}.", heard.len())
    };
    let app = Router::new().route("/", get(answer)).into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async move { axum::serve(listener, app).await });
    let host = Host::start(&desk("", address.port())).unwrap();
    let url = format!("http://{address}/");
    fetches(&host, &url, "request 1.");
    fetches(&host, &url, "request 2.");
    host.configure(&desk("", 9)).unwrap();
    assert!(reload(&host).0.starts_with("desk\tchanged\t"));
    fetches(&host, &url, "is not granted to this installation");
    let requests = requests.lock().unwrap();
    assert!(requests.len() == 2 && requests[0] == requests[1], "over one connection: {requests:?}");
}
