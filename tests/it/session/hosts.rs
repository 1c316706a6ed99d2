//! Two hosts on one NATS and one PostgreSQL: one of them listens, and the other when it dies.

use dongting_tests::device::{Answer, Device, address};
use dongting_tests::host::{Host, eventually};
use dongting_tests::nats::Nats;
use dongting_tests::postgres::Postgres;
use dongting_tests::process::{Signal, signal};

use super::{component, configuration, has, listening};

#[tokio::test(flavor = "multi_thread")]
async fn the_listener_follows_the_lease() {
    let postgres = Postgres::start().unwrap();
    let nats = Nats::start().await.unwrap();
    let login = nats.server.credentials();
    let nats_address = nats.server.url().strip_prefix("nats://").unwrap().to_owned();
    let nats_url = format!("nats://{}:{}@{nats_address}", login.user, login.password);
    let database = postgres.url();
    let environment = [("DONGTING_DATABASE", database.as_str()), ("DONGTING_NATS", nats_url.as_str())];
    let configuration = configuration(&component(), "");

    let mut first = Host::start_with(&configuration, &environment).unwrap();
    let at = address(&first, "devices").unwrap();
    let second = Host::start_with(&configuration, &environment).unwrap();
    eventually("the second stands by", || Ok(second.state("devices")?.0 == "standby")).unwrap();
    assert!(listening(&second)["address"].is_null(), "one host listens");
    let mut device = Device::named(&at, "a").unwrap();
    assert_eq!(device.tell(1, "reading 1").unwrap(), Answer::Has(1));

    // It stands still for longer than its lease: the other takes over, and it finds that out when it goes on.
    signal(first.pid(), Signal::STOP).unwrap();
    let next = address(&second, "devices").unwrap();
    assert_eq!(second.state("devices").unwrap().0, "running");
    let mut again = Device::named(&next, "a").unwrap();
    assert_eq!(again.tell(1, "reading 1").unwrap(), Answer::Has(1));
    signal(first.pid(), Signal::CONT).unwrap();
    assert_eq!(device.answer().unwrap(), Answer::Gone, "two hosts must not both have devices");
    eventually("the first stands by", || Ok(first.state("devices")?.0 == "standby")).unwrap();
    assert!(Device::connect(&at).is_err(), "it listens no more");
    eventually("it says so", || Ok(listening(&first)["address"].is_null())).unwrap();

    // And back, when the second dies.
    drop(second);
    assert_eq!(again.answer().unwrap(), Answer::Gone);
    let back = address(&first, "devices").unwrap();
    let mut device = Device::named(&back, "a").unwrap();
    assert_eq!(device.tell(1, "reading 1").unwrap(), Answer::Has(1));
    assert_eq!(device.tell(2, "reading 2").unwrap(), Answer::Has(2));
    has(&first, "a", 2);
    first.stop().unwrap();
}
