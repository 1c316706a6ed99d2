//! Devices that stay connected: each with an instance of its own, each frame acknowledged when its message is on the bus.

mod hosts;
mod limits;
mod outage;
mod replay;
mod sandbox;
mod upgrade;

use std::path::Path;

use dongting_tests::device::{Answer, Device, address};
use dongting_tests::host::{Host, dongting, eventually, plugin};
use dongting_tests::restamp::restamped;
use serde_json::Value;

pub fn component() -> String {
    plugin("guests/device.wasm").unwrap().to_str().unwrap().to_owned()
}

/// The installation `devices`. `more` says what it has besides.
pub fn configuration(component: &str, more: &str) -> String {
    format!(
        r#"
        [[installation]]
        id = "devices"
        component = {component:?}
        region = "430000"
        {more}
        [installation.grants]
        capabilities = ["config", "log"]
        publish = [{{ domain = "test", kind = "observation", per_second = 100000 }}]
        listen = "127.0.0.1:0"
        "#
    )
}

fn start(more: &str) -> (Host, String) {
    let host = Host::start(&configuration(&component(), more)).unwrap();
    let at = address(&host, "devices").unwrap();
    (host, at)
}

/// The guest as another version, in the host's folder.
fn version(folder: &Path, version: &str) -> String {
    let path = folder.join(format!("device-{version}.wasm"));
    let component = restamped(&std::fs::read(component()).unwrap(), version).unwrap();
    std::fs::write(&path, component).unwrap();
    path.to_str().unwrap().to_owned()
}

fn reload(host: &Host, configuration: &str) {
    host.configure(configuration).unwrap();
    let ran = dongting(&["reload", "--url", &host.url]).unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stdout));
}

/// The messages that the history has, by key, with their bodies.
fn said(host: &Host) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mut said: Vec<(String, String)> = host
        .messages("observation")
        .unwrap()
        .iter()
        .map(|message| (text(&message["key"]), text(&message["data"])))
        .collect();
    said.sort();
    said
}

/// Waits until a device's readings are there, and no others of it.
fn has(host: &Host, name: &str, readings: usize) {
    let own = || {
        let all = said(host).into_iter().map(|(key, _)| key);
        all.filter(|key| key.starts_with(&format!("{name}/")) && !key.contains("/closed/")).count()
    };
    eventually(&format!("{readings} of {name}"), || Ok(own() >= readings)).unwrap();
    assert_eq!(own(), readings, "of {name}");
}

fn listening(host: &Host) -> Value {
    host.installation("devices").unwrap()["listening"].clone()
}

fn open(host: &Host) -> u64 {
    listening(host)["open"].as_array().unwrap().iter().map(|one| one["count"].as_u64().unwrap()).sum()
}

#[test]
fn frames_are_acknowledged_however_they_come() {
    use dongting_guests_device::frame::Frame;
    let (host, at) = start("");
    let mut device = Device::named(&at, "a").unwrap();
    // Several at once.
    let glued: Vec<u8> = (1..=5).flat_map(|n| Frame::new(n, format!("reading {n}")).written()).collect();
    device.send(&glued).unwrap();
    for number in 1..=5 {
        assert_eq!(device.answer().unwrap(), Answer::Has(number));
    }
    // In pieces.
    for byte in Frame::new(6, "reading 6").written() {
        device.send(&[byte]).unwrap();
    }
    assert_eq!(device.answer().unwrap(), Answer::Has(6));
    // The same again is the same message.
    assert_eq!(device.tell(6, "reading 6").unwrap(), Answer::Has(6));
    has(&host, "a", 6);
    let shown = listening(&host);
    assert_eq!(shown["address"], at.as_str(), "{shown}");
    assert_eq!((&shown["granted"], &shown["most"]), (&"127.0.0.1:0".into(), &64.into()), "{shown}");
    assert_eq!(shown["open"][0]["count"], 1, "{shown}");
    let one = host.installation("devices").unwrap();
    assert_eq!(
        (&one["state"], &one["granted"]["listen"]),
        (&"running".into(), &"127.0.0.1:0".into()),
        "{one}"
    );
    // A message says who made it, and never by which connection it came.
    let message = &host.messages("observation").unwrap()[0];
    assert_eq!(message["source"], "/systems/device", "{message}");
}

#[test]
fn what_cannot_be_understood_is_kept() {
    use dongting_guests_device::frame::Frame;
    let (host, at) = start("");
    let mut device = Device::named(&at, "a").unwrap();
    let mut spoiled = Frame::new(1, "reading 1").written();
    spoiled[8] ^= 1;
    device.send(&spoiled).unwrap();
    assert_eq!(device.answer().unwrap(), Answer::WantsAgain(1));
    assert_eq!(device.tell(1, "reading 1").unwrap(), Answer::Has(1));
    device.send(&[0xff, 0xff, 0]).unwrap();
    assert_eq!(device.answer().unwrap(), Answer::Gone);
    eventually("both are kept", || Ok(host.rejects("devices")? == 2)).unwrap();
    let letters = host.get("dead-letters").unwrap().body.to_string();
    assert!(
        letters.contains("frame 1 has a wrong checksum") && letters.contains("no frame can begin"),
        "{letters}"
    );
    // It has said so itself, and is told of its own end.
    eventually("the end", || Ok(said(&host).iter().any(|(_, body)| body == "closed: Ending::Asked")))
        .unwrap();
    has(&host, "a", 1);
}

