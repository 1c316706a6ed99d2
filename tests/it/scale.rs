//! What lets a host have thousands of installations: it has each component once, and what idles sleeps until it is wanted.

use std::sync::Arc;

use dongting_engine::{Host as Engine, HostConfig, HostOptions, Nats};
use dongting_tests::documents;
use dongting_tests::host::{Host, dongting, eventually, plugin};

/// Installations of one plugin beside each other, each for a system of its own, or they would say the same; and one to push to. What is
/// pushed is from Changsha.
fn configuration(region: &str, many: usize) -> String {
    let installation =
        |at: usize| format!("id = \"echo-{at}\"\nsystem = \"echo-{at}\"\nregion = \"{region}\"\n");
    let mut text = documents::configuration("guests/echo.wasm", &installation(0)).unwrap();
    let component = plugin("guests/echo.wasm").unwrap();
    for at in 1..many {
        text.push_str(&format!(
            r#"
            [[installation]]
            component = {component:?}
            grants.capabilities = ["state"]
            grants.subscribe = [{{ domain = "test", kind = "observation" }}]
            grants.publish = [{{ domain = "test", kind = "assessment" }}]
            {}
            "#,
            installation(at)
        ));
    }
    text
}

#[tokio::test(flavor = "multi_thread")]
async fn installations_of_one_component_share_it() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("dongting.toml");
    std::fs::write(&file, format!("[trust]\nallow_unsigned = true\n{}", configuration("430100", 3))).unwrap();
    let host = Engine::start(HostOptions {
        data: folder.path().join("data"),
        database: None,
        config: HostConfig::read(&file).unwrap(),
        nats: Nats::Child(dongting_tests::nats::binary()),
    })
    .await
    .unwrap();
    let one = |id: &str| Arc::clone(&host.installed(id).unwrap().plugin);
    // What is granted and not imported makes no difference.
    assert!(Arc::ptr_eq(&one("echo-0"), &one("echo-1")) && Arc::ptr_eq(&one("echo-1"), &one("echo-2")));
    assert!(!Arc::ptr_eq(&one("echo-0"), &one("documents")));
    host.stop().await;
}

#[test]
fn the_host_says_when_all_have_started() {
    let mut host = Host::start(&configuration("430100", 40)).unwrap();
    let said = |host: &Host| -> anyhow::Result<usize> {
        let log = std::fs::read_to_string(host.folder.path().join("log"))?;
        Ok(log.matches("All 41 installations have started").count())
    };
    eventually("the first start", || Ok(said(&host)? == 1)).unwrap();
    assert_eq!(documents::push(&host, b"\"a\"").unwrap().status, 200);
    eventually("all have heard", || Ok(host.messages("assessment")?.len() == 40)).unwrap();
    host.kill_and_restart().unwrap();
    eventually("the second start", || Ok(said(&host)? == 2)).unwrap();
}

#[test]
fn another_region_is_heard_at_once() {
    let host = Host::start(&configuration("430200", 1)).unwrap();
    assert_eq!(documents::push(&host, b"\"a\"").unwrap().status, 200);
    eventually("what nobody hears", || Ok(host.messages("observation")?.len() == 1)).unwrap();
    host.configure(&configuration("430100", 1)).unwrap();
    assert!(dongting(&["reload", "--url", &host.url]).unwrap().status.success());
    assert_eq!(documents::push(&host, b"\"b\"").unwrap().status, 200);
    // A fetch waits for minutes; it is taken back when the release asks for something else.
    eventually("what is heard now", || Ok(!host.messages("assessment")?.is_empty())).unwrap();
}
