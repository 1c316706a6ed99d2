//! What the operator learns of a nats-server that went down.

use std::fs::{copy, read_to_string, remove_file, rename};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result};
use dongting_tests::host::{Host, binary, eventually};
use dongting_tests::nats::{self, kill};
use serde_json::Value;

fn bus(url: &str) -> Result<Value> {
    let text = ureq::get(format!("{url}api/v1/health")).call()?.body_mut().read_to_string()?;
    serde_json::from_str::<Value>(&text)?.get("bus").cloned().context("no bus")
}

#[test]
fn a_restart_is_still_told_once_it_is_up_again() {
    let host = Host::start("").unwrap();
    let before = bus(&host.url).unwrap();
    assert_eq!((&before["restarts"], &before["reason"]), (&Value::from(0), &Value::Null));
    let first = host.nats_pid().unwrap();
    kill(first).unwrap();
    eventually("another child", || Ok(host.nats_pid().is_ok_and(|pid| pid != first))).unwrap();
    eventually("it is up, and was down once", || {
        let bus = bus(&host.url)?;
        Ok(bus["state"] == "up" && bus["restarts"] == 1 && bus["reason"].is_null())
    })
    .unwrap();
}

/// Killed when it is dropped; its nats-server with it.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A host whose nats-server is this file.
fn start(folder: &Path, server: &Path) -> Result<(Running, String)> {
    std::fs::write(folder.join("dongting.toml"), "")?;
    let mut command = Command::new(binary()?);
    command.arg("serve").arg("--data").arg(folder.join("data"));
    command.arg("--config").arg(folder.join("dongting.toml"));
    command.args(["--listen", "127.0.0.1:0"]).arg("--nats-server").arg(server);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(std::fs::File::create(folder.join("log"))?);
    let mut host = Running(command.spawn()?);
    let mut url = String::new();
    BufReader::new(host.0.stdout.take().context("no standard output")?).read_line(&mut url)?;
    Ok((host, url.trim().to_owned()))
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
    let [server, spare] = ["the-server", "spare"].map(|name| folder.path().join(name));
    copy(on_disk(), &server).unwrap();
    copy(&server, &spare).unwrap();
    let (host, url) = start(folder.path(), &server).unwrap();
    remove_file(&server).unwrap();
    kill(child(&host).unwrap()).unwrap();
    let why = format!("`{}` cannot be run: No such file or directory", server.display());
    eventually("health tells why", || {
        let bus = bus(&url)?;
        let told = bus["reason"].as_str().is_some_and(|reason| reason.contains(&why));
        Ok(told && bus["state"] == "down" && bus["restarts"] == 1)
    })
    .unwrap();
    let logged = || read_to_string(folder.path().join("log")).unwrap().matches(&why).count();
    assert_eq!(logged(), 1, "the log tells why");
    rename(&spare, &server).unwrap();
    eventually("it is up again", || {
        let bus = bus(&url)?;
        Ok(bus["state"] == "up" && bus["reason"].is_null() && bus["restarts"] == 1)
    })
    .unwrap();
    assert_eq!(logged(), 1, "tried again and again, and told once");
}

/// The only one that the host has.
fn child(host: &Running) -> Result<u32> {
    for task in std::fs::read_dir(format!("/proc/{}/task", host.0.id()))? {
        let listed = read_to_string(task?.path().join("children")).unwrap_or_default();
        if let Some(pid) = listed.split_whitespace().next() {
            return Ok(pid.parse()?);
        }
    }
    anyhow::bail!("the host has no child")
}
