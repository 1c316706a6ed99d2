//! A service, asked over HTTP and by NATS requests.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use dongting_bus::Credentials;
use dongting_tests::database::DatabaseKind;
use dongting_tests::host::{Host, dongting, eventually, plugin};
use dongting_tests::hosts_on_both;
use dongting_tests::nats::Raw;
use dongting_tests::restamp::restamped;

hosts_on_both! {
    fn {
        over_http_what_it_made_is_stored_before_it_answers
    }
}

const TOKEN: &str = "a-token-of-the-tests";

fn start() -> Host {
    start_on(DatabaseKind::Sqlite)
}

fn start_on(database: DatabaseKind) -> Host {
    Host::start_on(database, &configuration(&plugin("guests/service.wasm").unwrap())).unwrap()
}

fn configuration(component: &Path) -> String {
    format!(
        r#"
        [[installation]]
        id = "bridge"
        component = {component:?}
        region = "430000"
        push_token = "{TOKEN}"
        grants = {{ publish = [{{ domain = "test", kind = "feedback" }}] }}
        "#
    )
}

fn request(host: &Host, method: &str, path: &str, token: &str) -> ureq::http::Response<ureq::Body> {
    let agent = ureq::Agent::config_builder().http_status_as_error(false).build().new_agent();
    let request = ureq::http::Request::builder()
        .method(method)
        .uri(format!("{}api/v1/services/bridge{path}", host.url))
        .header("authorization", format!("Bearer {token}"))
        .header("cookie", "portal=1")
        .header("x-station", "61512")
        .body(if method == "POST" { "valve 7" } else { "" })
        .unwrap();
    agent.run(request).unwrap()
}

fn over_http_what_it_made_is_stored_before_it_answers(database: DatabaseKind) {
    let host = start_on(database);
    eventually("it runs", || Ok(host.state("bridge")?.0 == "running")).unwrap();
    let mut answer = request(&host, "POST", "/valves/7?open=yes", TOKEN);
    assert_eq!(answer.status(), 200);
    let header = |name: &str| answer.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
    assert_eq!(header("content-type").as_deref(), Some("application/json"));
    assert_eq!(header("etag").as_deref(), Some("\"a\""));
    assert_eq!(header("content-security-policy").as_deref(), Some("sandbox"), "no script of a plugin runs");
    assert_eq!(header("set-cookie"), None);
    let said: serde_json::Value = serde_json::from_str(&answer.body_mut().read_to_string().unwrap()).unwrap();
    assert_eq!((said["method"].as_str(), said["path"].as_str()), (Some("POST"), Some("/valves/7")));
    assert_eq!((said["query"].as_str(), said["body"].as_str()), (Some("open=yes"), Some("valve 7")));
    let headers = said["headers"].to_string();
    assert!(headers.contains("61512"), "{headers}");
    assert!(!headers.contains("Bearer") && !headers.contains("portal=1"), "{headers}");
    eventually("the message", || Ok(host.messages("feedback")?.len() == 1)).unwrap();
}

#[test]
fn over_http_each_refusal_has_its_status() {
    let host = start();
    for (path, token, status, said) in [
        ("/any", "not-the-token-of-it", 401, "the token opens no installation"),
        ("/wrong", TOKEN, 422, "there is no such valve"),
        ("/busy", TOKEN, 503, "busy"),
        ("/status", TOKEN, 422, "99 is no status of an answer"),
    ] {
        let mut answer = request(&host, "GET", path, token);
        assert_eq!(answer.status(), status, "{path}");
        let after = answer.headers().get("retry-after").map(|value| value.to_str().unwrap().to_owned());
        assert_eq!(after.as_deref(), (status == 503).then_some("7"), "{path}");
        let body = answer.body_mut().read_to_string().unwrap();
        assert!(body.contains(said), "{path}: {body}");
    }
    assert!(host.get("dead-letters").unwrap().body["deadLetters"].as_array().unwrap().is_empty());
}

/// A client of the nats-server that the host supervises.
async fn client(host: &Host) -> Raw {
    let conf = std::fs::read_to_string(host.folder.path().join("data/nats/nats-server.conf")).unwrap();
    let quoted = |name: &str| {
        let (_, rest) = conf.split_once(&format!("{name}: \"")).unwrap();
        rest.split('"').next().unwrap().to_owned()
    };
    let credentials = Credentials { user: quoted("user"), password: quoted("password") };
    Raw::connect(&format!("nats://{}", quoted("listen")), Some(&credentials)).await.unwrap()
}

async fn is_answered(raw: &mut Raw) {
    let answer = raw.request("svc.bridge", &[("path", "/levels"), ("method", "GET")], "").await.unwrap();
    assert_eq!((answer["transport"].as_str(), answer["path"].as_str()), (Some("nats"), Some("/levels")));
}

#[tokio::test(flavor = "multi_thread")]
async fn by_nats_requests() {
    let mut host = start();
    for round in 0..2 {
        eventually("it runs", || Ok(host.state("bridge")?.0 == "running")).unwrap();
        is_answered(&mut client(&host).await).await;
        if round == 0 {
            host.kill_and_restart().unwrap();
        }
    }
}

/// Who may only ask has the host write nowhere else.
#[tokio::test(flavor = "multi_thread")]
async fn by_nats_an_answer_goes_to_an_inbox_and_onto_no_lane() {
    let host = start();
    eventually("it runs", || Ok(host.state("bridge")?.0 == "running")).unwrap();
    let mut raw = client(&host).await;
    let stored = async |raw: &mut Raw| {
        let mut stored = Vec::new();
        for stream in ["EM_BULK", "EM_ALERT", "EM_COMMAND", "DEAD"] {
            let info = raw.request(&format!("$JS.API.STREAM.INFO.{stream}"), &[], "").await.unwrap();
            stored.push(info["state"]["last_seq"].as_u64().unwrap());
        }
        stored
    };
    is_answered(&mut raw).await;
    let before = stored(&mut raw).await;
    for reply in ["em.43.01.02.test.feedback.-", "em.43.01.02.water.warning.-", "dead.bridge"] {
        let head = "NATS/1.0\r\nmethod: GET\r\n\r\n";
        raw.send(&format!("HPUB svc.bridge {reply} {0} {0}\r\n{head}\r\n", head.len())).await.unwrap();
    }
    // Asked behind them, and answered behind what they would have been answered.
    is_answered(&mut raw).await;
    assert_eq!(stored(&mut raw).await, before);
}

/// The host listens on while one release follows the other: none is lost.
#[tokio::test(flavor = "multi_thread")]
async fn by_nats_requests_while_releases_change() {
    let host = start();
    eventually("it runs", || Ok(host.state("bridge")?.0 == "running")).unwrap();
    let mut raw = client(&host).await;
    is_answered(&mut raw).await;
    let done = Arc::new(AtomicBool::new(false));
    let asking = tokio::spawn({
        let done = Arc::clone(&done);
        async move {
            while !done.load(Ordering::Relaxed) {
                is_answered(&mut raw).await;
            }
        }
    });
    let component = std::fs::read(plugin("guests/service.wasm").unwrap()).unwrap();
    for version in ["0.2.0", "0.3.0", "0.4.0"] {
        let later = host.folder.path().join(format!("{version}.wasm"));
        std::fs::write(&later, restamped(&component, version).unwrap()).unwrap();
        host.configure(&configuration(&later)).unwrap();
        assert!(dongting(&["reload", "--url", &host.url]).unwrap().status.success());
    }
    done.store(true, Ordering::Relaxed);
    asking.await.unwrap();
}
