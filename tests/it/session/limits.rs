//! What a device, or many of them, may take: more than that ends or refuses a connection.

use std::io::Write;

use dongting_tests::device::{Answer, Device};
use dongting_tests::host::{Host, eventually};

use super::{address, component, configuration, has, listening, open, reload, said, start};

#[test]
fn connections_beyond_the_limit_are_refused_and_counted() {
    let (host, at) = start("limits.connections = 2");
    let mut first = Device::named(&at, "a").unwrap();
    let second = Device::named(&at, "b").unwrap();
    for refused in 1..=3 {
        assert_eq!(Device::connect(&at).unwrap().answer().unwrap(), Answer::Gone);
        eventually("counted", || Ok(listening(&host)["refused"] == refused)).unwrap();
    }
    assert_eq!(first.tell(1, "reading 1").unwrap(), Answer::Has(1));
    drop(second);
    eventually("room again", || Ok(open(&host) == 1)).unwrap();
    Device::named(&at, "c").unwrap();
    assert_eq!(listening(&host)["opened"], 3);
    let log = std::fs::read_to_string(host.folder.path().join("log")).unwrap();
    assert_eq!(log.matches("refuses connections").count(), 1, "a flood fills no log");
}

#[test]
fn who_comes_from_elsewhere_is_refused_and_takes_no_room() {
    let from = |networks: &str| {
        let listen = format!("listen_from = [{networks}]\nlisten =");
        configuration(&component(), "limits.connections = 1").replace("listen =", &listen)
    };
    let host = Host::start(&from("\"192.0.2.0/24\", \"2001:db8::/32\"")).unwrap();
    let at = address(&host, "devices").unwrap();
    for refused in 1..=3 {
        assert_eq!(Device::connect(&at).unwrap().answer().unwrap(), Answer::Gone);
        eventually("counted", || Ok(listening(&host)["refused"] == refused)).unwrap();
    }
    assert_eq!(listening(&host)["opened"], 0);
    let log = std::fs::read_to_string(host.folder.path().join("log")).unwrap();
    assert!(log.contains("none of the networks in grants.listen_from"), "{log}");
    reload(&host, &from("\"127.0.0.0/8\""));
    let at = address(&host, "devices").unwrap();
    let mut device = Device::named(&at, "a").unwrap();
    assert_eq!(device.tell(1, "reading 1").unwrap(), Answer::Has(1));
    let granted = host.installation("devices").unwrap()["granted"].clone();
    assert_eq!(granted["listenFrom"], serde_json::json!(["127.0.0.0/8"]), "{granted}");
}

#[test]
fn a_flood_of_connections_is_refused() {
    let (host, at) = start("limits.connections = 1024");
    let log = || std::fs::read_to_string(host.folder.path().join("log")).unwrap();
    // A minute's worth is let in at once.
    let flooded = (0..2_000).any(|_| {
        Device::connect(&at).unwrap();
        log().contains("more than 20 a second come anew")
    });
    assert!(flooded, "{}", listening(&host));
    eventually("all are gone", || Ok(open(&host) == 0)).unwrap();
    assert!(listening(&host)["opened"].as_u64() >= Some(1_200), "{}", listening(&host));
}

#[test]
fn a_device_that_takes_nothing_loses_its_connection() {
    let (host, at) = start("limits.stalled_seconds = 1");
    let mut device = Device::named(&at, "s").unwrap();
    // Each is answered with 60 KiB that nobody reads: at some time the system takes no more.
    let mut number = 0;
    eventually("it is cut off", || {
        number += 1;
        let frame = dongting_guests_device::frame::Frame::new(number, "flood").written();
        let _ = device.stream.write_all(&frame);
        Ok(said(&host).iter().any(|(_, body)| body == "closed: Ending::Stalled"))
    })
    .unwrap();
    eventually("nothing is open", || Ok(open(&host) == 0)).unwrap();
}

#[test]
fn a_silent_device_loses_its_connection() {
    let (host, at) = start("limits.idle_seconds = 1");
    let mut device = Device::named(&at, "i").unwrap();
    assert_eq!(device.tell(1, "reading 1").unwrap(), Answer::Has(1));
    assert_eq!(device.answer().unwrap(), Answer::Gone);
    eventually("told", || Ok(said(&host).iter().any(|(_, body)| body == "closed: Ending::Idle"))).unwrap();
    has(&host, "i", 1);
}

#[test]
fn a_chatty_plugin_logs_so_much_in_a_minute() {
    let (host, at) = start("limits.log_lines = 50");
    let mut device = Device::named(&at, "c").unwrap();
    for number in 1..=3 {
        assert_eq!(device.tell(number, "chatter").unwrap(), Answer::Has(number));
    }
    let log = std::fs::read_to_string(host.folder.path().join("log")).unwrap();
    // One line told that the device is there.
    assert_eq!(log.matches("line ").count(), 49, "{log}");
    assert!(log.contains("logged more than its limit"), "{log}");
}
