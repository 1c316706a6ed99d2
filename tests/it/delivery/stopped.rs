//! What is on its way out when its installation is disabled gets there: whenever that is enabled again, nothing comes twice.

use dongting_tests::documents;
use dongting_tests::host::{Host, eventually};
use dongting_tests::nats::Nats;
use dongting_tests::postgres::Postgres;
use dongting_tests::process::{Signal, signal};

use super::{configuration, passed, push, reload};

#[tokio::test(flavor = "multi_thread")]
async fn what_was_on_its_way_gets_out_though_its_installation_is_disabled() {
    let postgres = Postgres::start().unwrap();
    let nats = Nats::start().await.unwrap();
    let url = nats.url();
    let environment = [("DONGTING_DATABASE", &*postgres.url()), ("DONGTING_NATS", &*url)];
    let host = Host::start_with(&configuration(""), &environment).unwrap();
    push(&host, ["a/1"]);
    eventually("the first", || Ok(passed(&host) == ["a/1"])).unwrap();
    let rows = || postgres.run("SELECT COUNT(*) FROM outbox");
    eventually("nothing on its way", || Ok(rows()? == "0")).unwrap();
    // Committed, and on its way into a bus that does not answer.
    let mut session = postgres.hold_state().unwrap();
    push(&host, ["a/2"]);
    eventually("it is being committed", || Ok(postgres.holds()? == 1)).unwrap();
    let nats_server = nats.server.pid().unwrap();
    signal(nats_server, Signal::STOP).unwrap();
    drop(session.stdin.take());
    session.wait().unwrap();
    eventually("it is committed", || Ok(rows()? == "1")).unwrap();
    let without = documents::alone().unwrap();
    std::thread::scope(|scope| {
        let reloaded = scope.spawn(|| reload(&host, &without));
        eventually("it is asked for nothing more", || Ok(host.get("installations/gate")?.status == 404))
            .unwrap();
        signal(nats_server, Signal::CONT).unwrap();
        let (done, said) = reloaded.join().unwrap();
        assert!(done && said.contains("gate\tstopped"), "{said}");
    });
    assert_eq!(rows().unwrap(), "0", "nothing is left to be sent again");
    let mut raw = nats.raw().await.unwrap();
    let info = raw.request("$JS.API.CONSUMER.INFO.EM_BULK.gate", &[], "").await.unwrap();
    assert_eq!((&info["num_ack_pending"], &info["num_pending"]), (&0.into(), &0.into()), "{info}");
    eventually("both", || Ok(passed(&host) == ["a/1", "a/2"])).unwrap();
}
