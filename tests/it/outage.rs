//! What the operator learns of a nats-server that went down.

use std::fs::{copy, read_to_string, remove_file, rename};

use anyhow::{Context, Result};
use dongting_tests::host::{Host, eventually};
use dongting_tests::nats::{self, kill};
use serde_json::Value;

fn bus(host: &Host) -> Result<Value> {
    host.get("health")?.body.get("bus").cloned().context("no bus")
}

#[test]
fn a_restart_is_still_told_once_it_is_up_again() {
    let host = Host::start("").unwrap();
    let before = bus(&host).unwrap();
    assert_eq!((&before["restarts"], &before["reason"]), (&Value::from(0), &Value::Null));
    let first = host.nats_pid().unwrap();
    kill(first).unwrap();
    eventually("another child", || Ok(host.nats_pid().is_ok_and(|pid| pid != first))).unwrap();
    eventually("it is up, and was down once", || {
        let bus = bus(&host)?;
        Ok(bus["state"] == "up" && bus["restarts"] == 1 && bus["reason"].is_null())
    })
    .unwrap();
}

/// The file itself, where it is named as on `PATH`.
fn on_disk() -> std::path::PathBuf {
    let named = nats::binary();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).map(|folder| folder.join(&named)).find(|file| file.exists());
    found.unwrap_or(named)
}

#[test]
fn a_binary_that_is_gone_is_told_and_run_again_once_it_is_back() {
    let folder = tempfile::tempdir().unwrap();
    let [server, spare] = ["nats-server", "spare"].map(|name| folder.path().join(name));
    copy(on_disk(), &server).unwrap();
    copy(&server, &spare).unwrap();
    let host = Host::start_with("", &[("NATS_SERVER", server.to_str().unwrap())]).unwrap();
    remove_file(&server).unwrap();
    kill(host.nats_pid().unwrap()).unwrap();
    let why = format!("`{}` cannot be run: No such file or directory", server.display());
    eventually("health tells why", || {
        let bus = bus(&host)?;
        let told = bus["reason"].as_str().is_some_and(|reason| reason.contains(&why));
        Ok(told && bus["state"] == "down" && bus["restarts"] == 1)
    })
    .unwrap();
    let logged = || read_to_string(host.folder.path().join("log")).unwrap().matches(&why).count();
    assert_eq!(logged(), 1, "the log tells why");
    rename(&spare, &server).unwrap();
    eventually("it is up again", || {
        let bus = bus(&host)?;
        Ok(bus["state"] == "up" && bus["reason"].is_null() && bus["restarts"] == 1)
    })
    .unwrap();
    assert_eq!(logged(), 1, "tried again and again, and told once");
}
