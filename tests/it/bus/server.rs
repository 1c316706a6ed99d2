use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use dongting_bus::server::{Outages, ServerOptions};
use dongting_bus::{Bus, BusError, Credentials, Server, ServerError, State};
use dongting_tests::nats::{DEADLINE, Nats, Raw, eventually, is_alive, options, small};
use tokio::time::timeout;

#[tokio::test]
async fn only_the_host_may_connect() {
    let nats = Nats::start().await.unwrap();
    let stranger = Credentials { user: "host".to_owned(), password: "guess".to_owned() };
    for credentials in [None, Some(&stranger)] {
        let mut raw = Raw::connect(&nats.server.url(), credentials).await.unwrap();
        raw.send("PUB em.43.01.02.water.warning.- 2\r\n{}\r\n").await.ok();
        assert_eq!(raw.line().await.unwrap(), "-ERR 'Authorization Violation'");
    }
    let error = Bus::connect(&nats.server.url(), &stranger, &small()).await.unwrap_err();
    assert!(matches!(error, BusError::Credentials { .. }), "{error}");
    for lane in dongting_manifest::Lane::ALL {
        assert_eq!(nats.bus.lane(lane).await.unwrap().messages, 0);
    }
    let mode = |path: &str| nats.directory.path().join(path).metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode("nats"), 0o700);
    assert_eq!(mode("nats/nats-server.conf"), 0o600);
}

/// As nats-server comes, a message may have 1 MiB.
#[tokio::test]
async fn a_server_that_takes_too_little_is_told_what_to_change() {
    let directory = tempfile::tempdir().unwrap();
    let _server = tokio::process::Command::new(dongting_tests::nats::binary())
        .args(["--addr", "127.0.0.1", "--port", "-1", "--user", "host", "--pass", "word", "--jetstream"])
        .arg("--store_dir")
        .arg(directory.path())
        .arg("--ports_file_dir")
        .arg(directory.path())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let url = eventually("its port", async || {
        let mut files = std::fs::read_dir(directory.path()).unwrap().map(|entry| entry.unwrap().path());
        let ports = files.find(|path| path.extension().is_some_and(|extension| extension == "ports"))?;
        let ports: serde_json::Value = serde_json::from_slice(&std::fs::read(ports).ok()?).ok()?;
        Some(ports["nats"][0].as_str()?.to_owned())
    });
    let credentials = Credentials { user: "host".to_owned(), password: "word".to_owned() };
    let error = Bus::connect(&url.await.unwrap(), &credentials, &small()).await.unwrap_err().to_string();
    assert!(error.contains("1048576 bytes") && error.contains("set `max_payload: 8388608`"), "{error}");
}

#[tokio::test]
async fn a_port_in_use_is_named() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let directory = tempfile::tempdir().unwrap();
    let error = Server::start(&ServerOptions { port: Some(port), ..options(&directory) }).await.unwrap_err();
    assert!(error.to_string().contains(&format!("port {port} on 127.0.0.1 is in use")), "{error}");
}

#[tokio::test]
async fn one_host_per_directory() {
    let nats = Nats::start().await.unwrap();
    let second = ServerOptions { start_timeout: Duration::from_millis(100), ..options(&nats.directory) };
    let error = Server::start(&second).await.unwrap_err();
    assert!(matches!(error, ServerError::DirectoryInUse { .. }), "{error}");
}

#[tokio::test]
async fn a_wrong_binary_is_told_what_to_do() {
    let directory = tempfile::tempdir().unwrap();
    let script = |name: &str, says: &str| {
        let path = directory.path().join(name);
        std::fs::write(&path, format!("#!/bin/sh\necho '{says}'\n")).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        path
    };
    for (binary, says) in [
        (directory.path().join("absent"), "cargo xtask setup"),
        (script("old", "nats-server: v2.9.10"), "nats-server 2.9, too old"),
        (script("other", "cat 9.1"), "is not a nats-server"),
    ] {
        let options = ServerOptions { binary, ..options(&directory) };
        // Another test's fork may hold the script open for writing for a moment.
        let error = eventually("the script can be run", async || match Server::start(&options).await {
            Err(ServerError::Spawn { .. }) => None,
            other => Some(other.unwrap_err().to_string()),
        })
        .await
        .unwrap();
        assert!(error.contains(says), "{error}");
    }
}

#[tokio::test]
async fn stop_lets_it_finish() {
    let nats = Nats::start().await.unwrap();
    let pid = nats.server.pid().unwrap();
    timeout(DEADLINE, nats.server.stop()).await.unwrap();
    assert!(!is_alive(pid));
}

#[tokio::test]
async fn dropped_it_is_gone() {
    let nats = Nats::start().await.unwrap();
    let pid = nats.server.pid().unwrap();
    drop(nats.server);
    eventually("the child is gone", async || (!is_alive(pid)).then_some(())).await.unwrap();
}

#[tokio::test]
async fn a_killed_child_comes_back_where_it_was() {
    let nats = Nats::start().await.unwrap();
    let mut state = nats.server.state();
    assert_eq!(*state.borrow_and_update(), State::Up);
    let url = nats.server.url();
    let pid = nats.kill().unwrap();
    for expected in [State::Down, State::Starting, State::Up] {
        timeout(DEADLINE, state.changed()).await.unwrap().unwrap();
        assert_eq!(*state.borrow_and_update(), expected);
        if expected == State::Down {
            let reason = Some("signal: 9 (SIGKILL)".to_owned());
            assert_eq!(nats.server.outages(), Outages { restarts: 1, reason });
        }
    }
    assert_eq!(nats.server.outages(), Outages { restarts: 1, reason: None });
    assert_ne!(nats.server.pid().unwrap(), pid);
    assert_eq!(nats.server.url(), url);
    eventually("the lanes are there", async || nats.bus.lane(dongting_manifest::Lane::Bulk).await.ok())
        .await
        .unwrap();
}
