//! An installation that keeps something and listens on the bulk and the alert lane: its alerts do not wait for its own bulk.

use dongting_manifest::Message;
use dongting_tests::host::Host;
use dongting_tests::nats::{Nats, Raw};
use serde_json::{Value, json};

use super::{toil, toil_message, told};

/// Rounds of a reading that is computed for a second or two.
const LONG: u64 = 2_000_000_000;

async fn publish(nats: &Nats, messages: Vec<Message>) {
    for stored in nats.bus.publish(&messages).await {
        stored.unwrap();
    }
}

fn host(nats: &Nats, statuses_per_second: u32) -> Host {
    Host::start_with(&toil(statuses_per_second), &[("DONGTING_NATS", &nats.url())]).unwrap()
}

/// How many messages of a kind are on its lane.
async fn count(raw: &mut Raw, stream: &str, kind: &str) -> u64 {
    let filter = json!({ "subjects_filter": format!("em.*.*.*.toil.{kind}.>") }).to_string();
    let told = raw.request(&format!("$JS.API.STREAM.INFO.{stream}"), &[], &filter).await.unwrap();
    let subjects = told["state"]["subjects"].as_object();
    subjects.map_or(0, |subjects| subjects.values().filter_map(Value::as_u64).sum())
}

async fn warned(raw: &mut Raw, warnings: u64) {
    let is_there = |told: &Value| told["state"]["messages"] == 2 * warnings;
    told(raw, "$JS.API.STREAM.INFO.EM_ALERT", "the warning", is_there).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_of_bulk_gives_way_to_an_alert() {
    let nats = Nats::start().await.unwrap();
    publish(&nats, (0..4).map(|n| toil_message("observation", n, if n == 2 { LONG } else { 0 })).collect())
        .await;
    let _host = host(&nats, 100);
    let mut raw = nats.raw().await.unwrap();
    let at_work = |told: &Value| told["num_ack_pending"] == 4;
    told(&mut raw, super::CONSUMER_INFO, "bulk at work", at_work).await;
    for n in 1..=2 {
        publish(&nats, vec![toil_message("assessment", n, 0)]).await;
        warned(&mut raw, n).await;
        // What goes before the long one may be done by the second time.
        assert!(count(&mut raw, "EM_BULK", "status").await < 3, "the alert waited for it");
    }
    // It is not lost, and nothing is there twice.
    let done = |told: &Value| told["ack_floor"]["consumer_seq"] == 4;
    let info = told(&mut raw, super::CONSUMER_INFO, "the end", done).await;
    assert_eq!(info["delivered"]["consumer_seq"], 4, "none came again: {info}");
    assert_eq!(count(&mut raw, "EM_BULK", "status").await, 4);
    assert_eq!(count(&mut raw, "EM_ALERT", "warning").await, 2);
}

/// Bulk that is more than was granted waits until it may be published, and has no turn meanwhile.
#[tokio::test(flavor = "multi_thread")]
async fn bulk_that_may_not_leave_yet_keeps_no_alert_waiting() {
    let nats = Nats::start().await.unwrap();
    publish(&nats, (0..256).map(|n| toil_message("observation", n, 0)).collect()).await;
    let _host = host(&nats, 1);
    let mut raw = nats.raw().await.unwrap();
    // The first batch has left, the second is made and waits, the third is fetched.
    let waits = |told: &Value| told["num_ack_pending"] == 128 && told["ack_floor"]["consumer_seq"] == 64;
    told(&mut raw, super::CONSUMER_INFO, "bulk that waits", waits).await;
    publish(&nats, vec![toil_message("assessment", 1, 0)]).await;
    warned(&mut raw, 1).await;
    assert_eq!(count(&mut raw, "EM_BULK", "status").await, 64, "the alert waited for the second batch");
}
