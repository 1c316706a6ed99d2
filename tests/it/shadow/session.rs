//! Connections that a candidate follows from their beginning.

use dongting_guests_device::frame::Frame;
use dongting_tests::device::{Answer, Device, address};
use dongting_tests::host::{Host, eventually};

use crate::session::{component, configuration};

use super::{alike, beside, figures, of, otherwise, recorded, reloaded, shadow};

fn devices(more: &str) -> String {
    configuration(&component(), more)
}

/// A connection with chance in it, a frame in two pieces and one that cannot be understood: six steps at least.
fn converse(at: &str, name: &str) {
    let mut device = Device::named(at, name).unwrap();
    assert_eq!(device.tell(1, "dice").unwrap(), Answer::Has(1));
    let mut spoiled = Frame::new(2, "reading 2").written();
    spoiled[8] ^= 1;
    device.send(&spoiled).unwrap();
    assert_eq!(device.answer().unwrap(), Answer::WantsAgain(2));
    assert_eq!(device.tell(2, "dice").unwrap(), Answer::Has(2));
    device.finish().unwrap();
    assert_eq!(device.answer().unwrap(), Answer::Gone);
}

#[test]
fn connections_are_followed_from_their_beginning() {
    let host = Host::start(&devices("")).unwrap();
    let at = address(&host, "devices").unwrap();
    let mut early = Device::named(&at, "early").unwrap();
    assert_eq!(early.tell(1, "dice").unwrap(), Answer::Has(1));
    eventually("its beginning is written down", || Ok(recorded(&host, "devices") >= 3)).unwrap();
    let handed = devices(&beside(&alike(host.folder.path(), "device")));
    reloaded(&host, &handed);
    let at = address(&host, "devices").unwrap();
    converse(&at, "a");
    converse(&at, "b");
    eventually("both", || Ok(figures(&shadow(&host, "devices"))[0] >= 2 * 6)).unwrap();
    let all = shadow(&host, "devices");
    let [_, different, skipped, _] = figures(&all);
    assert_eq!((different, skipped), (0, 0), "{all}");

    // The early one is not followed: it was there before.
    assert_eq!(early.tell(2, "dice").unwrap(), Answer::Has(2));
    eventually("what is not followed", || Ok(figures(&shadow(&host, "devices"))[3] > 0)).unwrap();
    let all = shadow(&host, "devices");
    assert!(all["unkept"].as_str().unwrap().contains("it was open before the shadow was there"), "{all}");
    drop(early);

    let words = ("has a wrong checksum", "has a sorry checksum");
    reloaded(&host, &devices(&beside(&otherwise(host.folder.path(), "device", words))));
    let at = address(&host, "devices").unwrap();
    let before = host.messages("observation").unwrap().len();
    converse(&at, "c");
    eventually("the difference", || Ok(figures(&shadow(&host, "devices"))[1] == 1)).unwrap();
    let all = shadow(&host, "devices");
    let told = &of(&all, "verdict")[0];
    assert!(told["before"].as_str().unwrap().contains("a wrong checksum"), "{all}");
    assert!(told["after"].as_str().unwrap().contains("a sorry checksum"), "{all}");
    eventually("what the device said", || Ok(host.messages("observation")?.len() >= before + 2)).unwrap();
}
