//! One installation, as its page in the portal shows it.

use dongting_tests::documents;
use dongting_tests::host::{Host, eventually, plugin};

const TOKEN: &str = "a-token-of-the-tests";

#[test]
fn what_waits_is_told_with_its_reason() {
    let installation = r#"
        id = "gate"
        region = "430000"
        settings = { closed = ["a", "c"] }
        grants.capabilities = ["config", "state"]
        limits.memory_mib = 32
        "#;
    let host = Host::start(&documents::configuration("guests/gate.wasm", installation).unwrap()).unwrap();
    for body in ["\"a/1\"", "\"b/1\"", "\"a/2\"", "\"c/1\""] {
        assert_eq!(documents::push(&host, body.as_bytes()).unwrap().status, 200);
    }
    let parked = || Ok::<_, anyhow::Error>(host.get("installations/gate/parked")?.body);
    eventually("three wait", || Ok(parked()?["messages"] == 3)).unwrap();
    let all = parked().unwrap();
    assert_eq!(all["partitions"], 2, "{all}");
    let first = &all["waiting"][0];
    assert_eq!((&first["partition"], &first["messages"]), (&"a".into(), &2.into()), "{all}");
    assert_eq!((&first["stream"], &first["reason"]), (&"EM_BULK".into(), &"a is closed".into()), "{all}");
    let head = first["message"].as_str().unwrap();
    let message = || Ok(host.get(&format!("messages/{head}"))?.body["message"]["data"] == "a/1");
    eventually("the history has it", message).unwrap();
    assert!(first["since"].as_str() < first["nextTry"].as_str(), "{all}");

    let one = host.get("installations/gate").unwrap().body;
    // The reason is that of the partition that was tried last.
    assert_eq!(one["state"], "backoff", "{one}");
    assert!(one["reason"].as_str().unwrap().ends_with(" is closed"), "{one}");
    assert_eq!((&one["limits"]["memoryMib"], &one["limits"]["cpuMs"]), (&32.into(), &2000.into()), "{one}");
    assert_eq!(one["about"]["ordered"], true, "{one}");
    assert_eq!(one["about"]["capabilities"][0]["why"]["en"], "which partitions are closed", "{one}");
    let publish = &one["granted"]["publish"][0];
    assert_eq!((&publish["kind"], &publish["perSecond"]), (&"assessment".into(), &100_000.into()), "{one}");
    assert!(one["service"].is_null() && one["push"].is_null() && one["pollSeconds"].is_null(), "{one}");
    assert!(!one.to_string().contains("closed\":["), "settings stay with the host: {one}");
    let documents = host.get("installations/documents").unwrap().body;
    assert_eq!(documents["push"], "/api/v1/push/documents");
    assert!(!documents.to_string().contains(documents::TOKEN), "the token stays with the host");

    for path in ["installations/none", "installations/none/parked"] {
        let none = host.get(path).unwrap();
        assert_eq!((none.status, &none.body["error"]["code"]), (404, &"not_found".into()), "{path}");
    }
}

#[test]
fn a_service_says_where_it_is_asked_and_a_refused_one_what_was_granted() {
    let service = plugin("guests/service.wasm").unwrap();
    let host = Host::start(&format!(
        r#"
        [[installation]]
        id = "bridge"
        component = {service:?}
        region = "430000"
        push_token = "{TOKEN}"
        grants = {{ publish = [{{ domain = "test", kind = "feedback" }}] }}
        [[installation]]
        id = "refused"
        component = {service:?}
        region = "430100"
        grants = {{ http = [{{ host = "data.example", port = 443 }}] }}
        "#
    ))
    .unwrap();
    eventually("it runs", || Ok(host.state("bridge")?.0 == "running")).unwrap();
    let bridge = host.get("installations/bridge").unwrap().body;
    assert_eq!(bridge["service"]["path"], "/api/v1/services/bridge/", "{bridge}");
    assert_eq!(bridge["service"]["subject"], "svc.bridge", "{bridge}");
    eventually("the other is refused", || Ok(host.state("refused")?.0 == "refused")).unwrap();
    let refused = host.get("installations/refused").unwrap().body;
    assert!(refused["reason"].as_str().unwrap().contains("not granted"), "{refused}");
    assert!(refused["about"].is_null(), "{refused}");
    assert_eq!(refused["granted"]["http"][0]["host"], "data.example", "{refused}");
    assert_eq!(refused["region"], "430100");
}