#[test]
fn a_fault_ends_its_connection_and_no_other() {
    let (host, at) = start("limits = { cpu_ms = 300, memory_mib = 16 }");
    let mut neighbour = Device::named(&at, "n").unwrap();
    for (number, (wish, fault)) in (1..).zip([
        ("trap", "the plugin trapped"),
        ("spin", "used more than 300ms of CPU time"),
        ("hoard", "wanted more than its 16 MiB"),
        ("too much", "a step may send 65536"),
        ("elsewhere", "publishing `other observation` is not granted"),
    ]) {
        let mut device = Device::named(&at, "f").unwrap();
        assert_eq!(device.tell(1, wish).unwrap(), Answer::Gone, "{wish}");
        assert_eq!(neighbour.tell(number, &format!("reading {number}")).unwrap(), Answer::Has(number));
        eventually(fault, || Ok(host.get("dead-letters")?.body.to_string().contains(fault))).unwrap();
    }
    has(&host, "n", 5);
    // Nothing of a step that faulted is on the bus, and nobody said goodbye for it.
    has(&host, "f", 0);
    assert!(said(&host).iter().all(|(key, _)| !key.starts_with("f/")));
    assert_eq!(open(&host), 1);
    assert_eq!(host.state("devices").unwrap().0, "running");
}

#[test]
fn a_silent_device_hears_a_heartbeat() {
    let (_host, at) = start("settings = { heartbeat_ms = 20 }");
    let mut device = Device::connect(&at).unwrap();
    for number in 1..=3 {
        assert_eq!(device.answer().unwrap(), Answer::Heartbeat(number));
    }
}

#[test]
fn a_device_that_goes_is_known_to_have_gone() {
    let (host, at) = start("");
    let device = Device::named(&at, "a").unwrap();
    device.finish().unwrap();
    eventually("it has gone", || Ok(said(&host).iter().any(|(_, body)| body == "closed: Ending::Peer")))
        .unwrap();
    eventually("nothing is open", || Ok(open(&host) == 0)).unwrap();
}

#[test]
fn an_address_that_is_taken_is_told_and_tried_again() {
    let (host, at) = start("");
    let other = |configured: &str| {
        let second = configuration(&component(), "").replace("\"devices\"", "\"second\"");
        format!("{configured}\n{}", second.replace("127.0.0.1:0", &at))
    };
    reload(&host, &other(&configuration(&component(), "")));
    let taken = format!("it cannot listen on {at}");
    eventually("it is taken", || Ok(host.state("second")?.1.contains(&taken))).unwrap();
    let health = host.get("health").unwrap().body;
    assert_eq!(
        (&health["status"], &health["troubled"][0]["id"]),
        (&"degraded".into(), &"second".into()),
        "{health}"
    );
    assert!(host.installation("second").unwrap()["listening"]["address"].is_null());
    assert_eq!(host.state("devices").unwrap().0, "running");
    reload(&host, &other(""));
    eventually("it is free", || Ok(host.state("second")?.0 == "running")).unwrap();
    assert_eq!(address(&host, "second").unwrap(), at);
    Device::named(&at, "a").unwrap();
}

#[test]
fn what_asks_for_more_than_a_session_may_have_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let text = include_str!("../guests/device/plugin.toml");
    for (asked, why) in [("state", "keeps"), ("http", "asks")] {
        let more = format!("{text}\n[capabilities.{asked}]\nzh = \"试\"\nen = {why:?}\n");
        let plain = dongting_tests::restamp::stripped(&std::fs::read(component()).unwrap()).unwrap();
        let path = folder.path().join(format!("{asked}.wasm"));
        std::fs::write(&path, dongting_manifest::section::append(&plain, &more).unwrap()).unwrap();
        let ran = dongting(&["plugin", "check", path.to_str().unwrap()]).unwrap();
        let said = String::from_utf8_lossy(&ran.stderr).into_owned() + &String::from_utf8_lossy(&ran.stdout);
        assert!(
            said.contains(&format!("names the role session and asks for the capability `{asked}`")),
            "{said}"
        );
    }
    let nowhere = configuration(&component(), "").replace("listen = \"127.0.0.1:0\"", "");
    let host = Host::start(&nowhere).unwrap();
    eventually("it is refused", || Ok(host.state("devices")?.0 == "refused")).unwrap();
    assert!(host.state("devices").unwrap().1.contains("add grants.listen"));
}
