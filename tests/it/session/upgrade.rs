//! Another release takes over: connections move to it between two steps, or finish where they are.

use std::time::{Duration, Instant};

use dongting_guests_device::frame::Frame;
use dongting_tests::device::{Answer, Device, address};
use dongting_tests::host::{Host, eventually};
use dongting_tests::province::{Province, ask, reference};
use dongting_tests::registry::said as answered;
use serde_json::Value;

use super::{component, configuration, has, listening, open, reload, said, start, version};

/// How many connections a release serves.
fn on(host: &Host, version: &str) -> u64 {
    let shown = listening(host);
    let all = shown["open"].as_array().unwrap().iter();
    let of = |one: &&Value| one["plugin"].as_str().unwrap().starts_with(&format!("device@{version}#"));
    all.filter(of).map(|one| one["count"].as_u64().unwrap()).sum()
}

/// A device sends a frame so often: fast enough that each upgrade comes between two of them, slow enough that the history shows all.
const PACE: Duration = Duration::from_millis(10);

#[test]
fn a_streaming_device_notices_nothing_of_ten_upgrades_and_rollbacks() {
    const UPGRADES: usize = 10;
    let (host, at) = start("");
    let folder = host.folder.path().to_owned();
    let files: Vec<String> = (1..=4).map(|n| version(&folder, &format!("2.{n}.0"))).collect();
    let mut streaming = Device::named(&at, "a").unwrap();
    // A frame that is half here stays with the connection: it is finished on the newest release.
    let mut halved = Device::named(&at, "h").unwrap();
    let whole = Frame::new(1, "reading 1").written();
    halved.send(&whole[..9]).unwrap();
    let mut number = 0;
    // Up and down again: a rollback is an upgrade.
    for file in [0, 1, 2, 1, 0, 3, 2, 3, 0, 1].map(|file| &files[file]) {
        std::thread::scope(|scope| {
            let reloading = scope.spawn(|| reload(&host, &configuration(file, "")));
            let most = number + 80;
            while !reloading.is_finished() {
                std::thread::sleep(PACE);
                if number == most {
                    continue;
                }
                number += 1;
                let said = format!("reading {number}");
                assert_eq!(
                    streaming.tell(number, &said).unwrap(),
                    Answer::Has(number),
                    "it noticed something"
                );
                std::thread::sleep(PACE);
            }
        });
    }
    number += 1;
    assert_eq!(streaming.tell(number, "the last").unwrap(), Answer::Has(number));
    halved.send(&whole[9..]).unwrap();
    assert_eq!(halved.answer().unwrap(), Answer::Has(1));
    assert_eq!(on(&host, "2.2.0"), 2, "{}", listening(&host));
    has(&host, "a", number as usize);
    has(&host, "h", 1);
    assert_eq!(listening(&host)["moved"], 2 * UPGRADES);
    let plugins: std::collections::BTreeSet<String> = host
        .messages("observation")
        .unwrap()
        .iter()
        .map(|message| message["plugin"].as_str().unwrap().split('#').next().unwrap().to_owned())
        .collect();
    assert_eq!(plugins.len(), 5, "each release has served it: {plugins:?}");
    assert_eq!(host.rejects("devices").unwrap(), 0);
    println!("{number} frames on one connection through {UPGRADES} upgrades");
}

/// A connection that does not move, and why.
fn finishes(before: &str, after: &str, why: &str) {
    let (host, at) = start(before);
    let mut old = Device::named(&at, "o").unwrap();
    let next = version(host.folder.path(), "2.0.0");
    reload(&host, &configuration(&next, after));
    eventually("it is told why", || {
        Ok(std::fs::read_to_string(host.folder.path().join("log"))?.contains(why))
    })
    .unwrap();
    let began = Instant::now();
    let mut new = Device::named(&at, "n").unwrap();
    assert_eq!(new.tell(1, "reading 1").unwrap(), Answer::Has(1));
    assert_eq!((on(&host, "1.0.0"), on(&host, "2.0.0")), (1, 1), "{}", listening(&host));
    // It is served for as long as it may finish, and not longer.
    let mut number = 0;
    let ended = loop {
        number += 1;
        match old.tell(number, &format!("reading {number}")) {
            Ok(Answer::Has(answered)) if answered == number => std::thread::sleep(PACE),
            Ok(Answer::Gone) | Err(_) => break began.elapsed(),
            Ok(other) => panic!("{other:?}"),
        }
    };
    assert!(ended.as_secs() < 20, "{ended:?}");
    eventually("the end", || Ok(said(&host).iter().any(|(_, body)| body == "closed: Ending::Replaced")))
        .unwrap();
    assert_eq!(new.tell(2, "reading 2").unwrap(), Answer::Has(2));
    has(&host, "n", 2);
}

