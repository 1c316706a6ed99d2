//! Connections of the past, run again: the same bytes at the same instants come to the same, in this release; another one is compared.

use std::path::Path;

use dongting_guests_device::frame::Frame;
use dongting_tests::device::{Answer, Device, address};
use dongting_tests::host::{Host, dongting, eventually};
use dongting_tests::postgres::Postgres;
use dongting_tests::restamp::reworded;
use serde_json::Value;

use super::{component, configuration, has, open, reload, said, version};

const LATEST: &str = "2100-01-01T00:00:00Z";

fn replay(host: &Host, from: &str, more: &[&str]) -> (bool, Value) {
    let asked =
        ["replay", "--installation", "devices", "--from", from, "--to", LATEST, "--json", "--url", &host.url];
    let ran = dongting(&[&asked[..], more].concat()).unwrap();
    let all = serde_json::from_slice(&ran.stdout)
        .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&ran.stderr)));
    (ran.status.success(), all)
}

fn figures(all: &Value) -> [u64; 5] {
    ["calls", "same", "different", "incomplete", "otherwise"].map(|name| all[name].as_u64().unwrap())
}

/// A release that says something in other words.
fn in_other_words(folder: &Path) -> String {
    let component = std::fs::read(component()).unwrap();
    let words = ("has a wrong checksum", "has a sorry checksum");
    let path = folder.join("reworded.wasm");
    std::fs::write(&path, reworded(&component, "3.0.0", words).unwrap()).unwrap();
    path.to_str().unwrap().to_owned()
}

/// Two connections with all that can come on one: chance, the clock, pieces, silence, what cannot be understood, and a fault.
fn converse(at: &str) {
    let mut device = Device::named(at, "a").unwrap();
    for number in 1..=3 {
        assert_eq!(device.tell(number, "dice").unwrap(), Answer::Has(number));
    }
    let mut spoiled = Frame::new(4, "reading 4").written();
    spoiled[8] ^= 1;
    device.send(&spoiled[..5]).unwrap();
    device.send(&spoiled[5..]).unwrap();
    assert_eq!(device.answer().unwrap(), Answer::WantsAgain(4));
    assert!(matches!(device.answer().unwrap(), Answer::Heartbeat(1)));
    assert_eq!(device.tell(5, "dice").unwrap(), Answer::Has(5));
    device.finish().unwrap();
    assert_eq!(device.answer().unwrap(), Answer::Gone);
    let mut faulty = Device::named(at, "f").unwrap();
    assert_eq!(faulty.tell(1, "dice").unwrap(), Answer::Has(1));
    assert_eq!(faulty.tell(2, "trap").unwrap(), Answer::Gone);
}

#[test]
fn on_sqlite() {
    again(&[]);
}

#[test]
fn on_postgres() {
    let postgres = Postgres::start().unwrap();
    again(&[("DONGTING_DATABASE", &postgres.url())]);
}

fn again(environment: &[(&str, &str)]) {
    let settings = "settings = { heartbeat_ms = 300 }";
    let host = Host::start_with(&configuration(&component(), settings), environment).unwrap();
    let at = address(&host, "devices").unwrap();
    converse(&at);
    eventually("both are over", || Ok(open(&host) == 0)).unwrap();
    has(&host, "a", 4);
    let before = said(&host);
    let (good, all) = replay(&host, "2026-01-01T00:00:00Z", &[]);
    let [calls, same, different, incomplete, otherwise] = figures(&all);
    assert!(good, "{all}");
    assert!(calls >= 13, "{all}");
    assert_eq!((same, different, incomplete, otherwise), (calls, 0, 0, 0), "{all}");
    // Another release is compared, step by step.
    let (_, all) = replay(&host, "2026-01-01T00:00:00Z", &["--release", &in_other_words(host.folder.path())]);
    let [_, same, different, incomplete, otherwise] = figures(&all);
    assert_eq!((same, different, incomplete, otherwise), (calls - 1, 1, 0, calls), "{all}");
    let told = all["differences"][0].to_string();
    assert!(told.contains("a wrong checksum") && told.contains("a sorry checksum"), "{all}");
    // Nothing of it leaves.
    assert_eq!(said(&host), before);
    assert_eq!(open(&host), 0);
}

#[test]
fn a_connection_that_moved_is_followed() {
    let host = Host::start(&configuration(&component(), "")).unwrap();
    let at = address(&host, "devices").unwrap();
    let mut device = Device::named(&at, "a").unwrap();
    let half = Frame::new(2, "dice").written();
    assert_eq!(device.tell(1, "dice").unwrap(), Answer::Has(1));
    device.send(&half[..7]).unwrap();
    reload(&host, &configuration(&version(host.folder.path(), "2.0.0"), ""));
    device.send(&half[7..]).unwrap();
    assert_eq!(device.answer().unwrap(), Answer::Has(2));
    has(&host, "a", 2);
    // It is still open: what it has said by now is written down within a moment.
    let mut all = Value::Null;
    eventually("all that was said", || {
        all = replay(&host, "2026-01-01T00:00:00Z", &[]).1;
        // It opened, named itself, said one frame and half of one, left, was resumed, and said the rest.
        Ok(figures(&all)[0] >= 7)
    })
    .unwrap();
    let [calls, same, different, incomplete, otherwise] = figures(&all);
    assert_eq!((same, different, incomplete), (calls, 0, 0), "{all}");
    assert_eq!(otherwise, 5, "the steps of the release before: {all}");
    // From the middle of it on: what came before is run again, and only what comes then is told.
    let messages = host.messages("observation").unwrap();
    let last = messages.iter().find(|message| message["key"] == "a/2").unwrap();
    let all = replay(&host, last["received"].as_str().unwrap(), &[]).1;
    assert_eq!(figures(&all), [1, 1, 0, 0, 0], "{all}");
}