#[test]
fn one_that_does_not_leave_finishes_on_the_old_release() {
    let why = "it does not leave: it stays where it is";
    finishes("settings = { stays = true }", "limits.drain_seconds = 2", why);
}

#[test]
fn one_that_is_not_taken_finishes_on_the_old_release() {
    let why = "does not take it: it takes no connection over";
    finishes("", "settings = { takes_none = true }\nlimits.drain_seconds = 2", why);
}

#[test]
fn what_is_disabled_ends_its_connections() {
    let (host, at) = start("");
    let mut device = Device::named(&at, "a").unwrap();
    assert_eq!(device.tell(1, "reading 1").unwrap(), Answer::Has(1));
    reload(&host, "");
    assert_eq!(device.answer().unwrap(), Answer::Gone);
    assert!(Device::connect(&at).is_err(), "nobody listens any more");
    eventually("told", || Ok(said(&host).iter().any(|(_, body)| body == "closed: Ending::Stopped"))).unwrap();
}

#[test]
fn another_address_is_another_listener_and_keeps_the_connections() {
    let (host, at) = start("");
    let mut device = Device::named(&at, "a").unwrap();
    reload(&host, &configuration(&component(), "").replace("127.0.0.1:0", "[::1]:0"));
    let mut now_at = String::new();
    eventually("it listens elsewhere", || {
        now_at = address(&host, "devices")?;
        Ok(now_at.starts_with("[::1]:"))
    })
    .unwrap();
    assert!(Device::connect(&at).is_err());
    assert_eq!(device.tell(1, "reading 1").unwrap(), Answer::Has(1));
    let _second = Device::named(&now_at, "b").unwrap();
    assert_eq!(open(&host), 2);
}

fn signed(province: &Province, release: &str, more: &str) -> String {
    let file = format!("component = {:?}", component());
    let named = format!("release = \"dongting/device:{release}\"");
    format!("{}\n{}", province.trust(), configuration(&component(), more).replace(&file, &named))
}

#[test]
fn a_release_that_is_revoked_serves_nobody_any_more() {
    let province = Province::new("ed25519").unwrap();
    let host = Host::start(&signed(&province, "1.0.0", "settings = { stays = true }")).unwrap();
    province.introduce(&host).unwrap();
    let first = province.publish(&host, "device", "1.0.0").unwrap();
    let at = address(&host, "devices").unwrap();
    let mut old = Device::named(&at, "o").unwrap();
    province.publish(&host, "device", "1.1.0").unwrap();
    reload(&host, &signed(&province, "1.1.0", ""));
    let mut new = Device::named(&at, "n").unwrap();
    assert_eq!((on(&host, "1.0.0"), on(&host, "1.1.0")), (1, 1), "{}", listening(&host));
    // Of the release that is no longer at work but finishes what it has.
    answered(ask(&host, &["yank", &reference(&first), "--reason", "it forgets frames"]).unwrap()).unwrap();
    assert_eq!(old.answer().unwrap(), Answer::Gone);
    assert_eq!(new.tell(1, "reading 1").unwrap(), Answer::Has(1));
    // And of the one at work.
    answered(ask(&host, &["yank", "dongting/device:1.1.0", "--reason", "this one, too"]).unwrap()).unwrap();
    assert_eq!(new.answer().unwrap(), Answer::Gone);
    assert!(Device::connect(&at).is_err());
    eventually("refused", || Ok(host.state("devices")?.1.contains("was yanked: this one, too"))).unwrap();
    has(&host, "n", 1);
    // Nothing of it is called any more, not even to be told.
    assert!(said(&host).iter().all(|(_, body)| !body.starts_with("closed")), "{:?}", said(&host));
}
